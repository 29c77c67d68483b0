package guest

import "testing"

func TestLearnSlots(t *testing.T) {
	t.Parallel()
	disk := func(n int) []Device {
		return []Device{
			{Name: "/dev/sd" + string(rune('a'+n)), Kind: KindDisk, Disk: n},
			{Name: "/dev/sd" + string(rune('a'+n)) + "1", Kind: KindPartition, Disk: n, Partition: 1},
		}
	}
	const scsi = "/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:"
	for name, test := range map[string]struct {
		disks int
		specs []string
		want  map[string]string // what the names mean; "" for nothing
	}{
		"one adapter": {
			3, []string{scsi + "0:0-part1", scsi + "2:0-part1"},
			map[string]string{scsi + "0:0-part1": "/dev/sda1", scsi + "2:0-part1": "/dev/sdc1", scsi + "2:0": "/dev/sdc", scsi + "1:0-part1": ""},
		},
		"behind the adapter's own target": {9, []string{scsi + "8:0-part1"}, map[string]string{scsi + "8:0-part1": "/dev/sdh1"}},
		"as many slots as disks": {
			2, []string{"/dev/disk/by-path/pci-0000:0b:00.0-scsi-0:0:0:0-part1", scsi + "0:0-part1"},
			map[string]string{scsi + "0:0-part1": "/dev/sda1", "/dev/disk/by-path/pci-0000:0b:00.0-scsi-0:0:0:0-part1": "/dev/sdb1"},
		},
		"two adapters, one disk unnamed": {
			3, []string{"/dev/disk/by-path/pci-0000:0b:00.0-scsi-0:0:0:0-part1", scsi + "0:0-part1"},
			map[string]string{scsi + "0:0-part1": ""},
		},
		"no such disk": {2, []string{scsi + "4:0-part1"}, map[string]string{scsi + "4:0-part1": ""}},
		"SATA":         {2, []string{"/dev/disk/by-path/pci-0000:02:01.0-ata-2-part1"}, map[string]string{"/dev/disk/by-path/pci-0000:02:01.0-ata-2-part1": "/dev/sdb1"}},
		"Hyper-V": {
			2, []string{"/dev/disk/by-path/acpi-VMBUS:00-vmbus-f8b3781a1e824818a1c363d806ec15bb-lun-1-part1"},
			map[string]string{"/dev/disk/by-path/acpi-VMBUS:00-vmbus-f8b3781a1e824818a1c363d806ec15bb-lun-1-part1": "/dev/sdb1"},
		},
		"another kind of name": {2, []string{scsi + "0:0-part1", "/dev/disk/by-path/fc-1-part1"}, map[string]string{scsi + "0:0-part1": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var devices Devices
			for n := range test.disks {
				devices = append(devices, disk(n)...)
			}
			learnSlots(devices, test.specs)
			for spec, want := range test.want {
				if got, _ := devices.Resolve(spec); got.Name != want {
					t.Errorf("%s is %q, want %q", spec, got.Name, want)
				}
			}
		})
	}
}
