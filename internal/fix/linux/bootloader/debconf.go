package bootloader

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// debconfAnswers is where Debian keeps, among others, which disks its next GRUB
// has to be installed on. A disk that is not there makes the upgrade of grub-pc
// fail, months after the migration.
const debconfAnswers = "/var/cache/debconf/config.dat"

// FixInstallDevices gives Debian's list of the disks that GRUB goes onto the names
// that they have on the new machine: on the bus "virtio", or any other.
func (c *Configuration) FixInstallDevices(bus string) error {
	text, ok, err := c.edit.Read(debconfAnswers)
	if err != nil || !ok {
		return err
	}
	fixed, unknown := editInstallDevices(text, c.names.On(bus).Kind(), c.names)
	for _, spec := range unknown {
		c.edit.Warn(report.ConcernInstallDevice, fmt.Sprintf("%s: GRUB is to be installed on %s at its next upgrade, which is no disk of this guest", debconfAnswers, spec),
			"run dpkg-reconfigure grub-pc in the guest on the new machine: the upgrade of the package fails otherwise")
	}
	return c.edit.Rewrite(debconfAnswers, fixed, 0o644, "let the next upgrade of GRUB find the disk that it is installed on", meantNames)
}

var installDevices = regexp.MustCompile(`^grub-(pc|efi)/install_devices(_disks_changed)?$`)

// editInstallDevices edits the answers: stanzas of `Field: value` between blank
// lines. unknown are the names that no disk of the guest answers to.
func editInstallDevices(text, kind string, n devname.Names) (fixed string, unknown []string) {
	lines := strings.SplitAfter(text, "\n")
	wanted := false
	for i, line := range lines {
		field, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		value = strings.TrimSpace(value)
		switch {
		case field == "Name":
			wanted = installDevices.MatchString(value)
		case strings.TrimSpace(line) == "":
			wanted = false
		case field == "Value" && wanted && value != "":
			specs := strings.Split(value, ", ")
			for j, spec := range specs {
				if !devname.IsStale(spec) || alreadyOn(kind, spec, n) {
					continue
				}
				if name, ok := installDevice(spec, kind, n); ok {
					specs[j] = name
				} else {
					unknown = append(unknown, spec)
				}
			}
			start := strings.Index(line, value)
			lines[i] = conf.ApplyEdits(line, []conf.Edit{{Start: start, End: start + len(value), Text: strings.Join(specs, ", ")}})
		}
	}
	return strings.Join(lines, ""), unknown
}

// alreadyOn reports whether spec is what a disk of the guest is called on a bus.
func alreadyOn(kind, spec string, n devname.Names) bool {
	d, ok := n.Resolve(spec)
	return ok && d.Kind == guest.KindDisk && spec == n.NewName(kind, d)
}

// installDevice names a disk by its order on the new machine; a partition has a name of its own.
func installDevice(spec, kind string, n devname.Names) (string, bool) {
	d, ok := n.Resolve(spec)
	switch {
	case !ok:
		return "", false
	case d.Kind == guest.KindDisk:
		return n.NewName(kind, d), true
	}
	name, err := n.StableOf(d, devname.AsPath)
	return name, err == nil
}
