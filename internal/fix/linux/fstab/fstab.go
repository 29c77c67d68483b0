// Package fstab gives the tables of file systems and of encrypted devices names
// that hold on any machine.
package fstab

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const fstabPath = "/etc/fstab"

// Fix gives the lines of fstab stable names, as the mode says.
func Fix(e *edit.Editor, names devname.Names, mode string) error {
	text, ok, err := e.Read(fstabPath)
	if err != nil || !ok || mode == ModeNoop {
		return err
	}
	opened, made, err := readOpened(e)
	if err != nil {
		return err
	}
	fixed, notes := editFstabOf(text, mode, names, opened, made)
	e.WarnNotes(fstabPath, notes)
	return e.Rewrite(fstabPath, fixed, 0o644, "use stable names for file systems and swap", meantInFstab)
}

// readOpened reads what gives devices their names: crypttab to what it opens, and what
// readMade reads.
func readOpened(e *edit.Editor) (opened []string, made madeNames, err error) {
	for _, table := range crypttabs {
		text, _, err := e.Read(table)
		if err != nil {
			return nil, made, err
		}
		opened = append(opened, openedBy(text)...)
	}
	made, err = readMade(e)
	return opened, made, err
}

// Shown is the guest's fstab with its secrets hidden; empty where there is none.
func Shown(e *edit.Editor) (string, error) {
	text, _, err := e.Read(fstabPath)
	return edit.HideSecrets(text), err
}

// editFstab replaces names of the old machine in fstab's first column and in
// the mount options that name devices. Everything else keeps its bytes, but
// for blanks that make up for a name's new length. opened are the names that crypttab
// gives to what it opens.
func editFstab(text, mode string, n devname.Names, opened ...string) (string, []edit.Note) {
	return editFstabOf(text, mode, n, opened, madeNames{})
}

func editFstabOf(text, mode string, n devname.Names, opened []string, made madeNames) (string, []edit.Note) {
	if mode == ModeNoop {
		return text, nil
	}
	var notes []edit.Note
	text, marked := strings.CutPrefix(text, byteOrderMark)
	fixed := conf.EditTable(text, func(number int, line string, t conf.TableLine) string {
		e := fstabEntry{table: t, mode: mode, names: n, opened: opened, made: made, line: number}
		if e.isSharedFolder() {
			line = sharedFolderMark + line
			e.note(report.ConcernFstabShared, fmt.Sprintf("%s (%s) was commented out: it is a shared folder of the old machine's host, which the guest would fail to mount at each boot",
				e.column(0), e.column(1)), "share the folder otherwise (virtiofs, NFS) if the guest still needs it")
		} else {
			e.edit()
			line = e.table.String()
		}
		notes = append(notes, e.notes...)
		return line
	})
	if marked {
		fixed = byteOrderMark + fixed
	}
	return fixed, notes
}

// byteOrderMark is what some editors put before the first line of a text.
const byteOrderMark = "\ufeff"

// openedBy are the names that a crypttab gives to what it opens.
func openedBy(crypttab string) (opened []string) {
	conf.EditTable(crypttab, func(_ int, line string, t conf.TableLine) string {
		if len(t.Fields) > 0 {
			opened = append(opened, t.Fields[0])
		}
		return line
	})
	return opened
}

// fstabEntry is one line while it is edited. Columns beyond the second may be
// missing.
type fstabEntry struct {
	table conf.TableLine
	mode  string
	names devname.Names
	// opened are the names below /dev/mapper that crypttab gives.
	opened []string
	made   madeNames
	line   int
	notes  []edit.Note
}

func (e *fstabEntry) column(i int) string {
	if i < len(e.table.Fields) {
		return e.table.Fields[i]
	}
	return ""
}

func (e *fstabEntry) edit() {
	spec, quote := conf.UnquoteSpec(e.column(0))
	if e.mode == ModeStabilizeAll {
		defer e.editOptions()
	}
	if volume, ok := strings.CutPrefix(spec, "btrfsvol:"); ok {
		e.editVolume(volume)
		return
	}
	kind := devname.Classify(spec)
	if kind == devname.Machine && conf.HasAny(e.column(2), ",", "iso9660", "udf") {
		kind = devname.Removable // /dev/hdc of an IDE CD drive
	}
	if e.isBind() {
		return
	}
	if kind == devname.ByPath || kind == devname.Machine && e.mode == ModeStabilizeAll {
		if name, ok := e.resolve(spec); ok {
			e.table.Replace(0, quote+name+quote)
		}
	}
	if kind == devname.Other {
		e.checkTag(spec)
	}
	if kind == devname.Removable && e.mode == ModeStabilizeAll {
		e.letDriveBeAbsent(spec)
	}
}

// sharedFolderMark comments out a folder of the old machine's host.
const sharedFolderMark = "# old machine only: "

// isSharedFolder reports whether the entry, mounted at boot, is a folder that
// VMware, VirtualBox or Parallels shares with the guest.
func (e *fstabEntry) isSharedFolder() bool {
	program, _, _ := strings.Cut(e.column(0), "#") // of FUSE, in the old form
	shared := strings.HasPrefix(e.column(0), ".host:") || program == "vmhgfs-fuse" ||
		conf.HasAny(e.column(2), ",", "vmhgfs", "fuse.vmhgfs-fuse", "vboxsf", "prl_fs", "fuse.prl_fsd")
	return shared && e.mode == ModeStabilizeAll && !conf.HasOption(e.column(3), "noauto")
}

// resolve returns the entry's stable name, or notes why there is none.
func (e *fstabEntry) resolve(spec string) (string, bool) {
	name, err := e.names.Stable(spec, devname.AsTag)
	if err == nil && !strings.HasPrefix(e.column(0), "btrfsvol:") {
		err = e.checkType(spec)
	}
	if err == nil {
		return name, true
	}
	if e.column(1) == "/" && e.names.HasRoot {
		// Whatever the name meant, the root file system has been found.
		if name, rootErr := e.names.StableOf(e.names.Root, devname.AsTag); rootErr == nil {
			return name, true
		}
	}
	e.note(report.ConcernFstabDevice, fmt.Sprintf("%s (%s) stays as it is: %s", spec, e.column(1), err), e.absenceRemedy())
	return "", false
}

// checkType compares what is on the device with what the line says. Disks that
// are missing or in another order than in the old machine show in that.
func (e *fstabEntry) checkType(spec string) error {
	device, ok := e.names.Resolve(spec)
	if !ok || device.FSType == "" || len(e.table.Fields) < 3 {
		return nil
	}
	for _, kind := range strings.Split(e.column(2), ",") {
		if !tellsType(kind) || typeFamily(kind) == typeFamily(device.FSType) {
			return nil
		}
	}
	return fmt.Errorf("by the order of the disks it would be one with %s, which is not what the line says: "+
		"the disks may be in another order, or one may be missing", device.FSType)
}

// typeFamilies are file systems that one driver mounts under several names.
var typeFamilies = map[string]string{
	"ext2": "ext", "ext3": "ext", "ext4": "ext",
	"vfat": "fat", "msdos": "fat", "fat": "fat", "exfat": "fat",
	"ntfs": "ntfs", "ntfs3": "ntfs", "ntfs-3g": "ntfs", "fuseblk": "ntfs",
	"swap": "swap", "swsuspend": "swap", "xfs": "xfs", "btrfs": "btrfs",
}

func tellsType(kind string) bool { return typeFamilies[kind] != "" }

func typeFamily(kind string) string {
	if family := typeFamilies[kind]; family != "" {
		return family
	}
	return kind
}

func (e *fstabEntry) absenceRemedy() string {
	switch {
	case e.column(2) == "swap":
		return "name the swap area by UUID, or remove the line: the guest waits for the device at each boot"
	case e.optional():
		return "name the file system by UUID in the guest once its disk is attached"
	}
	return "migrate the disk that holds it too, or give the line the option nofail: without the device the guest stops in emergency mode"
}

// editVolume turns libguestfs's name of a btrfs subvolume, btrfsvol:DEVICE/PATH,
// into the device's stable name and the option subvol.
func (e *fstabEntry) editVolume(volume string) {
	device, path := splitVolume(volume)
	name, ok := e.resolve(device)
	if !ok {
		return
	}
	e.table.Replace(0, name)
	options := e.column(3)
	if path == "" || conf.HasOption(options, "subvol") || conf.HasOption(options, "subvolid") {
		return
	}
	switch {
	case len(e.table.Fields) < 4:
		e.note(report.ConcernFstabDevice, "the subvolume "+path+" has no options column to be named in", "add the option subvol="+path)
	case options == "defaults":
		e.table.Replace(3, "subvol="+path)
	default:
		e.table.Replace(3, options+",subvol="+path)
	}
}

// splitVolume splits /dev/sda2/@home after the device.
func splitVolume(volume string) (device, path string) {
	for end := len(volume); end > 0; end = strings.LastIndexByte(volume[:end], '/') {
		if devname.IsStale(volume[:end]) {
			return volume[:end], strings.Trim(volume[end:], "/")
		}
	}
	// An LVM name, /dev/VG/LV, has three parts.
	if parts := strings.SplitN(volume, "/", 5); len(parts) == 5 {
		return strings.Join(parts[:4], "/"), strings.Trim(parts[4], "/")
	}
	return volume, ""
}

// letDriveBeAbsent keeps systemd from waiting for, and failing without, a CD
// or floppy drive that the new machine need not have.
func (e *fstabEntry) letDriveBeAbsent(spec string) {
	options := e.column(3)
	if len(e.table.Fields) < 4 || e.optional() {
		return
	}
	e.table.Replace(3, options+",nofail")
	e.note(report.ConcernFstabDrive, spec+" got the option nofail: the new machine need not have that drive, and the guest would stop in emergency mode without it",
		"nothing is to be done, unless the guest needs such a drive: then give the new machine one")
}

func (e *fstabEntry) optional() bool {
	return conf.HasOption(e.column(3), "nofail") || conf.HasOption(e.column(3), "noauto")
}

func (e *fstabEntry) isBind() bool {
	options := e.column(3)
	return conf.HasOption(options, "bind") || conf.HasOption(options, "rbind")
}

// deviceOptions are the mount options whose value is a device. Only a path is
// understood there.
var deviceOptions = []string{"device", "logdev", "rtdev", "journal_path", "x-systemd.requires", "x-systemd.after"}

func (e *fstabEntry) editOptions() {
	options := strings.Split(e.column(3), ",")
	changed := false
	for i, option := range options {
		key, spec, ok := strings.Cut(option, "=")
		if number, numbered := devname.Numbered(spec); ok && key == "journal_dev" && numbered && devname.IsStale(number) && !e.names.Holds(number) {
			e.note(report.ConcernFstabDevice, option+" is the number of a disk of the old machine, which holds the journal", "write journal_path= and a path under /dev/disk/by-uuid in its place in the guest")
		}
		if ok && strings.HasPrefix(key, "x-systemd.") && strings.HasSuffix(spec, ".device") && devname.IsStale(unitDevice(spec)) && !e.names.Holds(unitDevice(spec)) {
			e.note(report.ConcernFstabDevice, option+" names a unit of a disk of the old machine, for which the guest would wait", "remove the option in the guest, or name the unit of a path under /dev/disk/by-uuid")
		}
		if !ok || !devname.IsStale(spec) || !slices.Contains(deviceOptions, key) {
			continue
		}
		path, err := e.names.Stable(spec, devname.AsPath)
		if err != nil {
			e.note(report.ConcernFstabDevice, fmt.Sprintf("%s stays as it is: %s", option, err), "name the device by a path under /dev/disk/by-uuid or /dev/disk/by-partuuid")
			continue
		}
		options[i] = key + "=" + path
		changed = true
	}
	if changed {
		e.table.Replace(3, strings.Join(options, ","))
	}
}

// checkTag notes a UUID, a label, a link by one, or a volume that no disk of the guest
// has. Where there is encryption that was not opened, it may lie below that.
func (e *fstabEntry) checkTag(spec string) {
	tag, _, ok := strings.Cut(spec, "=")
	tagged := ok && slices.Contains([]string{"UUID", "LABEL", "PARTUUID", "PARTLABEL"}, tag)
	if e.optional() || len(e.names.Devices) == 0 {
		return
	}
	if _, found := e.names.Devices.Resolve(spec); found || e.names.HasLockedDevice() || e.made.linksTo(spec) { // of rules that apply no more others tell
		return
	}
	if !tagged && !taggedLink.MatchString(spec) && (!e.isVolume(spec) || e.made.isMultipath(spec)) {
		if problem := e.madeByNobody(spec); problem != "" {
			e.note(report.ConcernFstabDevice, fmt.Sprintf("%s (%s) %s", spec, e.column(1), problem),
				"name the file system by UUID in the guest, or give the line the option nofail: without the device the guest stops in emergency mode")
		}
		return
	}
	e.note(report.ConcernFstabDevice, fmt.Sprintf("%s (%s) is on no disk of this guest", spec, e.column(1)), e.absenceRemedy())
}

var (
	taggedLink    = regexp.MustCompile(`^/dev/disk/by-(uuid|label|partuuid|partlabel)/.`)
	mappedVolume  = regexp.MustCompile(`^/dev/mapper/[^/]*[^/-]-[^/-][^/]*$`) // /dev/mapper/VG-LV
	logicalVolume = regexp.MustCompile(`^/dev/[A-Za-z0-9+_.][A-Za-z0-9+_.-]*/[A-Za-z0-9+_.][A-Za-z0-9+_.-]*$`)
	// notVolumes are directories below /dev of others than volume groups.
	notVolumes = []string{"asm", "block", "bus", "char", "cpu", "disk", "drbd", "dri", "etherd", "fd", "hugepages", "input", "mapper", "md", "mpath", "mqueue", "net", "oracleasm", "pts", "rbd", "shm", "snd", "vfio", "vx", "zd", "zvol"}
)

// isVolume reports whether a name is that of a logical volume whose group is on no disk
// of the guest, and none that crypttab opens.
func (e *fstabEntry) isVolume(spec string) bool {
	for _, d := range e.names.Devices {
		if group, _, ok := strings.Cut(strings.TrimPrefix(d.Name, "/dev/"), "/"); ok && d.Kind == guest.KindLV &&
			(strings.HasPrefix(spec, "/dev/"+group+"/") || strings.HasPrefix(spec, "/dev/mapper/"+strings.ReplaceAll(group, "-", "--")+"-")) {
			return false
		}
	}
	name, mapped := strings.CutPrefix(spec, "/dev/mapper/")
	if mapped {
		return mappedVolume.MatchString(spec) && !strings.HasPrefix(name, "luks-") && !slices.Contains(e.opened, name)
	}
	directory, _, _ := strings.Cut(strings.TrimPrefix(spec, "/dev/"), "/")
	return logicalVolume.MatchString(spec) && !slices.Contains(notVolumes, directory)
}

func (e *fstabEntry) note(id report.ConcernID, message, remedy string) {
	e.notes = append(e.notes, edit.Note{ID: id, Line: e.line, Message: message, Remedy: remedy})
}
