package bootloader

import (
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

// deviceMaps tell GRUB's tools which BIOS drive a device is. GRUB finds that
// out by itself where there is no such file.
var deviceMaps = []string{"/boot/grub/device.map", "/boot/grub2/device.map"}

// FixDeviceMap removes what a device.map says of the old machine's disks: with
// it, grub-install and grub-mkconfig fail in the migrated guest.
func FixDeviceMap(e *edit.Editor) error {
	for _, path := range deviceMaps {
		text, ok, err := e.Read(path)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		fixed, empty := editDeviceMap(text)
		switch {
		case fixed == text:
		case empty:
			err = e.Remove(path, "remove the map of the old machine's disks; GRUB finds disks by itself")
		default:
			err = e.Rewrite(path, fixed, 0o644, "remove the old machine's disks", meantFewer)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// editDeviceMap drops the lines that tie a drive to a name of the old machine.
// empty is set if no drive is left.
func editDeviceMap(text string) (fixed string, empty bool) {
	empty = true
	var kept strings.Builder
	for _, line := range strings.SplitAfter(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) >= 2 && strings.HasPrefix(fields[0], "(") {
			if kind := devname.Classify(fields[1]); kind != devname.Other {
				continue
			}
			empty = false
		}
		kept.WriteString(line)
	}
	return kept.String(), empty
}

// meantFewer: entries go.
func meantFewer(_, is *conf.Entry) bool { return is == nil }
