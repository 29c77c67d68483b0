package pipeline_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// TestAccMicrocodeStaysFirst: the processor's microcode is found in nothing but
// the first archive, so what is appended comes after all else.
func TestAccMicrocodeStaysFirst(t *testing.T) {
	t.Parallel()
	requireFullMatrix(t)
	recipe, err := testguest.Lookup("debian12-bios-zst-modules")
	if err != nil {
		t.Fatal(err)
	}
	source := build(t, recipe)
	m := migration(source, t.TempDir())
	m.Pipeline.Fix.Initramfs = manifest.InitramfsAppend
	kernels := migrateKernels(t, m)
	before := initramfsFiles(t, testguest.BootDisk{Path: source, Format: "vmdk"})
	after := initramfsFiles(t, testguest.BootDisk{Path: m.OutputPath(), Format: "qcow2"})
	for _, k := range kernels {
		if k.Action != "extended" {
			t.Errorf("kernel %s: %s (%s)", k.Version, k.Action, k.Reason)
		}
		was, is := before[filepath.Base(k.Initramfs)], after[filepath.Base(k.Initramfs)]
		if !strings.HasPrefix(is, was) || len(is) == len(was) {
			t.Fatalf("%s: %d bytes do not begin with the %d bytes of the original", k.Initramfs, len(is), len(was))
		}
		image, err := initramfs.Read(strings.NewReader(is))
		if err != nil {
			t.Fatal(err)
		}
		first, last := image.Segments[0], image.Segments[len(image.Segments)-1]
		microcode := is[:first.Size]
		if first.Offset != 0 || first.Compression != initramfs.CompressionNone || !strings.Contains(microcode, testguest.MicrocodeFile) {
			t.Errorf("%s begins with %+v, which holds no microcode", k.Initramfs, first)
		}
		if last.Offset < int64(len(was)) || last.Offset%4 != 0 {
			t.Errorf("the appended archive is %+v behind %d bytes", last, len(was))
		}
		t.Logf("%s: %+v", k.Initramfs, image.Segments)
	}
}

// TestAccInitramfsRebuilt has the guest's own tool make the image, and boots it.
func TestAccInitramfsRebuilt(t *testing.T) {
	t.Parallel()
	requireFullMatrix(t)
	recipe, err := testguest.Lookup("debian12-bios-no-virtio")
	if err != nil {
		t.Fatal(err)
	}
	m := migration(build(t, recipe), t.TempDir())
	m.Pipeline.Fix.Initramfs = manifest.InitramfsRebuild
	for _, k := range migrateKernels(t, m) {
		if k.Action != "rebuilt" || k.Virtio["virtio_blk"] != "initramfs" {
			t.Errorf("kernel %s: %s (%s), %v", k.Version, k.Action, k.Reason, k.Virtio)
		}
	}
	result := bootRecipe(t, recipe, m.OutputPath())
	if result.State != testguest.StateLogin {
		t.Fatalf("the guest came to %q: %s\n%s", result.State, result.Reason, tail(result.Console))
	}
	t.Logf("login prompt after %s", result.Duration.Round(time.Second))
}

// TestAccKernelUpdate: what the guest's own tools make of a migrated guest at
// the next kernel update boots, too.
func TestAccKernelUpdate(t *testing.T) {
	t.Parallel()
	requireFullMatrix(t)
	for _, name := range []string{"debian12-bios-no-virtio", "debian12-bios-dracut-resume"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recipe, err := testguest.Lookup(name)
			if err != nil {
				t.Fatal(err)
			}
			testKernelUpdate(t, withKernelPackages(recipe))
		})
	}
}

// withKernelPackages puts the packages of Debian's latest kernel update into the
// guest, which has no way to the world when it runs. Backports, which would do
// as well, have a kernel that QEMU 7.2 does not emulate: it panics after a
// cmpxchg16b that left RAX in the flags.
func withKernelPackages(r testguest.Recipe) testguest.Recipe {
	r.Name += "-kernel-packages"
	r.Bootstrap.Commands = append(slices.Clone(r.Bootstrap.Commands),
		"sed 's/ bookworm / bookworm-security /; s#/debian #/debian-security #' /etc/apt/sources.list > /etc/apt/sources.list.d/security.list",
		"apt-get update",
		"apt-get clean", // the packages of the guest itself are there yet
		"apt-get install -y --download-only --no-install-recommends linux-image-cloud-amd64",
		"mkdir /root/kernel",
		"mv /var/cache/apt/archives/*.deb /root/kernel/",
		// Right after a point release there is no newer one, and this fails.
		"ls /root/kernel/linux-image-*.deb",
		"rm /etc/apt/sources.list.d/security.list")
	return r
}

func testKernelUpdate(t *testing.T, recipe testguest.Recipe) {
	m := migration(build(t, recipe), t.TempDir())
	m.Pipeline.Fix.Initramfs = manifest.InitramfsAppend
	kernels := migrateKernels(t, m)
	if len(kernels) != 1 || kernels[0].Action != "extended" {
		t.Fatalf("kernels: %+v", kernels)
	}
	disk := testguest.BootDisk{Path: m.OutputPath(), Format: "qcow2"}
	updateKernel(t, disk)

	result := bootRecipe(t, recipe, m.OutputPath())
	if result.State != testguest.StateLogin || result.Probe == nil {
		t.Fatalf("after the update the guest came to %q: %s\n%s", result.State, result.Reason, tail(result.Console))
	}
	updated := result.Probe.Kernel
	t.Logf("login prompt of kernel %s after %s", updated, result.Duration.Round(time.Second))
	if updated == kernels[0].Version {
		t.Fatalf("the guest still boots kernel %s", updated)
	}
	content, ok := initramfsFiles(t, disk)["initrd.img-"+updated]
	if !ok {
		t.Fatalf("kernel %s has no initramfs", updated)
	}
	image, err := initramfs.Read(strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for _, driver := range []string{"virtio_pci", "virtio_blk"} {
		if !image.HasModule(updated, driver) {
			t.Errorf("the initramfs of kernel %s lacks %s", updated, driver)
		}
	}
}

// updateKernel installs the kernel's packages that the guest holds.
func updateKernel(t *testing.T, disk testguest.BootDisk) {
	t.Helper()
	started := time.Now()
	administer(t, disk, 30*time.Minute, "dpkg -i /root/kernel/*.deb")
	t.Logf("kernel update in the guest ended after %s", time.Since(started).Round(time.Second))
}

// migrateKernels migrates a guest and returns what the report says of its
// kernels.
func migrateKernels(t *testing.T, m *manifest.Manifest) []report.Kernel {
	t.Helper()
	r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
	if err != nil {
		t.Fatalf("the migration failed: %v\n%+v", err, r.Errors)
	}
	logStages(t, r)
	return fixedKernels(t, r)
}

func fixedKernels(t *testing.T, r *report.Report) []report.Kernel {
	t.Helper()
	kernels := resultOf[report.FixResult](t, r).Kernels
	if len(kernels) == 0 {
		t.Fatal("the report tells of no kernel")
	}
	return kernels
}

// initramfsFiles reads the images in a guest's /boot, by base name.
func initramfsFiles(t *testing.T, disk testguest.BootDisk) map[string]string {
	t.Helper()
	directory := t.TempDir()
	if err := testguest.CopyOut(t.Context(), []testguest.BootDisk{disk}, "/boot/initrd.img-*", directory); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(directory, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = string(data)
	}
	return files
}
