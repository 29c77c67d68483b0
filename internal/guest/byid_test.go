package guest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// fstabOf reads lines of "spec file type".
func fstabOf(lines ...string) []fstabEntry {
	return parseFstab(strings.Join(lines, "\n"))
}

func TestSerialOf(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		"scsi-36000c29a0000000000000000000000aa":               "6000c29a0000000000000000000000aa",
		"wwn-0x6000c29a0000000000000000000000aa":               "6000c29a0000000000000000000000aa",
		"scsi-SVMware_Virtual_disk_6000c29a0000000000000000aa": "6000c29a0000000000000000aa",
		"scsi-350014ee2b5f3a1c2":                               "50014ee2b5f3a1c2",
		"ata-VBOX_HARDDISK_VB2a3b4c5d-6e7f8091":                "vb2a3b4c5d-6e7f8091",
		"scsi-SATA_VBOX_HARDDISK_VB2a3b4c5d-6e7f8091":          "vb2a3b4c5d-6e7f8091",
		"ata-VMware_Virtual_SATA_Hard_Drive_01000000000000001": "01000000000000001",
		"nvme-VMware_Virtual_NVMe_Disk_VMWARE_NVME_0000":       "vmware_virtual_nvme_disk_vmware_nvme_0000",
		"nvme-eui.0025388b01234567":                            "eui.0025388b01234567",
		"virtio-disk1":                                         "disk1",
	} {
		if got := serialOf(link); got != want {
			t.Errorf("%s: %q, want %q", link, got, want)
		}
	}
}

func TestLearnSerials(t *testing.T) {
	t.Parallel()
	disk := func(n int, types ...string) Devices {
		name := "/dev/sd" + string(rune('a'+n))
		devices := Devices{{Name: name, Kind: KindDisk, Disk: n}}
		for p, kind := range types {
			devices = append(devices, Device{Name: fmt.Sprint(name, p+1), Kind: KindPartition, Disk: n, Partition: p + 1, FSType: kind})
		}
		return devices
	}
	const (
		a    = "/dev/disk/by-id/scsi-36000c29a0000000000000000000000aa"
		aToo = "/dev/disk/by-id/wwn-0x6000c29a0000000000000000000000aa"
		b    = "/dev/disk/by-id/scsi-36000c29b0000000000000000000000bb"
		c    = "/dev/disk/by-id/ata-VBOX_HARDDISK_VB2a3b4c5d-6e7f8091"
	)
	tests := map[string]struct {
		disks    []Devices
		root     string
		fstab    []string
		crypttab map[string]string
		// known is the serial that the first disk is known to have.
		known string
		want  map[string]string // what the names mean; "" for nothing
	}{
		"SLES on two disks": {
			disks: []Devices{disk(0, "ext4", "ext4"), disk(1, "ext4")}, root: "/dev/sda2",
			fstab: []string{a + "-part2 / ext4", a + "-part1 /boot ext4", b + "-part1 /srv ext4"},
			want:  map[string]string{a + "-part1": "/dev/sda1", a + "-part2": "/dev/sda2", b + "-part1": "/dev/sdb1", aToo + "-part2": "/dev/sda2", b: "/dev/sdb"},
		},
		"the same with the disks exchanged": {
			disks: []Devices{disk(0, "ext4"), disk(1, "ext4", "ext4")}, root: "/dev/sdb2",
			fstab: []string{a + "-part2 / ext4", a + "-part1 /boot ext4", b + "-part1 /srv ext4"},
			want:  map[string]string{a + "-part1": "/dev/sdb1", b + "-part1": "/dev/sda1"},
		},
		"two disks alike, told by the root": {
			disks: []Devices{disk(0, "xfs", "xfs"), disk(1, "xfs", "xfs")}, root: "/dev/sdb1",
			fstab: []string{b + "-part1 / xfs", a + "-part1 /srv xfs"},
			want:  map[string]string{a + "-part1": "/dev/sda1", b + "-part1": "/dev/sdb1"},
		},
		"root on btrfs": {
			disks: []Devices{disk(0, "btrfs", "swap"), disk(1, "btrfs", "swap")}, root: "/dev/sda1",
			fstab: []string{a + "-part1 / btrfs defaults", a + "-part1 /home btrfs subvol=@/home", b + "-part2 swap swap"},
			want:  map[string]string{a + "-part1": "/dev/sda1", b + "-part2": "/dev/sdb2"},
		},
		"told by the types of file systems": {
			disks: []Devices{disk(0, "ext4", "swap"), disk(1, "xfs", "ext4")}, root: "/dev/vg/root",
			fstab: []string{"/dev/vg/root / ext4", a + "-part1 /srv xfs", b + "-part2 swap swap"},
			want:  map[string]string{a + "-part1": "/dev/sdb1", b + "-part2": "/dev/sda2"},
		},
		"told by a LUKS container": {
			disks: []Devices{disk(0, "ext4"), disk(1, "crypto_LUKS")}, root: "/dev/vg/root",
			crypttab: map[string]string{c + "-part1": "data"},
			want:     map[string]string{c + "-part1": "/dev/sdb1"},
		},
		"told by the source": {
			disks: []Devices{disk(0, "ext4"), disk(1, "ext4")}, root: "/dev/vg/root", known: "6000c29b0000000000000000000000bb",
			fstab: []string{a + "-part1 /srv ext4", b + "-part1 /boot ext4"},
			want:  map[string]string{a + "-part1": "/dev/sdb1", b + "-part1": "/dev/sda1"},
		},
		"two disks alike": {
			disks: []Devices{disk(0, "ext4"), disk(1, "ext4")}, root: "/dev/vg/root",
			fstab: []string{a + "-part1 /srv ext4", b + "-part1 /boot ext4"},
			want:  map[string]string{a + "-part1": "", b + "-part1": ""},
		},
		"a disk that is not here": {
			disks: []Devices{disk(0, "ext4"), disk(1, "ext4")}, root: "/dev/sda1",
			fstab: []string{a + "-part1 / ext4", b + "-part3 /srv ext4"},
			want:  map[string]string{a + "-part1": "/dev/sda1", b + "-part3": ""},
		},
		"multipath": {
			disks: []Devices{disk(0, "ext4", "ext4"), disk(1, "ext4")}, root: "/dev/sda2",
			fstab: []string{"/dev/mapper/mpatha2 / ext4", "/dev/mapper/mpathb-part1 /srv ext4", a + "-part1 /boot ext4"},
			want: map[string]string{
				"/dev/mapper/mpathap1": "/dev/sda1", "/dev/mapper/mpathb1": "/dev/sdb1", a + "-part1": "",
				"/dev/disk/by-id/dm-name-mpatha2": "/dev/sda2",
			},
		},
		"multipath by WWID": {
			disks: []Devices{disk(0, "ext4", "ext4"), disk(1, "ext4")}, root: "/dev/sda2",
			fstab: []string{"/dev/mapper/36000c29a0000000000000000000000aa2 / ext4"},
			want: map[string]string{
				a + "-part1": "/dev/sda1", "/dev/mapper/36000c29a0000000000000000000000aa-part1": "/dev/sda1",
				"/dev/disk/by-id/dm-uuid-part1-mpath-36000c29a0000000000000000000000aa": "/dev/sda1",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var devices Devices
			for _, d := range test.disks {
				devices = append(devices, d...)
			}
			devices[0].Serial = test.known
			learnSerials(devices, usesOf(test.root, Tables{fstabOf(test.fstab...), test.crypttab}))
			for spec, want := range test.want {
				if got, ok := devices.Resolve(spec); got.Name != want || ok != (want != "") {
					t.Errorf("%s is %q, want %q", spec, got.Name, want)
				}
			}
		})
	}
}

func TestMultipathOfASingleDisk(t *testing.T) {
	t.Parallel()
	single := Devices{
		{Name: "/dev/sda", Kind: KindDisk},
		{Name: "/dev/sda1", Kind: KindPartition, Partition: 1},
		{Name: "/dev/vg/mpathb1", Kind: KindLV, Disk: -1},
		{Name: "/dev/mapper/luks-1", Kind: KindCrypt, GuestName: "/dev/mapper/mpathc1"},
	}
	for spec, want := range map[string]string{
		"/dev/mapper/mpatha1":                                   "/dev/sda1",
		"/dev/mapper/mpathap1":                                  "/dev/sda1",
		"/dev/mapper/mpatha-part1":                              "/dev/sda1",
		"/dev/mapper/mpathaa_part1":                             "/dev/sda1",
		"/dev/mapper/mpatha":                                    "/dev/sda",
		"/dev/mapper/36000c29a0000000000000000000000aap1":       "/dev/sda1",
		"/dev/mapper/350014ee2b5f3a1c2-part1":                   "/dev/sda1",
		"/dev/disk/by-id/dm-name-mpatha1":                       "/dev/sda1",
		"/dev/disk/by-id/dm-uuid-part1-mpath-350014ee2b5f3a1c2": "/dev/sda1",
		"/dev/mapper/mpatha2":                                   "",
		"/dev/mapper/vg-mpathb1":                                "/dev/vg/mpathb1",
		"/dev/mapper/mpathc1":                                   "/dev/mapper/luks-1",
		"/dev/mapper/mpath":                                     "",
		"/dev/mapper/data":                                      "",
	} {
		if got, ok := single.Resolve(spec); got.Name != want || ok != (want != "") {
			t.Errorf("%s is %q, want %q", spec, got.Name, want)
		}
	}
}

// Names that nothing tells apart are called so, and no disk is called missing.
func TestWhyUnclear(t *testing.T) {
	t.Parallel()
	entries := fstabOf("/dev/vg/root / ext4", "/dev/disk/by-id/wwn-0x5000c5001234abcd-part1 /boot ext4")
	_, _, err := twoDisks.PlanMounts(Tables{fstab: entries})
	if err == nil || !strings.Contains(err.Error(), "which of the 2 disks") || !strings.Contains(remedy.Of(err), "UUID=") || strings.Contains(err.Error(), "missing") {
		t.Errorf("%v", err)
	}
	_, warnings, err := twoDisks.PlanMounts(Tables{fstab: fstabOf("/dev/mapper/mpathb1 /srv ext4", "UUID=gone /data ext4")})
	if err != nil || len(warnings) != 2 || !strings.Contains(warnings[0].Message, "which of the 2 disks") || !strings.Contains(warnings[1].Message, "no disk of the source has it") {
		t.Errorf("%q, %v", warnings, err)
	}
}
