package initrd

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/unifiedimage"
)

// signed is a unified kernel image with a signature.
func signed(image string) string {
	b := []byte(image)
	binary.LittleEndian.PutUint32(b[64+4+20+112+8*4+4:], 100)
	return string(b)
}

// TestUnifiedImage: the initramfs in a unified kernel image is repaired as another is,
// and where it cannot be, the disk goes where the kernel finds it.
func TestUnifiedImage(t *testing.T) {
	t.Parallel()
	const name = "/efi/EFI/Linux/linux.efi"
	virtio := []string{"virtio", "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4"}
	unified := func(uname string, modules ...string) string {
		return guesttest.UnifiedImageOf(t,
			guesttest.Section{Name: unifiedimage.Version, Content: uname},
			guesttest.Section{Name: unifiedimage.Cmdline, Content: "root=UUID=11111111-1111 ro"},
			guesttest.Section{Name: unifiedimage.Initramfs, Content: guesttest.DebianImage(t, version, nil, modules...)},
			guesttest.Section{Name: unifiedimage.Kernel, Content: strings.Repeat("k", 5000), Executable: true})
	}
	for label, test := range map[string]struct {
		image, name string
		mode        string
		action, bus string
		told        []string // in the warnings, one each
		failure     string
	}{
		"complete":                {image: unified(version, virtio...), action: Kept, bus: "virtio"},
		"complete and signed":     {image: signed(unified(version, virtio...)), action: Kept, bus: "virtio"},
		"no driver":               {image: unified(version, "ahci", "sd_mod", "ext4"), action: Extended, bus: "virtio"},
		"no driver and signed":    {image: signed(unified(version, "ahci", "sd_mod", "ext4")), action: Kept, bus: "sata", told: []string{"it is signed", "does not load the virtio disk driver"}},
		"known by its name alone": {image: unified("", "ahci", "sd_mod", "ext4"), name: "/efi/EFI/Linux/id-" + version + ".efi", action: Extended, bus: "virtio"},
		"damaged":                 {image: "garbage", name: "/efi/EFI/Linux/id-" + version + ".efi", action: Kept, bus: "sata", told: []string{"does not load the virtio disk driver", "does not load the driver of a SATA disk"}},
		"without an initramfs":    {image: guesttest.UnifiedImageOf(t, guesttest.Section{Name: unifiedimage.Version, Content: version}), action: None, bus: "sata", told: []string{"boots without an initramfs", "does not load the driver of a SATA disk"}},
		"of modules elsewhere":    {image: unified("6.9.9", virtio...), action: "", bus: "virtio", told: []string{"whose drivers cannot be checked"}},
		"a rebuild is asked for":  {image: unified(version, "ext4"), mode: ModeRebuild, failure: "no tool of the guest is known"},
		"signed, in mode append":  {image: signed(unified(version, "ext4")), mode: ModeAppend, failure: "it is signed"},
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			file := name
			if test.name != "" {
				file = test.name
			}
			files := guesttest.KernelFiles(version)
			// The package's own files are there, too, and nothing starts them.
			maps.Copy(files, map[string]string{file: test.image, "/boot/initrd.img-" + version: guesttest.DebianImage(t, version, nil, virtio...)})
			mode := ModeAuto
			if test.mode != "" {
				mode = test.mode
			}
			r, err := runInitramfsMode(t, guesttest.New(t, files), nil, mode)
			if test.failure != "" {
				if err == nil || !strings.Contains(err.Error(), test.failure) {
					t.Errorf("error = %v, want one that says %q", err, test.failure)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if r.DiskBus != test.bus || len(r.warnings) != len(test.told) {
				t.Fatalf("disk bus %q with %v", r.DiskBus, r.warnings)
			}
			for i, want := range test.told {
				if !strings.Contains(r.warnings[i].Message, want) || r.warnings[i].Remedy == "" {
					t.Errorf("%v does not say %q", r.warnings[i], want)
				}
			}
			at := slices.IndexFunc(r.Kernels, func(k report.Kernel) bool { return k.Image == file })
			if at < 0 {
				if test.action != "" {
					t.Errorf("it is none of %+v", r.Kernels)
				}
				return
			}
			if k := r.Kernels[at]; !k.Default || k.Action != test.action || k.Version != version || k.Initramfs != file {
				t.Errorf("%+v", k)
			}
			if test.action != Extended {
				return
			}
			k := kernel.Kernel{Version: version, Image: file, Initramfs: file}
			image, err := kernel.ReadInitramfs(r.edit.Reader, k)
			if err != nil || !image.Loads(version, "virtio_blk") || !image.Loads(version, "ahci") {
				t.Errorf("the initramfs afterwards: %+v, %v", image, err)
			}
			if len(r.changes) == 0 || !strings.Contains(r.changes[0].Description, "of its section .initrd are the original") {
				t.Errorf("changes = %v", r.changes)
			}
		})
	}
}

// TestUnifiedImageRebuild: an image that has what is needed is no obstacle to a rebuild of
// the others.
func TestUnifiedImageRebuild(t *testing.T) {
	t.Parallel()
	const name = "/efi/EFI/Linux/linux.efi"
	files := guesttest.KernelFiles(version)
	delete(files, "/boot/vmlinuz-"+version)
	files[name] = signed(guesttest.UnifiedImageOf(t,
		guesttest.Section{Name: unifiedimage.Version, Content: version},
		guesttest.Section{Name: unifiedimage.Initramfs, Content: guesttest.DebianImage(t, version, nil, "virtio", "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4")}))
	r, err := runInitramfsMode(t, guesttest.New(t, files), nil, ModeRebuild)
	if err != nil || r.DiskBus != "virtio" || len(r.Kernels) != 1 || r.Kernels[0].Action != Kept || !strings.Contains(r.Kernels[0].Reason, "it is signed") {
		t.Errorf("%+v, %v", r.Kernels, err)
	}
}

// TestUnifiedImageWithoutSpace: an image that has no room to be written anew is told of.
func TestUnifiedImageWithoutSpace(t *testing.T) {
	t.Parallel()
	const name = "/efi/EFI/Linux/linux.efi"
	files := guesttest.KernelFiles(version)
	files[name] = guesttest.UnifiedImageOf(t,
		guesttest.Section{Name: unifiedimage.Version, Content: version},
		guesttest.Section{Name: unifiedimage.Initramfs, Content: guesttest.DebianImage(t, version, nil, "ext4")})
	r := runInitramfs(t, fullFS{guesttest.New(t, files), 1 << 10}, nil)
	if r.DiskBus != "sata" || len(r.warnings) == 0 || !strings.Contains(r.warnings[0].Message, "stays without virtio") {
		t.Errorf("disk bus %q with %v", r.DiskBus, r.warnings)
	}
}

// TestTellLeftOfUnifiedImages: what is not repaired is told of these images, too.
func TestTellLeftOfUnifiedImages(t *testing.T) {
	t.Parallel()
	files := guesttest.KernelFiles(version)
	maps.Copy(files, map[string]string{
		"/efi/EFI/Linux/none.efi": guesttest.UnifiedImageOf(t, guesttest.Section{Name: unifiedimage.Version, Content: version}),
		"/efi/EFI/Linux/stale.efi": guesttest.UnifiedImageOf(t,
			guesttest.Section{Name: unifiedimage.Version, Content: version},
			guesttest.Section{Name: unifiedimage.Initramfs, Content: guesttest.DebianImage(t, version, map[string]string{"conf/conf.d/resume": "RESUME=/dev/sda2\n"}, "ext4")}),
	})
	e := edittest.Of(t, guesttest.New(t, files))
	if err := TellLeft(t.Context(), e, devname.New(initramfsDevices, e.Mounts()), nil, "mend it"); err != nil {
		t.Fatal(err)
	}
	if _, warnings := e.Take(); len(warnings) != 1 || !strings.Contains(warnings[0].Message, "stale.efi stays as it is, with what the new machine does not have so: /dev/sda2") {
		t.Errorf("warnings = %v", warnings)
	}
}
