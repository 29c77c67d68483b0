package pipeline

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// The disks have the order of the images, and what the guest was found to need.
func TestNeededMachine(t *testing.T) {
	t.Parallel()
	o := opened{sectorSizes: []int{512, 4096}, source: &source.Source{
		Disks:   []source.Disk{{Name: "data", Serial: "01", VirtualSize: 1}, {Name: "system", Serial: "02", VirtualSize: 2}},
		Machine: &report.Machine{Name: "db01", NICs: []report.NIC{{MAC: "00:50:56:01:02:03"}}},
	}}
	known := report.Guest{Type: "linux", Arch: "x86_64", Firmware: "uefi", DiskBus: "virtio", NICModel: "virtio"}
	got := neededMachine(o, known, 1, []image{
		{final: "/d/db01.qcow2", format: "qcow2", virtualSize: 2}, {final: "/d/db01-disk2.qcow2", format: "qcow2", virtualSize: 1},
	})
	want := []report.HardwareDisk{
		{Path: "/d/db01.qcow2", Format: "qcow2", Bus: "virtio", Serial: "02", VirtualSize: 2, SectorSize: 4096},
		{Path: "/d/db01-disk2.qcow2", Format: "qcow2", Bus: "virtio", Serial: "01", VirtualSize: 1, SectorSize: 512},
	}
	if diff := cmp.Diff(want, got.Disks); diff != "" || got.Firmware != "uefi" || got.NICs[0].MAC != "00:50:56:01:02:03" {
		t.Errorf("%+v (-want +got)\n%s", got, diff)
	}
	if got := neededMachine(o, known, 0, nil); got.Disks[0] != (report.HardwareDisk{Bus: "virtio", Serial: "01", VirtualSize: 1, SectorSize: 512}) {
		t.Errorf("without images: %+v", got.Disks)
	}
	if got := neededMachine(o, report.Guest{}, 0, nil); got != nil {
		t.Errorf("of a guest that nobody looked at: %+v", got)
	}
}

func TestLevelAndClockOfAGuest(t *testing.T) {
	t.Parallel()
	rhel9 := guest.OS{Type: "linux", Distro: "rhel", Major: 9, Arch: "x86_64"}
	for name, test := range map[string]struct {
		os           guest.OS
		files        map[string]string
		level, clock string
	}{
		"RHEL 9 without a loader":   {rhel9, nil, "x86-64-v2", "utc"},
		"a loader that says less":   {rhel9, map[string]string{"lib64/ld-linux-x86-64.so.2": "\x7fELF"}, "x86-64-v2", "utc"},
		"local time":                {rhel9, map[string]string{"etc/adjtime": "0 0 0\n0\nLOCAL\n"}, "x86-64-v2", "localtime"},
		"universal time":            {rhel9, map[string]string{"etc/adjtime": "0 0 0\n0\nUTC\n"}, "x86-64-v2", "utc"},
		"another processor":         {guest.OS{Type: "linux", Distro: "rhel", Major: 9, Arch: "aarch64"}, nil, "", "utc"},
		"Windows":                   {guest.OS{Type: "windows", Major: 10, Arch: "x86_64"}, nil, "x86-64-v2", ""},
		"FreeBSD":                   {guest.OS{Type: "freebsd", Arch: "x86_64"}, nil, "x86-64", "utc"},
		"FreeBSD beside Windows":    {guest.OS{Type: "freebsd", Arch: "x86_64"}, map[string]string{"etc/wall_cmos_clock": ""}, "x86-64", "localtime"},
		"a directory for a loader":  {rhel9, map[string]string{"lib64/ld-linux-x86-64.so.2/x": ""}, "x86-64-v2", "utc"},
		"Debian, which is baseline": {guest.OS{Type: "linux", Distro: "debian", Major: 12, Arch: "x86_64"}, nil, "x86-64", "utc"},
	} {
		g := mounted{os: test.os, editor: edittest.Of(t, guesttest.New(t, test.files))}
		if level, clock := levelOf(g), clockOf(g); level != test.level || clock != test.clock {
			t.Errorf("%s: %q and %q, want %q and %q", name, level, clock, test.level, test.clock)
		}
	}
}
