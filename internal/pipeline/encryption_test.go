package pipeline

import (
	"errors"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

func TestNoSystem(t *testing.T) {
	t.Parallel()
	boot := guest.Device{Name: "/dev/sda1", Kind: guest.KindPartition, Partition: 1, FSType: "ext4"}
	luks := guest.Device{Name: "/dev/sda5", Kind: guest.KindPartition, Partition: 5, FSType: "crypto_LUKS", UUID: "0a1b"}
	open := guest.Device{Name: "/dev/mapper/luks-0a1b", Kind: guest.KindCrypt, Parent: "/dev/sda5"}
	for name, test := range map[string]struct {
		devices guest.Devices
		keys    []manifest.LUKSKey
		message string
		remedy  string
		disks   []parttable.Disk
	}{
		"no key": {
			guest.Devices{boot, luks}, nil,
			"no operating system was found on the disks that can be read: partition 5 of disk 1 (UUID=0a1b) is encrypted with LUKS, and no key was given",
			`give its passphrase in source.luks_keys, with device "UUID=0a1b" and key or key_file`, nil,
		},
		"wrong key": {
			guest.Devices{boot, luks}, []manifest.LUKSKey{{Key: "secret"}},
			"is encrypted with LUKS, and no key of source.luks_keys is for it or opens it",
			`with device "UUID=0a1b"`, nil,
		},
		"open and empty": {
			guest.Devices{boot, luks, open}, []manifest.LUKSKey{{Key: "secret"}},
			"no operating system was found on the disks", "source.path", nil,
		},
		"BitLocker": {
			guest.Devices{{Name: "/dev/sda2", Kind: guest.KindPartition, Partition: 2, FSType: "BitLocker"}}, nil,
			"partition 2 of disk 1 is encrypted with BitLocker", "manage-bde -off", nil,
		},
		"dynamic disk": {
			nil, nil, "/dev/sda is a dynamic disk of Windows", "basic disk",
			[]parttable.Disk{{Name: "/dev/sda", PartitionTable: "dos", Partitions: []parttable.Partition{{MBRType: 0x42}}}},
		},
		"nothing": {nil, nil, "no operating system was found on the disks", "switch the fix stage off", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := noSystem(system{devices: test.devices, disks: test.disks}, test.keys)
			if !errors.Is(err, errNoSystem) || !strings.Contains(err.Error(), test.message) || !strings.Contains(remedy.Of(err), test.remedy) {
				t.Errorf("%v (%s)", err, remedy.Of(err))
			}
			if strings.Contains(err.Error()+remedy.Of(err), "secret") {
				t.Error("the error shows the key")
			}
		})
	}
}
