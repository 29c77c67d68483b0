package menu

import (
	"regexp"
	"strings"
)

// allNative is the variable, of a name that no script has, which says that GRUB reads
// disks by its own drivers alone.
const allNative = "\x00native"

var nativeName = regexp.MustCompile(`^(?:` + nativeToken + `)?(ahci[0-9]+)(,|$)`)

// nativeDisk is the disk in a name that GRUB's driver of SATA controllers makes.
func nativeDisk(name string) string {
	if m := nativeName.FindStringSubmatch(strings.Trim(name, "()")); m != nil {
		return m[1]
	}
	return ""
}

// nativeDisks is what nativedisk and ahci's module do when they are loaded: disks that
// the firmware has, as those of virtio, are there no more (grub_stop_disk_firmware).
func (s *grubScript) nativeDisks(command string) {
	if s.unsure == 0 && !s.mayReturn {
		s.vars[allNative] = command
	}
}

// readsNative says by which native disk or command a file is read; or nothing.
func (s *grubScript) readsNative(word string) string {
	if device, _, ok := strings.Cut(word, ")"); ok && strings.HasPrefix(device, "(") {
		if disk := nativeDisk(s.expand(device[1:])); disk != "" {
			return disk
		}
	} else if disk, ok := strings.CutPrefix(s.vars["root"], nativeToken); ok {
		return disk
	}
	if all := s.vars[allNative]; !strings.Contains(all, vagueValue) {
		return all
	}
	return ""
}
