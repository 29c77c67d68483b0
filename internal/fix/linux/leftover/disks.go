package leftover

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// disksIn are the names of the old machine's disks in a line.
func (s *scan) disksIn(file, line string) []edit.Note {
	var found []edit.Note
	for _, span := range devname.Spans(line) {
		found = append(found, s.disk(line[span.From:span.To]))
	}
	disks := blockDirectory.FindAllStringSubmatch(line, -1)
	if list, ok := tunedDisks(file, line); ok {
		disks = append(disks, diskWord.FindAllStringSubmatch(list, -1)...)
	}
	for _, m := range disks {
		found = append(found, edit.Note{
			ID:      report.ConcernOldDisk,
			Message: m[1] + " is what the old machine's disk is called: the setting has no effect on the new one's, which may be vda",
			Remedy:  "set it by a udev rule for all disks, as KERNEL==\"[sv]d[a-z]\", or name the new disk in the guest",
		})
	}
	return found
}

var (
	// blockDirectory is where the kernel has the settings of a disk, as files and as
	// sysfsutils write it.
	blockDirectory = regexp.MustCompile(`(?:^|[\s/"'=])block/((?:sd|hd|xvd)[a-z]+|nvme[0-9]+n[0-9]+)(?:[/\s"']|$)`)
	diskWord       = regexp.MustCompile(`\b((?:sd|hd|xvd)[a-z]|nvme[0-9]+n[0-9]+)\b`)
	tunedList      = regexp.MustCompile(`^\s*devices(?:_udev_regex)?\s*=(.*)`)
)

// tunedDisks are the devices that a profile of tuned is for.
func tunedDisks(file, line string) (list string, ok bool) {
	if m := tunedList.FindStringSubmatch(line); m != nil && strings.HasPrefix(file, "/etc/tuned/") {
		return m[1], true
	}
	return "", false
}

func (s *scan) disk(spec string) edit.Note {
	n := edit.Note{ID: report.ConcernOldDisk, Message: spec + " is a device name of the old machine", Remedy: "name the device by a path below /dev/disk/by-uuid, or remove the line"}
	if name, err := s.disks.Stable(spec, devname.AsPath); err == nil && name != spec {
		n.Remedy = fmt.Sprintf("write %s in its place", name)
	}
	return n
}

// diskMatch is the key of a condition of a udev rule that a disk meets.
var (
	diskMatch      = regexp.MustCompile(`^(ENV\{(ID_SERIAL(_SHORT)?|ID_WWN(_WITH_EXTENSION)?|ID_SCSI_SERIAL|ID_PATH)\}|ATTRS?\{(serial|wwid)\}|KERNELS?)$`)
	diskKernelName = regexp.MustCompile(`^(sd|hd|xvd|nvme)[a-z0-9]`)
	// diskPattern is a name with which a rule chooses partitions of SCSI disks, and
	// not all of them as a rule for their scheduler does.
	diskPattern = regexp.MustCompile(`^(sd|hd|xvd)([?]|\*|\[[^]]*\])+[0-9]+$`)
	// diskMaker is what virtual disks of other hypervisors tell of themselves.
	diskMaker = regexp.MustCompile(`^(VMware|Virtual[ _]disk|VBOX|Msft|Virtual HD)`)
	// wwid is what scsi_id prints.
	wwid = regexp.MustCompile(`^[0-9A-Fa-f]{16,33}$`)
)

// isOldDisk reports whether a condition of a rule is met by a disk of the old machine
// and by none of the new one.
func isOldDisk(t conf.UdevToken) bool {
	if t.Op != "==" || t.Value == "" || t.Value[0] == '*' {
		return false
	}
	switch key := t.Key; {
	case key == "KERNEL" && diskPattern.MatchString(t.Value):
		return true
	case key == "KERNEL" || key == "KERNELS":
		return diskKernelName.MatchString(t.Value) && !strings.ContainsAny(t.Value[:3], "*?[")
	case key == "RESULT":
		return wwid.MatchString(t.Value)
	case key == "ENV{DM_UUID}":
		return strings.HasPrefix(t.Value, "mpath-") && t.Value != "mpath-*" && t.Value != "mpath-?*"
	case key == "ATTR{model}" || key == "ATTRS{model}" || key == "ATTR{vendor}" || key == "ATTRS{vendor}" || key == "ENV{ID_MODEL}" || key == "ENV{ID_VENDOR}":
		return diskMaker.MatchString(t.Value)
	}
	return diskMatch.MatchString(t.Key)
}

// diskRule notes a rule that is for one disk of the old machine.
func diskRule(line string) []edit.Note {
	tokens, _ := conf.ReadUdevRule(line)
	for _, t := range tokens {
		if t.Key == "SUBSYSTEM" && t.Value == "net" {
			return nil
		}
	}
	for _, t := range tokens {
		if isOldDisk(t) {
			return []edit.Note{{
				ID:      report.ConcernOldDisk,
				Message: fmt.Sprintf("the rule is for a disk of the old machine (%s==%q) and applies to none of the new one", t.Key, t.Value),
				Remedy:  "match the file system by ENV{ID_FS_UUID} or the partition by ENV{ID_PART_ENTRY_UUID}, or remove the rule",
			}}
		}
	}
	return nil
}
