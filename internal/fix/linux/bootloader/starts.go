package bootloader

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// outcome is what becomes of a menu entry on the new machine.
type outcome int

const (
	dead    outcome = iota // it does not start, for certain
	unknown                // nobody can tell
	oldDisk                // it starts from a disk that has the name it had on the old machine
	starts
)

// judged is an entry and what becomes of it.
type judged struct {
	menu.Entry

	outcome outcome
	why     string // if it does not start
}

func (j judged) String() string {
	return fmt.Sprintf("%s: %s: %s", j.File, j.Name(), j.why)
}

// repairMenus is the remedy of menus that start nothing.
func repairMenus(menus []menu.Menu) string {
	return "start the guest on its old machine, repair the boot menu there (" + advise(menus, toRepair) + "), and take its disks again"
}

// requireStart makes sure that the firmware of the new machine comes to something
// that starts. What is certain not to is an error, what cannot be told a warning.
func (c *Configuration) requireStart() error {
	menus, err := c.menus()
	if err != nil {
		return err
	}
	c.warnBootSector(menus)
	c.warnCore(menus)
	if err := c.requireProgram(menus); err != nil {
		return err
	}
	if len(menus) == 0 {
		return c.withoutMenu()
	}
	c.lilo(menus)
	entries := c.judgeAll(menus)
	best := dead
	var hopeless []judged
	for i := range menus {
		for _, j := range entries[i] {
			best = max(best, j.outcome)
			if j.outcome < oldDisk {
				hopeless = append(hopeless, j)
			}
		}
	}
	switch best {
	case starts, oldDisk:
		c.warnOldDisk(menus, entries, best == oldDisk)
		entries = asAttached(entries)
		c.warnOtherSystem(menus, entries)
		c.warnWaits(menus, entries)
		c.warnIdleDefault(menus, entries)
		return c.requireDefault(menus, entries)
	case dead, unknown:
	}
	unclear := best == unknown
	var told []string
	for i, m := range menus {
		if m.Unclear != "" {
			unclear = true
			told = append(told, m.File+": "+m.Unclear)
		}
		told = append(told, m.Broken...)
		if len(entries[i]) == 0 && m.Unclear == "" && len(m.Broken) == 0 {
			told = append(told, m.File+" has no entry that starts a kernel of Linux")
		}
	}
	for i, j := range hopeless {
		if i == maxTold {
			told = append(told, fmt.Sprintf("and %d more entries", len(hopeless)-i))
			break
		}
		told = append(told, j.String())
	}
	why := strings.Join(told, "; ")
	alone := !slices.ContainsFunc(menus, func(m menu.Menu) bool { return m.Loader != menu.Unified })
	if c.oldDisk || unclear && alone {
		return nil // told already
	}
	if unclear {
		c.edit.Warn(report.ConcernMenuUncertain, "nothing tells that the guest starts: "+why,
			"look at the menu in the guest before the migration, and start the image before the old machine is given up")
		return nil
	}
	return remedy.With(errors.New("no entry of the guest's boot menus would start it: "+why), repairMenus(menus))
}

// asAttached is what becomes of the entries on the machine that the guest gets: where
// none starts from a virtio disk, that has a disk as the old one had.
func asAttached(entries [][]judged) [][]judged {
	attached := make([][]judged, len(entries))
	for i := range entries {
		if slices.ContainsFunc(entries[i], func(j judged) bool { return j.outcome == starts }) {
			return entries
		}
		attached[i] = slices.Clone(entries[i])
		for n := range attached[i] {
			if attached[i][n].outcome == oldDisk {
				attached[i][n].outcome = starts
			}
		}
	}
	return attached
}

// maxTold is how many entries one message names.
const maxTold = 5

// menus are those that the firmware's loader may show.
func (c *Configuration) menus() ([]menu.Menu, error) {
	all, err := menu.Read(c.edit, c.names.Devices, c.firmware)
	if err != nil {
		return nil, err
	}
	if c.firmware == guest.FirmwareBIOS {
		// A file of the loader that is started counts before those that were left.
		kept := slices.DeleteFunc(slices.Clone(all), func(m menu.Menu) bool { return !readBy(m.Loader, c.bootLoader) })
		if len(kept) > 0 {
			all = kept
		}
	}
	shown := func(m menu.Menu) bool {
		return slices.ContainsFunc(all, func(o menu.Menu) bool { return o.Loader == menu.GRUB && o.Reads(m.Entries[0].File) })
	}
	beside := func(loaders ...menu.Loader) bool {
		return slices.ContainsFunc(all, func(o menu.Menu) bool { return !slices.Contains(loaders, o.Loader) })
	}
	return slices.DeleteFunc(slices.Clone(all), func(m menu.Menu) bool {
		switch m.Loader {
		case menu.LoaderEntries:
			// GRUB shows them, or it is GRUB that a BIOS starts and it does not.
			return shown(m) || c.firmware == guest.FirmwareBIOS && beside(menu.LoaderEntries, menu.LILO)
		case menu.LILO:
			return beside(menu.LILO) // its file is a left-over
		}
		return false
	}), nil
}

// readBy reports whether a menu may be that of the loader which a BIOS starts.
func readBy(l menu.Loader, bootLoader string) bool {
	switch bootLoader {
	case string(menu.GRUB):
		return l == menu.GRUB || l == menu.GRUBLegacy || l == menu.LoaderEntries
	case string(menu.LILO), string(menu.Syslinux):
		return string(l) == bootLoader
	}
	return true
}

// warnBootSector tells where a BIOS does not come to a loader that is known.
func (c *Configuration) warnBootSector(menus []menu.Menu) {
	if c.firmware != guest.FirmwareBIOS {
		return
	}
	var found string
	switch c.bootLoader {
	case "none":
		found = "the boot sectors of the boot disk hold no boot loader: a BIOS finds nothing to start on it"
	case "unknown":
		found = "the code in the boot sector of the boot disk is of no boot loader that is known: what it starts is not known"
	case "Windows":
		found = "the boot sector of the boot disk starts Windows, and not this guest"
	default:
		return
	}
	remedy := "start the guest's image before the old machine is given up; if nothing comes up, install the boot loader from a rescue system (" + advise(menus, toInstall) + ")"
	if c.onlyUEFI(menus) {
		found += "; and what the guest is started by, " + started(menus) + ", UEFI firmware alone starts, from an EFI system partition, of which none was found"
		remedy = "migrate the disk that has the EFI system partition, too; if no disk has one, the guest needs a boot loader that a BIOS starts: " +
			"install one in the guest on its old machine (" + advise(nil, toInstall) + "), and take its disks again"
	}
	c.edit.Warn(report.ConcernBootSector, found, remedy)
}

// onlyUEFI reports whether all menus are of loaders that no BIOS starts, while there
// is nothing that UEFI firmware would start them from.
func (c *Configuration) onlyUEFI(menus []menu.Menu) bool {
	bios := func(m menu.Menu) bool { return !advices[m.Loader].uefi }
	return len(menus) > 0 && !slices.ContainsFunc(menus, bios) && findESP(c.edit.Mounts()) == ""
}

// withoutMenu tells that no menu was found.
func (c *Configuration) withoutMenu() error {
	c.edit.Warn(report.ConcernMenuUncertain, "no boot menu was found in the guest that starts a kernel: whether it starts is not known",
		"check that /boot and the EFI system partition are on the migrated disks and in the guest's /etc/fstab, "+
			"and start the image before the old machine is given up")
	return nil
}

// requireDefault makes sure that what a menu starts by itself does start.
func (c *Configuration) requireDefault(menus []menu.Menu, entries [][]judged) error {
	failed, reached := c.deadDefaults(menus, entries)
	if len(failed) == 0 {
		return nil
	}
	var problems []error
	better := ""
	for _, d := range failed {
		problems = append(problems, d.err())
		if better == "" && d.other != nil {
			better = ", such as " + d.other.Name() + " of " + d.other.File
		}
	}
	if reached {
		for _, problem := range problems {
			c.edit.Warn(report.ConcernMenuDefault, problem.Error(), "choose another default in the guest ("+advise(menus, toChoose)+")")
		}
		return nil
	}
	if i := slices.IndexFunc(failed, func(d deadDefault) bool { return d.menu.Ends != "" }); i >= 0 {
		return remedy.With(fmt.Errorf("the guest would not come up: %w", errors.Join(problems...)),
			"remove the command from "+failed[i].menu.File+" in the guest, and take its disks again")
	}
	return remedy.With(fmt.Errorf("the guest would not come up unless somebody chooses at its boot menu: %w", errors.Join(problems...)),
		chooseDefault(menus, better))
}

// deadDefault is a menu that starts by itself what does not start.
type deadDefault struct {
	menu     menu.Menu
	chosen   judged
	other    *judged // one that starts, or nil
	fallback bool    // other is what the loader goes on with by itself
}

func (d deadDefault) err() error {
	if d.menu.Ends != "" {
		return fmt.Errorf("%s shows no menu: %s before", d.menu.File, d.menu.Ends)
	}
	message := fmt.Sprintf("%s starts by itself an entry that does not start: %s: %s", d.menu.File, d.chosen.Name(), d.chosen.why)
	switch {
	case d.fallback:
		message += ", so that its fallback"
	case d.other != nil:
		message += ", while"
	}
	if d.other != nil {
		message += " " + d.other.Name() + " of " + d.other.File + " does"
	}
	return errors.New(message)
}

// deadDefaults finds the menus that start by themselves what does not start. reached
// says that some menu, or a fallback, comes to what does, or is not known not to.
func (c *Configuration) deadDefaults(menus []menu.Menu, entries [][]judged) (failed []deadDefault, reached bool) {
	for i, m := range menus {
		d := deadDefault{menu: m}
		switch {
		case m.Ends != "":
			failed = append(failed, d)
			continue
		case m.Default >= 0 && entries[i][m.Default].outcome == dead:
			d.chosen = entries[i][m.Default]
		case m.Default < 0 && m.Idle != "" && m.Unclear == "":
			e := menu.Entry{File: m.File, Title: m.DefaultTitle, Choice: m.DefaultTitle}
			d.chosen = judged{Entry: e, why: m.Idle}
		default:
			reached = reached || slices.ContainsFunc(entries[i], func(j judged) bool { return j.outcome == starts })
			continue
		}
		if m.Fallback >= 0 && entries[i][m.Fallback].outcome == starts {
			d.other, d.fallback, reached = &entries[i][m.Fallback], true, true
		} else if at := c.replacement(entries[i]); at >= 0 {
			d.other = &entries[i][at]
		} else if at := slices.IndexFunc(entries[i], func(j judged) bool { return j.outcome == starts }); at >= 0 {
			d.other = &entries[i][at]
		}
		failed = append(failed, d)
	}
	return failed, reached
}

// warnOldDisk tells of the menu, if there is one, that starts by itself an entry which
// needs a disk that is called as in the old machine. Where no default is known to do
// without, or nothing else starts at all (only), the new machine gets such a disk.
func (c *Configuration) warnOldDisk(menus []menu.Menu, entries [][]judged, only bool) {
	var needs *judged
	without, told := false, c.oldDisk
	for i, m := range menus {
		for n := range entries[i] {
			switch j := &entries[i][n]; {
			case j.outcome == oldDisk && needs == nil && (only || n == m.Default):
				needs, told = j, told || m.Loader == menu.Unified
			case j.outcome == starts && n == m.Default:
				without = true
			}
		}
	}
	if needs == nil {
		return
	}
	if c.oldDisk = c.oldDisk || !without; told {
		return
	}
	better := "name the root file system by UUID"
	if needs.NativeDisk != "" {
		better = "remove nativedisk and `insmod ahci`, and have GRUB find its file system by search --fs-uuid,"
	}
	c.edit.Warn(report.ConcernOldDiskName, needs.String()+": on a virtio disk it does not start",
		better+" in "+needs.File+" in the guest before the migration; or attach its disk to a SATA controller, if it was a SCSI or SATA disk")
}

// warnIdleDefault tells where a menu starts by itself what is no kernel of Linux: it
// halts, goes back to the firmware, or starts another disk.
func (c *Configuration) warnIdleDefault(menus []menu.Menu, entries [][]judged) {
	for i, m := range menus {
		if m.Default >= 0 || m.DefaultTitle == "" || m.Unclear != "" || m.Idle != "" || m.Fallback >= 0 && entries[i][m.Fallback].outcome == starts {
			continue
		}
		better := ""
		if at := c.replacement(entries[i]); at >= 0 {
			better = ", such as " + entries[i][at].Name()
		}
		c.edit.Warn(report.ConcernMenuDefault, fmt.Sprintf("%s starts by itself entry %q, which starts no kernel of Linux: the guest does not come up unless somebody chooses another", m.File, m.DefaultTitle),
			chooseDefault([]menu.Menu{m}, better))
	}
}

// warnOtherSystem tells where a menu starts by itself another system than the one
// that was fixed.
func (c *Configuration) warnOtherSystem(menus []menu.Menu, entries [][]judged) {
	for i, m := range menus {
		if m.Default < 0 || entries[i][m.Default].outcome != starts || !c.names.HasRoot {
			continue
		}
		e := entries[i][m.Default].Entry
		if what := c.otherSystem(e); what != "" {
			c.edit.Warn(report.ConcernMenuOtherSystem, fmt.Sprintf("%s starts by itself another system than the one that was fixed: %s has %s", m.File, e.Name(), what),
				"if the other is meant, migrate without the disk, snapshot or subvolume that holds this one")
		}
	}
}

// otherSystem is the parameter of an entry that names another system than the one that
// was fixed, or nothing.
func (c *Configuration) otherSystem(e menu.Entry) string {
	root, _ := e.Parameter("root")
	d, found := c.names.Resolve(root)
	if !found {
		return ""
	}
	if d.Name != c.names.Root.Name && (d.UUID == "" || d.UUID != c.names.Root.UUID) { // several may share it
		return "root=" + root
	}
	if flags, ok := e.Parameter("rootflags"); ok && d.FSType == "btrfs" {
		return c.otherSubvolume(flags)
	}
	return ""
}

// otherSubvolume is the option of rootflags= that names another subvolume than the
// one that is mounted at /, or nothing.
func (c *Configuration) otherSubvolume(flags string) string {
	mounted := ""
	for _, m := range c.edit.Mounts() {
		if m.Path == "/" {
			mounted, _ = strings.CutPrefix(m.Options, "subvol=")
		}
	}
	for flag := range strings.SplitSeq(flags, ",") {
		if wanted, ok := strings.CutPrefix(flag, "subvol="); ok && mounted != "" && strings.Trim(wanted, "/") != strings.Trim(mounted, "/") {
			return "rootflags=" + flag
		}
	}
	return ""
}

// judgeAll says of each menu what becomes of its entries.
func (c *Configuration) judgeAll(menus []menu.Menu) [][]judged {
	entries := make([][]judged, len(menus))
	for i, m := range menus {
		for _, e := range m.Entries {
			entries[i] = append(entries[i], c.judge(m, e))
		}
	}
	return entries
}

// judge says what becomes of an entry.
func (c *Configuration) judge(m menu.Menu, e menu.Entry) judged {
	j := judged{Entry: e, outcome: starts}
	worse := func(o outcome, why string) {
		if o < j.outcome {
			j.outcome, j.why = o, why
		}
	}
	file := func(what string, f menu.File) {
		switch f.State {
		case menu.Missing:
			if f.Absent != "" {
				worse(dead, "its "+what+" "+f.Name+" is looked for on "+f.Absent+", which is on no disk of the guest")
				return
			}
			worse(dead, "its "+what+" "+f.Name+" is not in the guest")
		case menu.Unknown:
			worse(unknown, "whether its "+what+" "+f.Name+" is there is not known")
		case menu.Found:
			if info, err := c.edit.Stat(f.Path); err == nil && info.Size == 0 && what == "kernel" {
				worse(dead, "its kernel "+f.Name+" is an empty file")
			}
		}
	}
	if e.Unified {
		cmdline, err := menu.UnifiedCmdline(c.edit, e.Kernel.Path)
		if err != nil {
			worse(unknown, "its kernel parameters could not be read: "+err.Error())
			return j
		}
		e.Parameters = strings.Fields(cmdline)
		worse(c.judgeRoot(e, true))
		worse(c.judgeFIPS(e, true))
		return j
	}
	if e.Kernel.Name != "" {
		file("kernel", e.Kernel)
	}
	for _, image := range e.Initramfs {
		file("initramfs", image)
	}
	if e.NativeDisk != "" {
		worse(oldDisk, "it reads its kernel by "+e.NativeDisk+", a driver of GRUB's own for SATA disks")
	}
	if e.Unclear != "" {
		worse(unknown, e.Unclear)
	}
	images, empty := c.initramfs(e)
	o, why := c.judgeRoot(e, images > 0)
	if empty != "" && o == unknown {
		why += " (" + empty + " is an empty file)"
	}
	worse(o, why)
	worse(c.judgeFIPS(e, images > 0))
	if m.Unclear != "" && j.outcome == dead {
		j.outcome = unknown // what the menu sets may be set otherwise
	}
	return j
}

// initramfs counts the images of an entry that hold something, and names one that does
// not: a kernel takes it for none.
func (c *Configuration) initramfs(e menu.Entry) (images int, empty string) {
	for _, image := range e.Initramfs {
		if image.State == menu.Found {
			if info, err := c.edit.Stat(image.Path); err == nil && info.Size == 0 {
				empty = image.Name
				continue
			}
		}
		images++
	}
	return images, empty
}

// judgeRoot says what becomes of an entry with this root=. What is no local disk is
// left to whoever mounts it.
func (c *Configuration) judgeRoot(e menu.Entry, initramfs bool) (outcome, string) {
	root, ok := e.Parameter("root")
	if early, given := e.Parameter("real_root"); given {
		root, ok = early, true
	}
	if !ok || root == "" {
		return starts, ""
	}
	parameter := "root=" + root
	if strings.Contains(root, "$") {
		return unknown, parameter + " has a variable whose value is not known"
	}
	if spec, numbered := devname.Numbered(root); numbered {
		root = spec
	}
	_, found := c.names.Resolve(root)
	tag, _, tagged := strings.Cut(root, "=")
	switch {
	case devname.IsStale(root):
		return oldDisk, parameter + " names a disk as the old machine did"
	case tagged && slices.Contains([]string{"UUID", "LABEL", "PARTUUID", "PARTLABEL"}, tag):
		switch {
		case !found && (strings.Contains(root, "/") || !c.names.HasRoot || c.names.HasLockedDevice()):
			return unknown, parameter + " was not found"
		case !found:
			return dead, parameter + " is on no disk of the guest"
		case !initramfs && !strings.HasPrefix(tag, "PART"):
			return unknown, parameter + " is not understood by a kernel alone, and it gets no initramfs"
		}
	case !found && strings.HasPrefix(root, "/dev/disk/by-id/md-uuid-") && c.hasID("linux_raid_member", strings.TrimPrefix(root, "/dev/disk/by-id/md-uuid-")),
		!found && strings.HasPrefix(root, "/dev/disk/by-id/dm-uuid-LVM-") && c.names.Root.Kind == guest.KindLV:
		return starts, "" // on any machine; which of several it is, is not known
	case !found && strings.HasPrefix(root, "/dev/disk/by-id/dm-uuid-"):
		return unknown, parameter + " was not found"
	case strings.HasPrefix(root, "/dev/disk/by-") && !found && c.names.HasRoot && !c.names.HasLockedDevice():
		return dead, parameter + " is on no disk of the guest"
	case !found && c.isForeignVolume(root) && c.seesAll():
		return dead, parameter + " is on no disk of the guest"
	case !found && (c.isForeignVolume(root) || strings.HasPrefix(root, "/dev/mapper/") || strings.HasPrefix(root, "/dev/disk/")):
		return unknown, parameter + " was not found"
	}
	return starts, ""
}

// lilo tells of LILO: it keeps the number of the root device, and where its kernels
// lie, in a map that its own program writes, so that no edit helps.
func (c *Configuration) lilo(menus []menu.Menu) {
	for _, m := range menus {
		named := func(e menu.Entry) bool {
			o, _ := c.judgeRoot(e, len(e.Initramfs) > 0)
			return o == oldDisk
		}
		if m.Loader != menu.LILO || !slices.ContainsFunc(m.Entries, named) {
			continue
		}
		c.oldDisk = true
		c.edit.Warn(report.ConcernOldDiskName, "the guest is started by LILO ("+m.File+"), which keeps the root device as a number of the old machine's disk: on a virtio disk the guest will not start",
			"attach the disk to a SATA controller, if it was a SCSI or SATA disk; or write root=\"UUID=...\" and boot=/dev/vda into "+m.File+
				" and run lilo in the guest from a rescue system; or install GRUB in the guest before the migration")
	}
}
