package bootloader

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// TellLeft tells what of a configuration that was not edited the new machine will not
// find. The names are as devname.Names.On has them; mended is what to set for all of it
// to be repaired.
func (c *Configuration) TellLeft(names devname.Names, mended string) error {
	scope := c.scope()
	scope.names = names
	err := c.eachFile(func(name, text string, f bootfile.File) error {
		fixed, findings := editors[f.Format](text, scope)
		later := ", and later boot menus are made with it"
		if f.AtBoot {
			later = ""
		}
		c.warnLeft(name, leftInFile(text, fixed, findings, names, mended, f.AtBoot), later)
		return nil
	})
	if err != nil {
		return err
	}
	if err := c.tellLeftMaps(names, mended); err != nil {
		return err
	}
	return c.tellLeftInstallDevices(names, mended)
}

// TellLeftEarly is the same for what FixEarlyFiles and RemoveCaches put right.
func (c *Configuration) TellLeftEarly(names devname.Names, mended string) error {
	scope := c.scope()
	scope.names = names
	for _, f := range earlyFiles {
		err := c.edit.EachFile(f.pattern, func(name, text string) error {
			fixed, findings := f.edit(text, scope)
			left := leftInFile(text, fixed, findings, names, mended, false)
			switch f.description {
			case toVirtioDisks:
				left = leftInLVM(text, names, mended)
			case toAnyDisk:
				left = leftInMdadm(text, fixed, findings, names, mended)
			}
			for i := range left {
				if left[i].ID == report.ConcernBootDevice {
					left[i].ID = report.ConcernEarlyDevice
				}
			}
			c.warnLeft(name, left, "")
			return nil
		})
		if err != nil {
			return err
		}
	}
	return c.tellLeftDeviceLists(mended)
}

func (c *Configuration) warnLeft(file string, left []report.Warning, later string) {
	for i := range left {
		left[i].Message = file + ": " + left[i].Message + later
	}
	c.edit.WarnOfFile(file, "entries", left)
}

// leftInFile tells of each name once that an edit would have put another one in the place
// of, and of what it found beside.
func leftInFile(text, fixed string, findings []finding, n devname.Names, mended string, atBoot bool) (left []report.Warning) {
	seen := map[string]bool{}
	was, is := strings.SplitAfter(text, "\n"), strings.SplitAfter(fixed, "\n")
	for i, line := range was {
		if i < len(is) && line == is[i] {
			continue
		}
		for _, spec := range slices.Concat(n.Stale(line), staleNumbers(line, n), madeOfVariables(line)) {
			if seen[spec] {
				continue
			}
			seen[spec] = true
			w := report.Warning{
				ID: report.ConcernBootDevice, Message: fmt.Sprintf("line %d: %s stays as it is, and is no name of that device on the new machine", i+1, spec),
				Remedy: mended + "; or name the device by UUID there in the guest, and take its disks again",
			}
			if atBoot && isVital(line, spec) {
				w.ID = report.ConcernMenuStarts
				w.Message += ": the guest may not boot"
			}
			left = append(left, w)
		}
	}
	for _, found := range findings {
		if found.err == nil && seen[found.spec] { // told as one that an edit would replace
			continue
		}
		w := report.Warning{ID: found.kind(report.ConcernBootDevice), Message: found.String(), Remedy: found.remedy()}
		if found.err == nil {
			w.ID, w.Message = report.ConcernBootDevice, fmt.Sprintf("%s=%s stays as it is, and names no device of this guest", found.param, found.spec)
			w.Remedy = mended + ", which writes " + found.name + " in its place; or write that in the guest, and take its disks again"
		}
		if atBoot && !found.otherOS && (found.param == "root" || found.param == "real_root") {
			w.ID = report.ConcernMenuStarts
		}
		left = append(left, w)
	}
	return left
}

// isVital reports whether a line names a device for something that a boot does not go on
// without.
func isVital(line, spec string) bool {
	return slices.ContainsFunc(conf.KernelWords(line), func(w conf.Word) bool {
		param, value, _ := strings.Cut(w.Text, "=")
		return strings.Contains(value, spec) && !strings.HasSuffix(param, "resume") && !strings.HasSuffix(param, "swap-extra")
	})
}

// staleNumbers are root= and resume= by the number of a device that has another one on
// the new machine.
func staleNumbers(line string, n devname.Names) (found []string) {
	for _, w := range conf.KernelWords(line) {
		param, value, _ := strings.Cut(w.Text, "=")
		if name, ok := devname.Numbered(value); ok && numberParams[param] && devname.IsStale(name) && !n.Holds(name) {
			found = append(found, value)
		}
	}
	return found
}

// madeOfVariables are the parameters of a line that an edit would have changed and whose
// devices have variables in their names.
func madeOfVariables(line string) (found []string) {
	for _, w := range conf.KernelWords(line) {
		param, value, _ := strings.Cut(w.Text, "=")
		if tagParams[param] && strings.HasPrefix(value, "/dev/") && grubVariable.MatchString(value) {
			found = append(found, value)
		}
	}
	return found
}

// HidesDisks reports whether a text of a file of LVM's or mdadm's hides what the guest has
// on the new machine's disks.
func HidesDisks(file, text string, n devname.Names) bool {
	switch "/" + strings.TrimPrefix(file, "/") {
	case "/etc/lvm/lvm.conf", "/etc/lvm/lvmlocal.conf":
		return len(leftInLVM(text, n, "")) > 0
	case "/etc/mdadm.conf", "/etc/mdadm/mdadm.conf":
		fixed, findings := editMdadmFile(text, bootScope{names: n})
		return len(leftInMdadm(text, fixed, findings, n, "")) > 0
	}
	return false
}

// leftInLVM tells of a filter that hides the guest's volume groups on the new machine.
func leftInLVM(text string, n devname.Names, mended string) []report.Warning {
	const remedy = "; or have the filter in the guest accept its disks on the new machine (/dev/vda and so on on virtio), and take its disks again"
	filters, err := lvmFilters(text)
	if err != nil {
		return []report.Warning{{ID: report.ConcernFileNotEdited, Message: "its filter cannot be read: " + err.Error(), Remedy: "correct the filter in the guest: LVM may not find the guest's volume groups"}}
	}
	if volumes, _ := physicalVolumes(n.Devices); len(volumes) == 0 && !n.HasLockedDevice() {
		return nil
	}
	for _, f := range filters {
		if hidden := f.hides(f, n, false); hidden != "" {
			return []report.Warning{{ID: report.ConcernBootDevice, Message: f.key + " hides the guest's volume groups on the disks of the new machine", Remedy: mended + remedy}}
		}
	}
	if n.Kind() == "vd" && editLVMScan(text) != text {
		return []report.Warning{{ID: report.ConcernBootDevice, Message: "scan has LVM look in directories alone that may hold no name of a virtio disk", Remedy: mended + "; or add /dev to it in the guest"}}
	}
	return nil
}

// leftInMdadm tells of disks by whose names alone arrays are found.
func leftInMdadm(text, fixed string, findings []finding, n devname.Names, mended string) []report.Warning {
	if fixed == text && len(findings) == 0 || n.Kind() == "sd" && len(n.Stale(text)) == 0 {
		return nil
	}
	return []report.Warning{{
		ID: report.ConcernBootDevice, Message: "arrays are looked for on disks that have other names on the new machine, and are not found there",
		Remedy: mended + "; or write DEVICE partitions in the guest, and UUID= in place of devices=, and take its disks again",
	}}
}

// tellLeftMaps tells of what FixDeviceMap would have removed.
func (c *Configuration) tellLeftMaps(names devname.Names, mended string) error {
	for _, path := range deviceMaps {
		text, ok, err := c.edit.Read(path)
		if err != nil {
			return err
		}
		if stale := names.Stale(text); ok && len(stale) > 0 {
			c.edit.Warn(report.ConcernInstallDevice, fmt.Sprintf("%s stays as it is, with %s: with it, grub-install and grub-mkconfig fail on the new machine", path, strings.Join(stale, ", ")),
				mended+"; or remove the file in the guest: GRUB finds disks by itself")
		}
	}
	return nil
}

// tellLeftInstallDevices tells of what FixInstallDevices would have changed.
func (c *Configuration) tellLeftInstallDevices(names devname.Names, mended string) error {
	text, _, err := c.edit.Read(debconfAnswers)
	if err != nil {
		return err
	}
	fixed, unknown := editInstallDevices(text, names.Kind(), names)
	if fixed != text || len(unknown) > 0 {
		c.edit.Warn(report.ConcernInstallDevice, debconfAnswers+" stays as it is: GRUB is to be installed at its next upgrade on a disk that has another name on the new machine",
			mended+"; or run dpkg-reconfigure grub-pc in the guest on the new machine: the upgrade of the package fails otherwise")
	}
	return nil
}
