package fstab

import (
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// madeNames are names below /dev that neither the kernel nor a volume's own tools make,
// as the guest's files tell of them.
type madeNames struct {
	// aliases are those of multipath maps, which virtio disks have none of.
	aliases []string
	// volumes are those of VDO, below /dev/mapper.
	volumes []string
	// links are those that udev's rules make, as expressions.
	links []*regexp.Regexp
}

var (
	multipathAlias = regexp.MustCompile(`(?m)^\s*alias\s+"?([^\s"]+)"?`)
	vdoVolume      = regexp.MustCompile(`(?m)^    ([A-Za-z0-9_.-]+): !VDOService`)
	// udevVariable is what udev puts a value in the place of.
	udevVariable = regexp.MustCompile(`\\?(?:%[A-Za-z](?:\\\{[^}]*\})?|\$[a-z]+(?:\\\{[^}]*\})?)`)
)

// readMade reads the files that tell of such names.
func readMade(e *edit.Editor) (made madeNames, err error) {
	for _, at := range []struct {
		pattern string
		read    func(text string)
	}{
		{"/etc/multipath.conf", made.readMultipath},
		{"/etc/multipath/conf.d/*.conf", made.readMultipath},
		{"/etc/vdoconf.yml", func(text string) { made.volumes = append(made.volumes, firstGroups(vdoVolume, text)...) }},
		{"/etc/udev/rules.d/*.rules", made.readRules},
	} {
		err := e.EachFile(at.pattern, func(_, text string) error {
			at.read(text)
			return nil
		})
		if err != nil {
			return made, err
		}
	}
	return made, nil
}

func (m *madeNames) readMultipath(text string) {
	m.aliases = append(m.aliases, firstGroups(multipathAlias, text)...)
}

func (m *madeNames) readRules(text string) {
	for _, rule := range conf.UdevRules(text) {
		tokens, _ := conf.ReadUdevRule(rule.Text)
		for _, t := range tokens {
			if t.Key != "SYMLINK" && t.Key != "NAME" || t.Op == "==" || t.Op == "!=" || t.Op == "-=" {
				continue
			}
			for link := range strings.FieldsSeq(t.Value) {
				if strings.HasPrefix(link, "%") || strings.HasPrefix(link, "$") { // any
					continue
				}
				if expression, err := regexp.Compile("^/dev/" + udevVariable.ReplaceAllString(regexp.QuoteMeta(link), ".*") + "$"); err == nil {
					m.links = append(m.links, expression)
				}
			}
		}
	}
}

func firstGroups(pattern *regexp.Regexp, text string) (found []string) {
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

// mapPartition is what multipath puts behind the name of a map for a partition.
var mapPartition = regexp.MustCompile(`(?:(?:[-_]part|p)?[0-9]+)$`)

// plainName is a name right below /dev, or in one of the directories that udev's rules
// put links to disks into. The kernel and well-known drivers make the others.
var (
	plainName  = regexp.MustCompile(`^/dev/(?:disk/by-dname/.+|[A-Za-z0-9_.-]+)$`)
	knownNames = regexp.MustCompile(`^/dev/(?:root|zram|loop|ram|nbd|drbd|bcache|rbd|zd|ubi|mtd|dasd|rssd|cdrom|dvd|fuse|shm|pts|mqueue|null|live)`)
)

// isMultipath reports whether a name is that of a map, or of a partition of it.
func (m madeNames) isMultipath(spec string) bool {
	return slices.ContainsFunc(m.aliases, func(alias string) bool {
		rest, ok := strings.CutPrefix(spec, "/dev/mapper/"+alias)
		return ok && (rest == "" || mapPartition.FindString(rest) == rest)
	})
}

// linksTo reports whether a rule of udev makes a name.
func (m madeNames) linksTo(spec string) bool {
	return slices.ContainsFunc(m.links, func(l *regexp.Regexp) bool { return l.MatchString(spec) })
}

// madeByNobody says why a name that the entry has is on no disk of the new machine; or
// nothing, where something makes it, or nobody can tell.
func (e *fstabEntry) madeByNobody(spec string) string {
	if name, mapped := strings.CutPrefix(spec, "/dev/mapper/"); mapped {
		encrypted := slices.ContainsFunc(e.names.Devices, func(d guest.Device) bool { return d.FSType == guest.FSTypeLUKS || d.Kind == guest.KindCrypt })
		switch {
		case e.made.isMultipath(spec):
			return "is what multipath calls a disk of the old machine: a virtio disk has no such map"
		case encrypted, slices.Contains(e.opened, name), slices.Contains(e.made.volumes, name), strings.ContainsAny(name, "-/"), name == "control", name == "":
			return ""
		}
		return "is on no disk of this guest, and nothing in it tells what makes that name"
	}
	if !plainName.MatchString(spec) || knownNames.MatchString(spec) {
		return ""
	}
	return "is on no disk of this guest, and no rule of udev makes that name"
}
