package pipeline

import (
	"slices"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

func TestBootDiskOf(t *testing.T) {
	t.Parallel()
	linux := guest.Partition{Number: 1, MBRType: 0x83}
	active := guest.Partition{Number: 1, MBRType: 0x83, Bootable: true}
	esp := guest.Partition{Number: 1, GPTType: gptESP}
	biosBoot := guest.Partition{Number: 1, GPTType: gptBIOSBoot}
	disk := func(code guest.BootCode, partitions ...guest.Partition) guest.Disk {
		return guest.Disk{PartitionTable: "dos", BootCode: code, Partitions: partitions}
	}
	const none, generic, loader = guest.BootCodeNone, guest.BootCodeGeneric, guest.BootCodeLoader
	for name, test := range map[string]struct {
		disks     []guest.Disk
		firmware  string
		files     []int
		want      int
		uncertain bool
	}{
		"one disk":                              {disks: []guest.Disk{disk(none)}},
		"loader on the second":                  {disks: []guest.Disk{disk(generic, linux), disk(loader, linux)}, want: 1},
		"an active partition that nothing runs": {disks: []guest.Disk{disk(none, active), disk(loader, linux)}, want: 1},
		"generic code and an active partition":  {disks: []guest.Disk{disk(generic, linux), disk(none), disk(generic, active)}, want: 2},
		"BIOS boot partition":                   {disks: []guest.Disk{disk(loader, linux), disk(loader, biosBoot)}, want: 1},
		"a loader from an earlier life":         {disks: []guest.Disk{disk(loader, active), disk(loader, linux)}, files: []int{1}, want: 1},
		"boot files on a disk without code":     {disks: []guest.Disk{disk(loader, active), disk(none, linux)}, files: []int{1}, want: 0},
		"boot files before the root":            {disks: []guest.Disk{disk(loader), disk(loader)}, files: []int{1, 0}, want: 1},
		"no code at all":                        {disks: []guest.Disk{disk(none), disk(none)}, files: []int{1}, want: 1},
		"nothing known":                         {disks: []guest.Disk{disk(none), disk(none)}, want: 0, uncertain: true},
		"two that look alike":                   {disks: []guest.Disk{disk(generic), disk(loader, active), disk(loader, active)}, want: 1, uncertain: true},
		"two that look alike before a better":   {disks: []guest.Disk{disk(generic), disk(generic), disk(loader)}, want: 2},
		"ESP on the second":                     {disks: []guest.Disk{disk(loader, active), disk(none, esp)}, firmware: firmwareUEFI, want: 1},
		"the guest's own ESP":                   {disks: []guest.Disk{disk(none, esp), disk(none, esp)}, firmware: firmwareUEFI, files: []int{1}, want: 1},
	} {
		got, certain := bootDiskOf(test.disks, test.firmware, test.files)
		if got != test.want || certain == test.uncertain {
			t.Errorf("%s: disk %d, certain %t", name, got, certain)
		}
	}
}

func TestBootFiles(t *testing.T) {
	t.Parallel()
	devices := guest.Devices{
		{Name: "/dev/sda1", Kind: guest.KindPartition, Disk: 0, Partition: 1},
		{Name: "/dev/sdb1", Kind: guest.KindPartition, Disk: 1, Partition: 1},
		{Name: "/dev/md0", Kind: guest.KindMD, Disk: -1},
		{Name: "/dev/vg/root", Kind: guest.KindLV, Disk: -1},
	}
	for name, test := range map[string]struct {
		mounts   []guest.Mount
		firmware string
		want     []int
		mirrored bool
	}{
		"boot on its own":  {[]guest.Mount{{Device: "/dev/vg/root", Path: "/"}, {Device: "/dev/sdb1", Path: "/boot"}}, firmwareBIOS, []int{1}, false},
		"root alone":       {[]guest.Mount{{Device: "/dev/sdb1", Path: "/"}, {Device: "/dev/sda1", Path: "/srv"}}, firmwareBIOS, []int{1}, false},
		"ESP first":        {[]guest.Mount{{Device: "/dev/sdb1", Path: "/"}, {Device: "/dev/sda1", Path: "/boot/efi"}}, firmwareUEFI, []int{0, 1}, false},
		"ESP of no import": {[]guest.Mount{{Device: "/dev/sdb1", Path: "/"}, {Device: "/dev/sda1", Path: "/boot/efi"}}, firmwareBIOS, []int{1}, false},
		"mirrored":         {[]guest.Mount{{Device: "/dev/md0", Path: "/"}}, firmwareBIOS, nil, true},
		"volume over all":  {[]guest.Mount{{Device: "/dev/vg/root", Path: "/"}}, firmwareBIOS, nil, false},
		"mirrored root":    {[]guest.Mount{{Device: "/dev/md0", Path: "/"}, {Device: "/dev/sda1", Path: "/boot"}}, firmwareBIOS, []int{0}, false},
		"nothing mounted":  {nil, firmwareBIOS, nil, false},
	} {
		got, mirrored := bootFiles(test.mounts, devices, test.firmware)
		if !slices.Equal(got, test.want) || mirrored != test.mirrored {
			t.Errorf("%s: %v, %t", name, got, mirrored)
		}
	}
}

func TestFirmwareOf(t *testing.T) {
	t.Parallel()
	esp := guest.Disk{PartitionTable: "gpt", Partitions: []guest.Partition{{GPTType: gptESP}}}
	both := guest.Disk{PartitionTable: "gpt", BootCode: guest.BootCodeLoader, Partitions: []guest.Partition{{GPTType: gptBIOSBoot}, {GPTType: gptESP}}}
	mbrESPDisk := guest.Disk{PartitionTable: "dos", Partitions: []guest.Partition{{MBRType: mbrESP}}}
	plain := guest.Disk{PartitionTable: "dos", BootCode: guest.BootCodeLoader}
	for name, test := range map[string]struct {
		disks     []guest.Disk
		described string
		want      string
	}{
		"ESP":                                  {[]guest.Disk{esp}, "", firmwareUEFI},
		"ESP in an MBR":                        {[]guest.Disk{mbrESPDisk}, "", firmwareUEFI},
		"ESP on the second disk":               {[]guest.Disk{{}, esp}, "", firmwareUEFI},
		"none":                                 {[]guest.Disk{plain}, "", firmwareBIOS},
		"both":                                 {[]guest.Disk{both}, "", firmwareBIOS},
		"both, described as UEFI":              {[]guest.Disk{both}, firmwareUEFI, firmwareUEFI},
		"described as UEFI without an ESP":     {[]guest.Disk{plain}, firmwareUEFI, firmwareBIOS},
		"described as BIOS, nothing to start":  {[]guest.Disk{esp}, firmwareBIOS, firmwareUEFI},
		"described as BIOS, ESP on other disk": {[]guest.Disk{plain, esp}, firmwareBIOS, firmwareBIOS},
	} {
		if got := firmwareOf(test.disks, test.described); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
