package pipeline

import (
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

func TestBootDiskOf(t *testing.T) {
	t.Parallel()
	linux := parttable.Partition{Number: 1, MBRType: 0x83}
	active := parttable.Partition{Number: 1, MBRType: 0x83, Bootable: true}
	esp := parttable.Partition{Number: 1, GPTType: parttable.GPTESP}
	biosBoot := parttable.Partition{Number: 1, GPTType: "21686148-6449-6E6F-744E-656564454649"}
	disk := func(code parttable.BootCode, partitions ...parttable.Partition) parttable.Disk {
		return parttable.Disk{PartitionTable: "dos", BootCode: code, Partitions: partitions}
	}
	const none, generic, loader = parttable.BootCodeNone, parttable.BootCodeGeneric, parttable.BootCodeLoader
	for name, test := range map[string]struct {
		disks     []parttable.Disk
		firmware  string
		files     []int
		want      int
		uncertain bool
	}{
		"one disk":                              {disks: []parttable.Disk{disk(none)}},
		"loader on the second":                  {disks: []parttable.Disk{disk(generic, linux), disk(loader, linux)}, want: 1},
		"an active partition that nothing runs": {disks: []parttable.Disk{disk(none, active), disk(loader, linux)}, want: 1},
		"generic code and an active partition":  {disks: []parttable.Disk{disk(generic, linux), disk(none), disk(generic, active)}, want: 2},
		"BIOS boot partition":                   {disks: []parttable.Disk{disk(loader, linux), disk(loader, biosBoot)}, want: 1},
		"a loader from an earlier life":         {disks: []parttable.Disk{disk(loader, active), disk(loader, linux)}, files: []int{1}, want: 1},
		"boot files on a disk without code":     {disks: []parttable.Disk{disk(loader, active), disk(none, linux)}, files: []int{1}, want: 0},
		"boot files before the root":            {disks: []parttable.Disk{disk(loader), disk(loader)}, files: []int{1, 0}, want: 1},
		"no code at all":                        {disks: []parttable.Disk{disk(none), disk(none)}, files: []int{1}, want: 1},
		"nothing known":                         {disks: []parttable.Disk{disk(none), disk(none)}, want: 0, uncertain: true},
		"two that look alike":                   {disks: []parttable.Disk{disk(generic), disk(loader, active), disk(loader, active)}, want: 1, uncertain: true},
		"two that look alike before a better":   {disks: []parttable.Disk{disk(generic), disk(generic), disk(loader)}, want: 2},
		"ESP on the second":                     {disks: []parttable.Disk{disk(loader, active), disk(none, esp)}, firmware: firmwareUEFI, want: 1},
		"the guest's own ESP":                   {disks: []parttable.Disk{disk(none, esp), disk(none, esp)}, firmware: firmwareUEFI, files: []int{1}, want: 1},
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
	esp := parttable.Disk{PartitionTable: "gpt", Partitions: []parttable.Partition{{GPTType: parttable.GPTESP}}}
	both := parttable.Disk{PartitionTable: "gpt", BootCode: parttable.BootCodeLoader, Partitions: []parttable.Partition{{GPTType: "21686148-6449-6E6F-744E-656564454649"}, {GPTType: parttable.GPTESP}}}
	unstarted := both
	unstarted.BootCode = parttable.BootCodeNone
	mbrESPDisk := parttable.Disk{PartitionTable: "dos", Partitions: []parttable.Partition{{MBRType: 0xEF}}}
	plain := parttable.Disk{PartitionTable: "dos", BootCode: parttable.BootCodeLoader}
	for name, test := range map[string]struct {
		disks     []parttable.Disk
		described string
		want      string
	}{
		"ESP":                                  {[]parttable.Disk{esp}, "", firmwareUEFI},
		"ESP in an MBR":                        {[]parttable.Disk{mbrESPDisk}, "", firmwareUEFI},
		"ESP on the second disk":               {[]parttable.Disk{{}, esp}, "", firmwareUEFI},
		"none":                                 {[]parttable.Disk{plain}, "", firmwareBIOS},
		"both":                                 {[]parttable.Disk{both}, "", firmwareBIOS},
		"both, and no code for a BIOS":         {[]parttable.Disk{unstarted}, "", firmwareUEFI},
		"described as BIOS, and no code":       {[]parttable.Disk{unstarted}, firmwareBIOS, firmwareUEFI},
		"both, described as UEFI":              {[]parttable.Disk{both}, firmwareUEFI, firmwareUEFI},
		"described as UEFI without an ESP":     {[]parttable.Disk{plain}, firmwareUEFI, firmwareBIOS},
		"described as UEFI, nothing to start":  {[]parttable.Disk{{PartitionTable: "dos"}}, firmwareUEFI, firmwareUEFI},
		"described as BIOS, nothing to start":  {[]parttable.Disk{esp}, firmwareBIOS, firmwareUEFI},
		"described as BIOS, ESP on other disk": {[]parttable.Disk{plain, esp}, firmwareBIOS, firmwareBIOS},
	} {
		if got := firmwareOf(test.disks, test.described); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestBootDiskEvidence: a BIOS's order of disks counts for a BIOS, and where UEFI firmware has
// the choice, the guest's own EFI system partition counts before it.
func TestBootDiskEvidence(t *testing.T) {
	t.Parallel()
	esp := parttable.Disk{PartitionTable: "gpt", Partitions: []parttable.Partition{{Number: 1, GPTType: parttable.GPTESP}}}
	loader := parttable.Disk{PartitionTable: "dos", BootCode: parttable.BootCodeLoader}
	for name, test := range map[string]struct {
		firmware         string
		disk             parttable.Disk
		described, files []int
		want             int
	}{
		"BIOS":                   {firmwareBIOS, loader, []int{0}, []int{1}, 0},
		"UEFI":                   {firmwareUEFI, esp, []int{0}, []int{1}, 1},
		"UEFI, nothing is known": {firmwareUEFI, esp, []int{1}, nil, 1},
	} {
		got, certain := bootDiskOf([]parttable.Disk{test.disk, test.disk}, test.firmware, bootEvidence(test.firmware, test.described, test.files))
		if got != test.want || !certain {
			t.Errorf("%s: disk %d, certain %t", name, got, certain)
		}
	}
}

// What the old firmware was set to start from is told by its place.
func TestDescribedBootDisk(t *testing.T) {
	t.Parallel()
	two := []source.Disk{{Name: "a"}, {Name: "b"}}
	places := []report.MachineDisk{{Place: "scsi0:0"}, {Place: "scsi0:1"}}
	for name, test := range map[string]struct {
		machine *report.Machine
		want    []int
	}{
		"no description":    {nil, nil},
		"no order":          {&report.Machine{Disks: places}, nil},
		"the second":        {&report.Machine{Disks: places, BootDisks: []string{"scsi0:1", "scsi0:0"}}, []int{1}},
		"the first is gone": {&report.Machine{Disks: places, BootDisks: []string{"usb0:0", "SCSI0:1"}}, []int{1}},
		"no disk of it":     {&report.Machine{Disks: places, BootDisks: []string{"scsi1:0"}}, nil},
		"other disks":       {&report.Machine{Disks: places[:1], BootDisks: []string{"scsi0:0"}}, nil},
	} {
		o := opened{source: &source.Source{Disks: two, Machine: test.machine}}
		if got := o.describedBootDisk(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// A firmware that finds nothing on the disks that are there is a sign that one is missing.
func TestFirmwareThatFindsNothing(t *testing.T) {
	t.Parallel()
	esp := parttable.Disk{PartitionTable: "gpt", Partitions: []parttable.Partition{{GPTType: parttable.GPTESP}}}
	loader := parttable.Disk{PartitionTable: "dos", BootCode: parttable.BootCodeLoader}
	empty := parttable.Disk{PartitionTable: "dos"}
	bsd := parttable.Disk{PartitionTable: "gpt", BootCode: parttable.BootCodeGeneric, Loader: parttable.LoaderUnknown}
	for name, test := range map[string]struct {
		disks     []parttable.Disk
		described string
		want      string
	}{
		"nothing described":     {[]parttable.Disk{empty}, "", ""},
		"UEFI and an ESP":       {[]parttable.Disk{loader, esp}, firmwareUEFI, ""},
		"BIOS and a loader":     {[]parttable.Disk{esp, loader}, firmwareBIOS, ""},
		"UEFI without an ESP":   {[]parttable.Disk{loader}, firmwareUEFI, "no disk has an EFI system partition: the new one starts by BIOS"},
		"UEFI and nothing":      {[]parttable.Disk{empty}, firmwareUEFI, "no disk has an EFI system partition: the new one starts by UEFI"},
		"BIOS and other code":   {[]parttable.Disk{esp, bsd}, firmwareBIOS, ""},
		"BIOS without a loader": {[]parttable.Disk{esp}, firmwareBIOS, "no disk has boot code that a BIOS starts: the new one starts by UEFI"},
	} {
		say := newReporter()
		opened{tables: test.disks, source: &source.Source{Machine: &report.Machine{Firmware: test.described}}}.tellFirmware(say)
		switch warnings := say.report.Warnings; {
		case test.want == "" && len(warnings) != 0, test.want != "" && (len(warnings) != 1 || !strings.HasSuffix(warnings[0].Message, test.want) || warnings[0].Remedy == ""):
			t.Errorf("%s: %+v", name, warnings)
		}
	}
}
