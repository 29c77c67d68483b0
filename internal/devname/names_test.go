package devname

import (
	"errors"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

var testNames = New(guesttest.Devices, guesttest.Mounts)

func TestClassify(t *testing.T) {
	t.Parallel()
	kinds := map[Kind][]string{
		Machine: {
			"/dev/sda", "/dev/sda1", "/dev/sdaa12", "/dev/hdc2", "/dev/xvda1", "/dev/nvme0n1p3", "/dev/mmcblk0p1",
			"/dev/cciss/c0d0p1", "/dev/md0", "/dev/md127p1", "/dev/md/root", "/dev/dm-3", "/dev/block/8:1",
			"/dev/disk/by-id/ata-VMware_Virtual_00000001-part1", "/dev/disk/by-id/wwn-0x6000c29-part1",
			"/dev/mapper/mpatha", "/dev/mapper/mpatha1", "/dev/mapper/mpathb-part2", "/dev/mapper/mpath0p1", "/dev/mpath/mpath0",
			"/dev/mapper/36000c29f00000000000000000000abcd-part1", "/dev/disk/by-id/dm-name-mpatha1", "/dev/emcpowera2",
			"/dev//sda1", "/dev/./sda2", "/dev/vg/../sda2", "/dev/disk//by-id/wwn-0x6000c29-part1",
			"/dev/disk/by-diskseq/2-part1", "/dev/disk/azure/scsi1/lun0-part1", "/dev/disk/cloud/azure_resource-part1", "/dev/disk/by-vdev/d1",
			"/dev/mapper/mpath_data1", "/dev/mapper/mpath1a", "/dev/mapper/eui.0025388b710116a1p1", "/dev/mapper/nvme.15ad-564d-0001-part2",
		},
		ByPath:    {"/dev/disk/by-path/pci-0000:00:10.0-scsi-0:0:0:0-part1", "btrfsvol:/dev/sda2/@"},
		Removable: {"/dev/sr0", "/dev/scd0", "/dev/cdrom", "/dev/cdrom1", "/dev/fd0", "/dev/fd0u1440", "/dev/dvd", "/dev/floppy", "/dev/dvd-sr0", "/dev/cdrom-hdc"},
		Other: {
			"UUID=x", "LABEL=sda1", "/dev/mapper/vg-root", "/dev/vg/root", "/dev/sda/root", "/dev/root", "/dev/nfs", "/dev/ram0",
			"/dev/loop0", "/dev/zram0", "/dev/disk/by-uuid/x", "/dev/disk/by-label/x", "/dev/disk/by-partuuid/x", "/dev/disk/by-designator/root", "/dev/shm",
			"/dev/disk/by-id/dm-name-vg-root", "/dev/disk/by-id/md-uuid-1:2", "/dev/disk/by-id/lvm-pv-uuid-x",
			"/dev/mapper/mpatha-root", "/dev/mapper/mpath", "/dev/mapper/control", "tmpfs", "none", "/swapfile", "nas:/export", "//nas/share", "ZFS=rpool/ROOT", "", "/dev/", "sda1", "/dev/sda1x",
		},
	}
	for want, specs := range kinds {
		for _, spec := range specs {
			if got := Classify(spec); got != want {
				t.Errorf("classify(%q) = %v, want %v", spec, got, want)
			}
		}
	}
}

func TestStableName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		spec string
		form Form
		want string
		err  error
	}{
		{"/dev/sda2", AsTag, "UUID=root-uuid", nil},
		{"/dev/vda2", AsTag, "UUID=root-uuid", nil},
		{"/dev/./sda2", AsTag, "UUID=root-uuid", nil},
		{"/dev//sda2", AsTag, "UUID=root-uuid", nil},
		{"/dev/sda2", AsPath, "/dev/disk/by-uuid/root-uuid", nil},
		{"/dev/sda2", AsPartUUID, "PARTUUID=part-0002", nil},
		{"/dev/sda3", AsKeptTag, "PARTUUID=part-0003", nil},
		{"/dev/sdb2", AsTag, "PARTUUID=part-1002", nil}, // its UUID is not its own
		{"/dev/sdb1", AsTag, "", errNoStable},           // nor is this one's, and its label has a blank
		{"/dev/sdb3", AsTag, "LABEL=logs", nil},         // an MBR without signature
		{"/dev/sdb3", AsPartUUID, "", errNoPartUUID},
		{"/dev/vg0/home", AsTag, "/dev/vg0/home", nil},
		{"/dev/md0", AsTag, "UUID=md-uuid", nil},
		{"/dev/sdc1", AsTag, "", errNoDevice}, // the appliance's name, not the guest's
		{"/dev/dm-0", AsTag, "", errNoDevice},
	}
	for _, tt := range tests {
		got, err := testNames.Stable(tt.spec, tt.form)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("stable(%q, %v) = %q, %v, want %q, %v", tt.spec, tt.form, got, err, tt.want, tt.err)
		}
	}
}

func TestStableNameOfSharedIdentity(t *testing.T) {
	t.Parallel()
	both := guest.Devices{
		{Name: "/dev/sda1", Kind: guest.KindPartition, Disk: 0, Partition: 1, FSType: "btrfs", UUID: "pool"},
		{Name: "/dev/sdb1", Kind: guest.KindPartition, Disk: 1, Partition: 1, FSType: "btrfs", UUID: "pool"},
	}
	if got, err := New(both, nil).Stable("/dev/sda1", AsTag); got != "UUID=pool" || err != nil {
		t.Errorf("one of a btrfs's two devices = %q, %v, want the UUID of the file system", got, err)
	}
}
