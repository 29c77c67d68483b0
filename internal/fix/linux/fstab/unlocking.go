package fstab

import (
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// unlockingNotes tells what an entry of crypttab needs that the new machine may not
// have: the encrypted device, the device of its key or header, a unit of the old
// machine's disk, a TPM.
func unlockingNotes(number int, t conf.TableLine, n devname.Names) (notes []edit.Note) {
	options := ""
	if len(t.Fields) > 3 {
		options = t.Fields[3]
	}
	if conf.HasOption(options, "noauto") || len(n.Devices) == 0 {
		return nil
	}
	note := func(id report.ConcernID, what, remedy string) {
		notes = append(notes, edit.Note{ID: id, Line: number, Message: fmt.Sprintf("%s (%s) %s", what, t.Fields[0], "is not certain to be there on the new machine: the device stays locked without it"), Remedy: remedy})
	}
	const byUUID = "name it by UUID in the guest, or migrate the disk that holds it, too"
	spec, _ := conf.UnquoteSpec(t.Fields[1])
	mapped := strings.HasPrefix(spec, "/dev/mapper/") || strings.HasPrefix(spec, "/dev/disk/by-uuid/") || strings.HasPrefix(spec, "UUID=") || strings.HasPrefix(spec, "PARTUUID=")
	if mapped && !devname.IsStale(spec) && n.IsGone(spec) {
		note(report.ConcernCrypttabDevice, spec, byUUID)
	}
	if len(t.Fields) > 2 {
		if device := deviceOf(t.Fields[2]); device != "" && n.IsGone(device) {
			note(report.ConcernCrypttabKey, "the key on "+device, byUUID)
		}
	}
	for option := range strings.SplitSeq(options, ",") {
		key, value, _ := strings.Cut(option, "=")
		switch {
		case key == "header":
			if device := deviceOf(value); device != "" && n.IsGone(device) {
				note(report.ConcernCrypttabKey, "the header on "+device, byUUID)
			}
		case strings.HasPrefix(key, "x-systemd.") && strings.HasSuffix(value, ".device"):
			if device := unitDevice(value); devname.IsStale(device) && !n.Holds(device) {
				note(report.ConcernCrypttabDevice, option, "remove the option in the guest, or name the unit of a path under /dev/disk/by-uuid")
			}
		case key == "tpm2-device":
			note(report.ConcernCrypttabTPM, "the TPM of "+option, "enroll a passphrase in the guest before the migration, and the new machine's TPM afterwards")
		case key == "fido2-device" || key == "pkcs11-uri":
			note(report.ConcernCrypttabKey, "the token of "+key, "give the new machine that USB device, or make sure that a passphrase unlocks the device, too")
		}
	}
	return notes
}

// deviceOf is the device in the name of a key or header: /dev/sda3, /key:/dev/sda1,
// /dev/sda1:/key; or nothing.
func deviceOf(name string) string {
	if spans := devname.Spans(name); len(spans) > 0 {
		return name[spans[0].From:spans[0].To]
	}
	if i := strings.LastIndex(name, ":"); i >= 0 && (strings.HasPrefix(name[i+1:], "UUID=") || strings.HasPrefix(name[i+1:], "LABEL=")) {
		return name[i+1:]
	}
	return ""
}

// unitDevice is the path that a device unit such as dev-sdb1.device stands for.
func unitDevice(unit string) string { return conf.UnitPath(strings.TrimSuffix(unit, ".device")) }
