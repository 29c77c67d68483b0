package leftover

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const unitDirectory = "/etc/systemd/system"

// deviceUnit is the unit of a device, or of a swap area, in a text.
var deviceUnit = regexp.MustCompile(`[A-Za-z0-9:_.\\-]+\.(?:device|swap)\b`)

// instance is a unit that is for one card: dhclient@ens192.service.
var instance = regexp.MustCompile(`[A-Za-z0-9:_.-]+@([A-Za-z0-9]+)(?:\.[0-9]+)?\.(?:service|timer|socket|path)\b`)

// unitNamesIn are units of devices that the new machine does not have.
func (s *scan) unitNamesIn(line string) []edit.Note {
	var found []edit.Note
	for _, unit := range deviceUnit.FindAllString(line, -1) {
		name := strings.TrimSuffix(strings.TrimSuffix(unit, ".device"), ".swap")
		switch spec := conf.UnitPath(name); {
		case strings.HasPrefix(spec, "/sys/devices/"):
			found = append(found, edit.Note{
				ID:      report.ConcernOldSlot,
				Message: unit + " tells a slot of the old machine",
				Remedy:  "name the unit of the device itself, as sys-subsystem-net-devices-NAME.device or dev-disk-by\\x2duuid-....device",
			})
		case devname.IsStale(spec):
			n := s.disk(spec)
			n.Message = fmt.Sprintf("%s is the unit of %s, a device name of the old machine", unit, spec)
			if stable, err := s.disks.Stable(spec, devname.AsPath); err == nil && stable != spec {
				n.Remedy = fmt.Sprintf("write %s%s in its place", conf.UnitName(stable), path.Ext(unit))
			}
			found = append(found, n)
		}
	}
	return found
}

// readUnits looks at the names of units: of those that are enabled, and of what
// belongs to a device.
func (s *scan) readUnits() error {
	entries, err := s.edit.List(unitDirectory, "*")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		base := path.Base(entry)
		device, _, _ := strings.Cut(base, ".device.")
		if strings.Contains(base, ".device.") {
			s.edit.WarnNotes(entry, numbered(append(s.unitNamesIn(device+".device"), s.cardNamesIn("", path.Base(conf.UnitPath(device)))...), 1))
		}
		if !strings.HasSuffix(base, ".wants") && !strings.HasSuffix(base, ".requires") {
			continue
		}
		units, err := s.edit.List(entry, "*")
		if err != nil {
			return err
		}
		for _, unit := range units {
			if err := s.enabledUnit(unit); err != nil {
				return err
			}
		}
		s.warnUnstarted(strings.TrimSuffix(base, path.Ext(base)), units)
	}
	for _, pattern := range []string{"/etc/sysconfig/network-scripts/r*-*", "/etc/sysconfig/network/if*-*"} {
		files, err := s.edit.Find(pattern)
		if err != nil {
			return err
		}
		for _, file := range files {
			if !history.MatchString(file) {
				s.edit.WarnNotes(file, numbered(s.cardInName(file), 1))
			}
		}
	}
	return s.initScripts()
}

// enabledUnit looks at one link of a target.
func (s *scan) enabledUnit(link string) error {
	base := path.Base(link)
	var notes []edit.Note
	if m := instance.FindStringSubmatch(base); m != nil && s.isGone(m[1]) {
		notes = append(notes, card(m[1]))
	}
	if strings.HasSuffix(base, ".swap") || strings.HasSuffix(base, ".device") {
		notes = append(notes, s.unitNamesIn(base)...)
	}
	if service.MatchString(base) {
		fails, err := s.startsAnywhere(link)
		if err != nil {
			return err
		}
		if fails {
			notes = append(notes, edit.Note{
				ID:      report.ConcernOldHypervisor,
				Message: base + " is a service of the old hypervisor, and is started at each boot of the new machine",
				Remedy:  "remove the hypervisor's tools (pipeline.fix.remove_vmware_tools for VMware's), or disable the service in the guest",
			})
		}
	}
	s.edit.WarnNotes(link, numbered(notes, 1))
	return nil
}

// warnUnstarted tells of units that are started together with a service of the old
// hypervisor, and with nothing else, once that has been removed.
func (s *scan) warnUnstarted(owner string, links []string) {
	if !service.MatchString(owner) || s.hasUnit(strings.TrimSuffix(owner, ".service")) {
		return
	}
	for _, link := range links {
		unit := path.Base(link)
		if service.MatchString(unit) || s.isWantedBeside(owner, unit) {
			continue
		}
		s.edit.Warn(report.ConcernOldHypervisor, fmt.Sprintf("%s: %s is started with %s alone, which the new machine does not have: it is never started", link, unit, owner),
			"if it is still wanted, have it started with the system: in its section [Install] write WantedBy=multi-user.target, and enable it anew in the guest (systemctl reenable)")
	}
}

// isWantedBeside reports whether something but the owner starts a unit.
func (s *scan) isWantedBeside(owner, unit string) bool {
	for _, kind := range []string{"wants", "requires"} {
		for _, directory := range []string{unitDirectory, "/usr/lib/systemd/system", "/lib/systemd/system"} {
			directories, _ := s.edit.List(directory, "*."+kind)
			for _, at := range directories {
				name := strings.TrimSuffix(path.Base(at), "."+kind)
				if _, err := s.edit.Lstat(path.Join(at, unit)); err == nil && name != owner && !service.MatchString(name) {
					return true
				}
			}
		}
	}
	return false
}

// startsAnywhere reports whether a unit does not ask, as those of distributions do,
// which hypervisor it is under.
func (s *scan) startsAnywhere(link string) (bool, error) {
	unit := path.Base(link)
	for _, file := range []string{path.Join(unitDirectory, unit), link, path.Join("/usr/lib/systemd/system", unit), path.Join("/lib/systemd/system", unit)} {
		text, ok, err := s.edit.Read(file)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		return !asksFirst(text), nil
	}
	return false, nil // a link to nowhere: nothing starts
}

// asksFirst reports whether a unit starts only where it finds what it needs: on
// the new machine it is skipped.
func asksFirst(unit string) bool {
	for _, condition := range []string{"ConditionVirtualization=", "ConditionPathExists=", "AssertVirtualization=", "BindsTo=sys-devices-", "Requisite=sys-devices-"} {
		if strings.Contains(unit, condition) {
			return true
		}
	}
	return false
}

// initScripts are services of the old hypervisor that no systemd starts.
func (s *scan) initScripts() error {
	for _, level := range []string{"/etc/rc3.d", "/etc/rc5.d", "/etc/rc2.d", "/etc/rc.d/rc3.d", "/etc/rc.d/rc5.d", "/etc/runlevels/default", "/etc/runlevels/boot"} {
		links, err := s.edit.List(level, "*")
		if err != nil {
			return err
		}
		for _, link := range links {
			name := startLink.ReplaceAllString(path.Base(link), "")
			if strings.HasPrefix(path.Base(link), "K") || !service.MatchString(name) || s.hasUnit(name) {
				continue
			}
			s.edit.Warn(report.ConcernOldHypervisor, fmt.Sprintf("%s starts %s, a service of the old hypervisor, at each boot of the new machine", link, name),
				"remove the hypervisor's tools (pipeline.fix.remove_vmware_tools for VMware's), or disable the service in the guest")
			return nil // one is told: the run levels have the same
		}
	}
	return nil
}

var startLink = regexp.MustCompile(`^S[0-9]{2}`)

// hasUnit: systemd passes over a script where it has a unit of that name.
func (s *scan) hasUnit(name string) bool {
	for _, directory := range []string{unitDirectory, "/usr/lib/systemd/system", "/lib/systemd/system"} {
		if s.edit.Exists(path.Join(directory, name+".service")) {
			return true
		}
	}
	return false
}
