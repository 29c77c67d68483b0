package testguest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestApplianceDevice(t *testing.T) {
	t.Parallel()
	l := Layout{Disks: []Disk{{Name: "nvme0n1"}, {Name: "sda"}, {Name: "xvdb"}}}
	for device, want := range map[string]string{
		"/dev/nvme0n1":        "/dev/disk/guestfs/diska",
		"/dev/nvme0n1p3":      "/dev/disk/guestfs/diska3",
		"/dev/sda":            "/dev/disk/guestfs/diskb",
		"/dev/sda12":          "/dev/disk/guestfs/diskb12",
		"/dev/xvdb1":          "/dev/disk/guestfs/diskc1",
		"/dev/sdaa1":          "/dev/sdaa1",
		"/dev/md0":            "/dev/md0",
		"/dev/mapper/vg-root": "/dev/mapper/vg-root",
	} {
		if got := l.applianceDevice(device); got != want {
			t.Errorf("%s: got %s, want %s", device, got, want)
		}
	}
}

func TestFstab(t *testing.T) {
	t.Parallel()
	l := Layout{Filesystems: []Filesystem{
		{Device: "/dev/sda1", Type: "vfat", Mount: "/boot/efi", Options: "umask=0077", Source: "/dev/disk/by-path/pci-0000:03:00.0-part1"},
		{Device: "/dev/sda3", Type: "swap", Source: SourceUUID},
		{Device: "/dev/sda2", Type: "btrfs", Label: "system", Source: SourceLabel, Subvolumes: []Subvolume{{"@home", "/home"}, {"@", "/"}}},
		{Device: "/dev/vg/boot", Type: "ext4", Mount: "/boot"},
	}}
	want := []string{
		"LABEL=system / btrfs defaults,subvol=@ 0 0",
		"/dev/vg/boot /boot ext4 defaults 0 2",
		"/dev/disk/by-path/pci-0000:03:00.0-part1 /boot/efi vfat umask=0077 0 2",
		"LABEL=system /home btrfs defaults,subvol=@home 0 0",
		"UUID=" + deriveUUID("guest", "/dev/sda3") + " none swap sw 0 0",
	}
	var got []string
	for line := range strings.Lines(l.fstab("guest")) {
		if !strings.HasPrefix(line, "#") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fstab (-want +got):\n%s", diff)
	}
}

func TestLayoutValidate(t *testing.T) {
	t.Parallel()
	l := Layout{Filesystems: []Filesystem{
		{Device: "/dev/sda1", Type: "zfs"},
		{Device: "/dev/sda2", Type: "ext4", Source: SourceLabel, Subvolumes: []Subvolume{{"@", "/home"}}},
	}}
	err := l.validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"no disks", `on "/"`, `"zfs"`, "by label", "only btrfs"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not mention %q: %v", want, err)
		}
	}
}
