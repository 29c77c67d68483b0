// Package leftover tells, after all repairs, which files of the guest that take
// part in starting it still name disks of the old machine. It changes nothing.
//
// It reads what no repair reads: those tell themselves what they leave. History is
// not read: logs, caches, journals, backups (files that end in ~, .bak, .orig,
// .rpmsave, .dpkg-old and the like), and comments.
package leftover

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

// places are what is read: directories, and the patterns of base names in them.
var places = []struct{ directory, pattern string }{
	{"/etc", "rc.local"},
	{"/etc/rc.d", "rc.local"},
	{"/etc/init.d", "*.local"},
	{"/etc/conf.d", "*"},
	{"/etc/local.d", "*.start"},
	{"/etc/systemd/system", "*.service"},
	{"/etc/systemd/system", "*.automount"},
	{"/etc/systemd/system/*.d", "*.conf"},
	{"/etc/udev/rules.d", "*.rules"},
	{"/etc/default", "*"},
	{"/etc/sysconfig", "*"},
	{"/etc/initramfs-tools/scripts/*", "*"},
	{"/etc/initramfs-tools/hooks", "*"},
	{"/etc", "mkinitcpio.conf"},
	{"/etc/mkinitcpio.conf.d", "*.conf"},
	{"/etc", "auto.*"},
	{"/etc/auto.master.d", "*"},
	{"/etc", "smartd.conf"},
	{"/etc", "hdparm.conf"},
	{"/etc", "kdump.conf"},
	{"/etc", "multipath.conf"},
	{"/etc/multipath/conf.d", "*.conf"},
	{"/etc/drbd.d", "*.res"},
	{"/etc/security", "pam_mount.conf.xml"},
	{"/etc/modprobe.d", "*.conf"},
}

// edited are the files within places that a repair has read.
var edited = map[string]bool{"/etc/default/grub": true, "/etc/sysconfig/bootloader": true, "/etc/conf.d/net": true}

var history = regexp.MustCompile(`(~|\.(bak|old|orig|save|sample|example|rpm(save|new|orig)|dpkg-[a-z]+|ucf-[a-z]+))$`)

// Find warns of each name that is left, with the file, the line and what to do.
func Find(e *edit.Editor, names devname.Names) error {
	for _, place := range places {
		directories := []string{place.directory}
		if strings.Contains(path.Base(place.directory), "*") {
			var err error
			if directories, err = e.List(path.Dir(place.directory), path.Base(place.directory)); err != nil {
				return err
			}
		}
		for _, directory := range directories {
			files, err := e.List(directory, place.pattern)
			if err != nil {
				return err
			}
			for _, file := range files {
				if edited[file] || history.MatchString(file) {
					continue
				}
				text, ok, err := e.Read(file)
				if err != nil {
					return err
				}
				if ok {
					e.WarnNotes(file, notes(file, text, names))
				}
			}
		}
	}
	return nil
}

// diskMatch is a condition of a udev rule that only a disk of the old machine
// meets.
var diskMatch = regexp.MustCompile(`(?:ENV\{(?:ID_SERIAL(?:_SHORT)?|ID_WWN(?:_WITH_EXTENSION)?|ID_SCSI_SERIAL|ID_PATH)\}|ATTRS?\{(?:serial|wwid)\}|KERNELS?)=="([^"*]+)[^"]*"`)

var diskKernelName = regexp.MustCompile(`^(sd|hd|xvd|nvme)[a-z0-9]`)

// notes are the names of the old machine's disks in a file.
func notes(file, text string, names devname.Names) (found []edit.Note) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.ContainsRune("#;", rune(trimmed[0])) || strings.HasPrefix(trimmed, "<!--") {
			continue
		}
		if i := strings.Index(line, " #"); i >= 0 {
			line = line[:i]
		}
		for _, span := range devname.Spans(line) {
			found = append(found, note(number, line[span.From:span.To], names))
		}
		if path.Ext(file) != ".rules" || strings.Contains(line, `"net"`) {
			continue
		}
		if m := diskMatch.FindStringSubmatch(line); m != nil && (!strings.HasPrefix(m[0], "KERNEL") || diskKernelName.MatchString(m[1])) {
			found = append(found, edit.Note{
				Line:    number,
				Message: "the rule is for a disk of the old machine (" + m[0] + ") and applies to none of the new one",
				Remedy:  "match the file system by ENV{ID_FS_UUID} or the partition by ENV{ID_PART_ENTRY_UUID}, or remove the rule",
			})
		}
	}
	return found
}

func note(line int, spec string, names devname.Names) edit.Note {
	n := edit.Note{Line: line, Message: spec + " is a device name of the old machine", Remedy: "name the device by a path below /dev/disk/by-uuid, or remove the line"}
	if name, err := names.Stable(spec, devname.AsPath); err == nil && name != spec {
		n.Remedy = fmt.Sprintf("write %s in its place", name)
	}
	return n
}
