package bootloader

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// editLVMConf is EditLVMFilters for a file of the guest.
func editLVMConf(text string, s bootScope) (string, []finding) {
	fixed, err := EditLVM(text, s.names)
	if err != nil {
		return text, []finding{{err: fmt.Errorf("its filter cannot be read (%w); "+
			"LVM may not find the guest's volume groups on virtio disks, which are called /dev/vda and so on", err), otherOS: true}}
	}
	return fixed, nil
}

var lvmScanKey = regexp.MustCompile(`(?m)^[ \t]*(?:[A-Za-z_]+[ \t]*\{[ \t]*)*(?:devices[ \t]*/[ \t]*)?scan[ \t]*=[ \t]*`)

// editLVMScan has LVM look for disks in /dev, where a setting has it look in directories
// alone that may hold no name of a virtio disk, such as those of serial numbers.
func editLVMScan(text string) string {
	var edits []conf.Edit
	for _, at := range lvmScanKey.FindAllStringIndex(text, -1) {
		words, end := lvmStrings(text, at[1])
		if len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.TrimRight(w, "/") == "/dev" }) {
			continue
		}
		if text[at[1]] == '[' {
			edits = append(edits, conf.Edit{Start: at[1] + 1, End: at[1] + 1, Text: ` "/dev",`})
		} else {
			edits = append(edits, conf.Edit{Start: at[1], End: end, Text: `[ "/dev", ` + text[at[1]:end] + " ]"})
		}
	}
	return conf.ApplyEdits(text, edits)
}

// lvmStrings are the strings of the list, or the one string, that begins at start, and
// its end; none where it has no end.
func lvmStrings(text string, start int) (words []string, end int) {
	list := start < len(text) && text[start] == '['
	for i := start; i < len(text); i++ {
		switch text[i] {
		case ']':
			return words, i + 1
		case '#':
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		case '"', '\'':
			quote := closingQuote(text, i)
			if quote < 0 {
				return nil, 0
			}
			words = append(words, text[i+1:quote])
			if i = quote; !list {
				return words, i + 1
			}
		case '\n':
			if !list {
				return nil, 0
			}
		}
	}
	return nil, 0
}

// EditLVM is what is edited in a text of lvm.conf or lvmlocal.conf: where LVM looks for
// disks, and which it takes.
func EditLVM(text string, names devname.Names) (string, error) {
	fixed, err := EditLVMFilters(text, names)
	return editLVMScan(fixed), err
}

// EditLVMFilters edits the device filters of lvm.conf and lvmlocal.conf. Where
// they accept disks by SCSI names, the same pattern for virtio names is put beside
// it. What a filter then still hides, of the disks that it showed on the old
// machine, is accepted before all else: the guest's volume groups lie on them.
func EditLVMFilters(text string, names devname.Names) (string, error) {
	for n := 0; ; n++ {
		filters, err := lvmFilters(text)
		if err != nil || n >= len(filters) {
			return text, err
		}
		fixed, named := conf.ApplyEdits(text, filters[n].twins(text)), filters[n].namesSCSI()
		again, err := lvmFilters(fixed)
		if err != nil {
			return text, err
		}
		if hidden := again[n].hides(filters[n], names, named); hidden != "" {
			f := again[n]
			pattern := `"a|` + hidden + `|"`
			if fixed[f.start] == '[' {
				separator := ", "
				if len(f.patterns) == 0 {
					separator = ""
				}
				fixed = fixed[:f.start+1] + " " + pattern + separator + strings.TrimLeft(fixed[f.start+1:], " ")
			} else {
				fixed = fixed[:f.start] + "[ " + pattern + ", " + fixed[f.start:f.end] + " ]" + fixed[f.end:]
			}
		}
		again, err = lvmFilters(fixed)
		if err != nil {
			return text, err
		}
		if still := again[n].hides(filters[n], names, named); still != "" {
			return text, fmt.Errorf("it still hides %s", still)
		}
		text = fixed
	}
}

var scsiName = regexp.MustCompile(`(^|[^A-Za-z0-9_])(sd|hd|xvd)([^0-9A-Z_-]|$)`)

// twins puts beside each pattern that accepts old names one for virtio names.
func (f lvmFilter) twins(text string) []conf.Edit {
	list := text[f.start:f.end]
	var edits []conf.Edit
	for _, p := range f.patterns {
		twin := p.twin()
		if !p.accept || list[0] != '[' || twin == p.text || strings.Contains(list, twin) {
			continue
		}
		edits = append(edits, conf.Edit{Start: p.end, End: p.end, Text: `, "` + twin + `"`})
	}
	return edits
}

// twin is the pattern for virtio names; the same where it is for no SCSI names.
func (p lvmPattern) twin() string {
	return p.text[:2] + scsiName.ReplaceAllString(p.text[2:], "${1}vd${3}")
}

// namesSCSI reports whether the filter accepts disks by SCSI names: then it does,
// or will, by virtio names.
func (f lvmFilter) namesSCSI() bool {
	return slices.ContainsFunc(f.patterns, func(p lvmPattern) bool { return p.accept && p.twin() != p.text })
}

// hides returns an expression for the disks and partitions that the filter hides
// on virtio, of those that the old one showed on the old machine; "" if there
// are none. Where no volume group was seen, all disks count, unless the filter
// has virtio names already.
func (f lvmFilter) hides(old lvmFilter, n devname.Names, named bool) string {
	volumes, onDisks := physicalVolumes(n.Devices)
	shown := func(d guest.Device) bool {
		return slices.ContainsFunc([]string{"sd", "hd", "xvd"}, func(kind string) bool { return old.accepts(devname.OldName(kind, d)) })
	}
	// A filter for names of another kind (serial numbers, slots, multipath) shows
	// none by these names: then all that may hold a volume group is meant.
	var wanted []guest.Device
	for _, d := range volumes {
		if shown(d) {
			wanted = append(wanted, d)
		}
	}
	if len(wanted) == 0 {
		wanted = volumes
	}
	var hidden []string
	first := "/dev/" + n.Kind() + "a"
	for _, d := range wanted {
		names := []string{n.NewName(n.Kind(), d)}
		if d.PartUUID != "" {
			names = append(names, "/dev/disk/by-partuuid/"+d.PartUUID)
		}
		if d.UUID != "" {
			names = append(names, "/dev/disk/by-id/lvm-pv-uuid-"+d.UUID)
		}
		if !f.accepts(names...) {
			hidden = append(hidden, strings.TrimPrefix(n.NewName("vd", d), "/dev/vd"))
		}
	}
	switch {
	case len(hidden) > 0 && len(hidden) < 9:
		return "^/dev/[sv]d(" + strings.Join(hidden, "|") + ")$"
	case len(hidden) > 0, onDisks && !named && len(volumes) == 0 && !f.accepts(first) && !f.accepts(first+"1") && !f.accepts(first+"2"):
		return "^/dev/[sv]d[a-z]+[0-9]*$"
	}
	return ""
}

// physicalVolumes are the disks and partitions that LVM's volume groups lie on.
// onDisks is false where all of them lie on something else, as an array.
func physicalVolumes(devices guest.Devices) (found []guest.Device, onDisks bool) {
	elsewhere := false
	for _, d := range devices {
		switch {
		case d.FSType != "LVM2_member":
		case d.Disk >= 0 && (d.Kind == guest.KindDisk || d.Kind == guest.KindPartition):
			found = append(found, d)
		default:
			elsewhere = true
		}
	}
	return found, !elsewhere
}
