package pipeline

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/machine"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// tableOfMachines is what `machine` says of guests as they are, and after the fix
// stage, as the guide on guests has it.
func tableOfMachines() string {
	linux := func(distro string, major int) guest.OS {
		return guest.OS{Type: "linux", Distro: distro, Major: major, Arch: "x86_64"}
	}
	windows := func(major, minor int) guest.OS {
		return guest.OS{Type: "windows", Distro: "windows", Major: major, Minor: minor, Arch: "x86_64"}
	}
	has := map[string]string{"virtio_blk": report.PlaceModule, "virtio_pci": report.PlaceModule, "virtio_net": report.PlaceModule}
	prepared := []report.Kernel{{Version: "6.1", Default: true, BootsFrom: "virtio-blk", NICModel: "virtio", Virtio: has}}
	unprepared := []report.Kernel{{Version: "6.1", Default: true, NICModel: "virtio", EmulatedNIC: "e1000e", Virtio: has}}
	old := []report.Kernel{{Version: "2.6.18", Default: true, NICModel: "e1000"}}
	before := map[string]string{"virtio_blk": report.PlaceLegacy, "virtio_pci": report.PlaceLegacy, "virtio_net": report.PlaceLegacy}
	legacy := []report.Kernel{{Version: "2.6.32", Default: true, NICModel: "e1000e", EmulatedNIC: "e1000e", Virtio: before}}
	var table strings.Builder
	table.WriteString("| guest | disks and cards as it is | after `fix` | `machine_type` | `cpu_level` | `clock` |\n|---|---|---|---|---|---|\n")
	for _, g := range []struct {
		name    string
		os      guest.OS
		kernels []report.Kernel
	}{
		{"Debian, Ubuntu, Fedora, Arch, its initramfs without virtio", linux("debian", 12), unprepared},
		{"the same, its initramfs with virtio", linux("debian", 12), prepared},
		{"RHEL 8 and its family, its initramfs without virtio", linux("rhel", 8), unprepared},
		{"RHEL 9 and its family, the same", linux("rocky", 9), unprepared},
		{"RHEL 10 and its family, the same", linux("almalinux", 10), unprepared},
		{"SLES 16 and openSUSE Leap 16, the same", linux("sles", 16), unprepared},
		{"RHEL 6, Ubuntu 14.04, Debian 8, whose virtio is that of before version 1.0", linux("rhel", 6), legacy},
		{"Linux 2.6.18, which has no virtio", linux("centos", 5), old},
		{"Linux without a kernel on its disks", linux("debian", 12), nil},
		{"Windows 10, 11, Server 2016 and later", windows(10, 0), nil},
		{"Windows Vista to 8.1, Server 2008 to 2012 R2", windows(6, 1), nil},
		{"Windows XP, Server 2003", windows(5, 1), nil},
		{"FreeBSD", guest.OS{Type: "freebsd", Distro: "freebsd", Major: 14, Arch: "x86_64"}, nil},
		{"DOS", guest.OS{Type: "dos", Arch: "x86_64"}, nil},
	} {
		asItIs, after := hardwareFor(g.os, g.kernels), "`fix` refuses it"
		if fix.Refusal(g.os) == nil {
			fixed := expectedHardware(g.os, g.kernels)
			after = devices(fixed.diskBus, fixed.nicModel)
		}
		needs := machine.Needs(machine.Found{Guest: report.Guest{
			Type: g.os.Type, Arch: g.os.Arch, DiskBus: asItIs.diskBus, NICModel: asItIs.nicModel, CPULevel: levelOf(mounted{os: g.os}),
		}})
		fmt.Fprintf(&table, "| %s | %s | %s | `%s` | `%s` | `%s` |\n", g.name, devices(asItIs.diskBus, needs.NICs[0].Model), after,
			needs.MachineType, needs.CPULevel, needs.Clock)
	}
	return table.String()
}

func devices(bus, card string) string { return fmt.Sprintf("`%s`, `%s`", bus, card) }

// TestGuestsGuide holds the table of the guide to what is computed. With -update it is
// written anew.
func TestGuestsGuide(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "templates", "guides", "guests.md.tmpl")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const head, end = "| guest | disks and cards as it is |", "\n\n## Names of Disks\n"
	at := strings.Index(string(text), head)
	before, rest, found := string(text), "", false
	if at >= 0 {
		before = string(text[:at])
		_, rest, found = strings.Cut(string(text[at:]), end)
	}
	if !found {
		t.Fatalf("%s has no table that begins with %q", path, head)
	}
	want := before + strings.TrimSuffix(tableOfMachines(), "\n") + end + rest
	if update := flag.Lookup("update"); update != nil && update.Value.String() == "true" { // of the recorded runs
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("the table is another one; run the test with -update (-want +got):\n%s", diff)
	}
}
