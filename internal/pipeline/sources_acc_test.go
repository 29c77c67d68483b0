package pipeline_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// sourceKinds are the kinds of source that one guest may come in. Each is made
// from a VMDK and returned by the path that a user would name.
var sourceKinds = []struct {
	name string
	kind manifest.SourceType
	make func(t *testing.T, vmdk string) string
}{
	{"vmdk-split", manifest.SourceVMDK, converter("vmdk", "subformat=twoGbMaxExtentSparse")},
	{"vmdk-snapshots", manifest.SourceVMDK, snapshotChain},
	{"ova", manifest.SourceOVA, func(t *testing.T, vmdk string) string {
		return makeOVA(t, packagedMachine{name: "web01", disks: []string{vmdk}})
	}},
	{"ovf", manifest.SourceOVF, func(t *testing.T, vmdk string) string {
		return makeOVF(t, packagedMachine{name: "web01", disks: []string{vmdk}})
	}},
	{"vhd", manifest.SourceVHD, converter("vpc")},
	{"vhdx", manifest.SourceVHDX, converter("vhdx")},
	{"qcow2", manifest.SourceQCOW2, converter("qcow2")},
	{"raw", manifest.SourceRaw, converter("raw")},
}

// TestAccSourcesBoot migrates one guest from each kind of source: converted as
// it is, its content is that of the original to the last byte, and migrated it
// boots with its name, address and file systems.
func TestAccSourcesBoot(t *testing.T) {
	t.Parallel()
	requireFullMatrix(t)
	recipe, err := testguest.Lookup(testguest.Flagship)
	if err != nil {
		t.Fatal(err)
	}
	vmdk := build(t, recipe)
	for _, source := range sourceKinds {
		t.Run(source.name, func(t *testing.T) {
			t.Parallel()
			path := source.make(t, vmdk)
			t.Run("content", func(t *testing.T) {
				m := conversion(path, t.TempDir())
				m.Source.Type = source.kind
				started := time.Now()
				if _, err := pipeline.Run(t.Context(), m, pipeline.Options{}); err != nil {
					t.Fatal(err)
				}
				t.Logf("converted in %s", time.Since(started).Round(10*time.Millisecond))
				qemuImg(t, "compare", "-f", "vmdk", "-F", "qcow2", vmdk, m.OutputPath())
			})
			t.Run("boot", func(t *testing.T) {
				m := migration(path, t.TempDir())
				m.Source.Type = source.kind
				r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
				if err != nil {
					t.Fatal(err)
				}
				logStages(t, r)
				if source.kind.IsPackage() {
					checkMachine(t, resultOf[report.LoadResult](t, r).Machine)
				}
				result := boot(t, m.OutputPath(), recipe.Firmware)
				if result.State != testguest.StateLogin || result.Probe == nil {
					t.Fatalf("the migrated guest reached %q: %s\n%s", result.State, result.Reason, tail(result.Console))
				}
				t.Logf("migrated: login prompt after %s", result.Duration.Round(time.Second))
				checkProbe(t, guestCase{nic: "ens192", address: "192.0.2.10/24", mounts: []string{"/"}}, recipe, *result.Probe)
			})
		})
	}
}

func checkMachine(t *testing.T, m *report.Machine) {
	t.Helper()
	if m == nil || m.Name != "web01" || m.VCPUs != 2 || m.MemoryMiB != 1024 || len(m.NICs) != 1 || m.NICs[0].MAC != "00:50:56:9a:01:02" {
		t.Errorf("the descriptor's machine is %+v", m)
	}
}

// converter makes a source with qemu-img.
func converter(format string, options ...string) func(*testing.T, string) string {
	return func(t *testing.T, vmdk string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "disk."+format)
		args := []string{"convert", "-f", "vmdk", "-O", format}
		if len(options) > 0 {
			args = append(args, "-o", strings.Join(options, ","))
		}
		qemuImg(t, append(args, vmdk, path)...)
		return path
	}
}

// snapshotChain spreads a disk over a base and two snapshots on it, so that
// neither the base nor the first snapshot has its beginning: what is read
// without the whole chain is no guest.
func snapshotChain(t *testing.T, vmdk string) string {
	t.Helper()
	const part = 64 << 20
	directory := t.TempDir()
	original := filepath.Join(directory, "original.img")
	qemuImg(t, "convert", "-f", "vmdk", "-O", "raw", vmdk, original)
	// The first two parts, each in a file of its own and then zeroed.
	parts := []string{filepath.Join(directory, "part0"), filepath.Join(directory, "part1")}
	for n, path := range parts {
		run(t, directory, "dd", "if="+original, "of="+path, "bs=1M", "count=64", "skip="+strconv.Itoa(64*n), "status=none")
	}
	run(t, directory, "dd", "if=/dev/zero", "of="+original, "bs=1M", "count=128", "conv=notrunc", "status=none")
	qemuImg(t, "convert", "-f", "raw", "-O", "vmdk", original, filepath.Join(directory, "web.vmdk"))
	if err := os.Remove(original); err != nil {
		t.Fatal(err)
	}
	below := "web.vmdk"
	for n, name := range []string{"web-000001.vmdk", "web-000002.vmdk"} {
		run(t, directory, "qemu-img", "create", "-q", "-f", "vmdk", "-F", "vmdk", "-b", below, name)
		run(t, directory, "qemu-io", "-f", "vmdk", "-c", "write -s "+parts[1-n]+" "+strconv.Itoa((1-n)*part)+" "+strconv.Itoa(part), name)
		below = name
	}
	return filepath.Join(directory, below)
}

// run runs a program in a directory.
func run(t *testing.T, directory, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = directory
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}
