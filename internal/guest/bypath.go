package guest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// slot is a place that a disk hung at in the old machine, as udev names it
// below /dev/disk/by-path.
type slot struct {
	name    string // without a partition
	adapter string // "pci-0000:03:00.0-scsi"
	numbers []int  // what follows: host, channel, target and LUN of SCSI, a port, a LUN
}

var slotForm = regexp.MustCompile(`^((?:pci|acpi|platform|vmbus)-.+?-(?:scsi|ata|nvme|sas-phy|lun))-?([0-9]+(?:[:.][0-9]+)*)(?:-lun-0)?$`)

// parseSlot reads a name below /dev/disk/by-path.
func parseSlot(name string) (slot, bool) {
	if match := partSuffix.FindStringIndex(name); match != nil {
		name = name[:match[0]]
	}
	match := slotForm.FindStringSubmatch(name)
	if match == nil {
		return slot{}, false
	}
	s := slot{name: name, adapter: match[1]}
	for _, field := range strings.FieldsFunc(match[2], func(r rune) bool { return r == ':' || r == '.' }) {
		number, err := strconv.Atoi(field)
		if err != nil {
			return slot{}, false
		}
		s.numbers = append(s.numbers, number)
	}
	return s, true
}

// learnSlots finds out which disk each slot held that the guest's tables name,
// where there are several: if they name as many slots as there are disks, they
// are in the disks' order, and on a single adapter the target or port tells the
// disk. Else nobody knows.
func learnSlots(devices Devices, specs []string) {
	var disks []int
	for i, device := range devices {
		if device.Kind == KindDisk {
			disks = append(disks, i)
		}
	}
	var slots []slot
	for _, spec := range specs {
		name, ok := strings.CutPrefix(spec, "/dev/disk/by-path/")
		if !ok {
			continue
		}
		s, ok := parseSlot(decodeLink(name))
		if !ok {
			return
		}
		if !slices.ContainsFunc(slots, func(other slot) bool { return other.name == s.name }) {
			slots = append(slots, s)
		}
	}
	slices.SortFunc(slots, func(a, b slot) int {
		if order := strings.Compare(a.adapter, b.adapter); order != 0 {
			return order
		}
		return slices.Compare(a.numbers, b.numbers)
	})
	oneAdapter := len(slices.CompactFunc(slices.Clone(slots), func(a, b slot) bool { return a.adapter == b.adapter })) == 1
	for n, s := range slots {
		position, ok := n, true
		if len(slots) != len(disks) {
			position, ok = s.position()
			ok = ok && oneAdapter
		}
		if ok && position < len(disks) {
			devices[disks[position]].Slot = s.name
		}
	}
}

// position is the place of the slot's disk among those of a full adapter.
func (s slot) position() (int, bool) {
	switch {
	case strings.HasSuffix(s.adapter, "-scsi") && len(s.numbers) == 4 && s.numbers[0] == 0 && s.numbers[1] == 0 && s.numbers[3] == 0:
		target := s.numbers[2]
		if target > 7 {
			target-- // 7 is the adapter itself
		}
		return target, true
	case strings.HasSuffix(s.adapter, "-ata"), strings.HasSuffix(s.adapter, "-nvme"):
		return s.numbers[0] - 1, s.numbers[0] > 0 // ports and name spaces count from 1
	case strings.HasSuffix(s.adapter, "-sas-phy"), strings.HasSuffix(s.adapter, "-lun"):
		return s.numbers[0], true
	}
	return 0, false
}
