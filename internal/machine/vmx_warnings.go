package machine

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// vmxFile is a key that names the file of a drive.
var vmxFile = regexp.MustCompile(`^((?:ide|scsi|sata|nvme)[0-9]{1,2}:[0-9]{1,2})\.filename$`)

// Warnings are what a VMX file says that is not taken as it stands, or that a person
// has to look after.
func (v VMX) Warnings() []report.Warning {
	var found []report.Warning
	found = append(found, v.warnRunning()...)
	found = append(found, v.warnWords()...)
	found = append(found, v.warnDrives()...)
	return append(found, v.warnNICs()...)
}

// warnRunning: VMware writes FALSE when it starts a machine, and TRUE when that has
// been shut down or switched off.
func (v VMX) warnRunning() []report.Warning {
	if v.text("cleanShutdown") == "" || v.is("cleanShutdown") || v.text("checkpoint.vmState") != "" {
		return nil
	}
	return []report.Warning{{
		ID:      report.ConcernOpenDisk,
		Message: "cleanShutdown is FALSE: the machine was running when its folder was copied, or its host lost power",
		Remedy:  "shut the machine down there and copy its folder again; a disk that changed while it was copied may be damaged",
	}}
}

// warnWords tells of values that are none, where others are taken instead.
func (v VMX) warnWords() []report.Warning {
	var found []report.Warning
	misread := func(key, instead string) {
		found = append(found, report.Warning{
			ID: report.ConcernDescription, Message: fmt.Sprintf("%s is %q, which is not understood: %s", key, shown(v.text(key)), instead),
			Remedy: "correct it in the .vmx file, or give the new machine what the old one had",
		})
	}
	if word := v.text("firmware"); word != "" && firmwareOf(word) == "" {
		misread("firmware", "the firmware is told by the guest's disks alone")
	}
	if v.text("memsize") != "" && v.number("memsize") == 0 {
		misread("memsize", fmt.Sprintf("the new machine gets %d MiB", DefaultMemoryMiB))
	}
	if v.text("numvcpus") != "" && v.processors() == 0 {
		misread("numvcpus", "the new machine gets one processor")
	}
	return found
}

// warnDrives tells of disks that are left out, and of data that are in none of the
// disks' files.
func (v VMX) warnDrives() []report.Warning {
	var found []report.Warning
	add := func(id report.ConcernID, remedy, format string, args ...any) {
		found = append(found, report.Warning{ID: id, Message: fmt.Sprintf(format, args...), Remedy: remedy})
	}
	drives := map[string]bool{}
	for _, p := range v.places(vmxDrive) {
		drives[p.String()] = true
	}
	for _, key := range slices.Sorted(maps.Keys(v)) {
		match := vmxFile.FindStringSubmatch(key)
		if match == nil || !strings.HasSuffix(strings.ToLower(v[key]), ".vmdk") || drives[match[1]] || v.isNot(match[1]+".present") {
			continue
		}
		add(report.ConcernDescription, "set "+match[1]+".present to TRUE in the .vmx file if the machine had that disk",
			"%s names the disk %s and is not said to be present: it is left out", match[1], shown(v[key]))
	}
	for _, p := range v.places(vmxDrive) {
		at, controller := p.String(), fmt.Sprintf("%s%d", buses[p.bus], p.controller)
		if v.isDisk(p) && v.text(at+".fileName") == "" {
			add(report.ConcernDescription, "name its file in the .vmx file", "%s is a disk without a file: it is left out", at)
		}
		if v.isNot(controller + ".present") {
			add(report.ConcernDescription, "take the disk out of the .vmx file if the machine did not have it",
				"%s is at a controller that is not present: it is migrated all the same", at)
		}
		if redo := v.text(at + ".redo"); redo != "" && !strings.HasSuffix(strings.ToLower(v.text(at+".mode")), "nonpersistent") {
			add(report.ConcernNewerState, "commit the redo log there, and copy the machine's folder again",
				"%s has a redo log, %s: what was written since it began is not migrated", at, shown(redo))
		}
	}
	return found
}

// warnNICs tells of cards whose addresses or links are not what the old ones' were.
func (v VMX) warnNICs() []report.Warning {
	var found []report.Warning
	tell := func(remedy, format string, args ...any) {
		found = append(found, report.Warning{ID: report.ConcernDescription, Message: fmt.Sprintf(format, args...), Remedy: remedy})
	}
	names := map[string]string{}
	for _, number := range v.cards() {
		name := fmt.Sprintf("ethernet%d", number)
		for _, key := range []string{".address", ".generatedAddress"} {
			if address := v.text(name + key); address != "" && macAddress(address) == "" {
				tell("correct it in the .vmx file, or give the card's address in source.nics",
					"%s%s is %q, which is no address that a card can have: it is passed over", name, key, shown(address))
			}
		}
		if mac := v.nic(number).MAC; mac != "" {
			if other := names[mac]; other != "" {
				tell("give each card its own address in the .vmx file, and the same in the guest's network configuration",
					"%s and %s have one hardware address, %s: the guest cannot tell them apart", other, name, mac)
			}
			names[mac] = name
		}
		if v.isNot(name + ".startConnected") {
			tell("take down the link of the new machine's card if it is to stay so (libvirt: <link state='down'/>)",
				"%s was not connected when the old machine started: the new machine's card is", name)
		}
	}
	return found
}

// shown is a value as it may stand in a message.
func shown(value string) string {
	quoted := strconv.Quote(value)
	quoted = quoted[1 : len(quoted)-1]
	if runes := []rune(quoted); len(runes) > 100 {
		return string(runes[:100]) + "..."
	}
	return quoted
}
