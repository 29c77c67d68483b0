package inject

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// bootMounts are what the guest mounts when it boots.
type bootMounts struct {
	plan *plan
	// ordered are those of fstab and of units: a deeper one lies over one above it.
	ordered []guest.BootMount
	// automounts are autofs', which comes last and lies over whatever is there.
	automounts []guest.BootMount
}

// readBootMounts reads them, with the services as they are to be.
func readBootMounts(p *plan, s *services) bootMounts {
	m := bootMounts{plan: p}
	for _, mount := range guest.ParseTables(p.mustRead("/etc/fstab"), "").BootMounts() {
		unit, ok := s.ownUnit(conf.UnitName(mount.Path) + ".mount")
		if ok && unit.Masked {
			continue // systemd does not mount it
		}
		if ok { // systemd takes it in place of fstab's line
			if mount, ok = p.unitMount(unit); !ok {
				continue
			}
		}
		m.ordered = append(m.ordered, mount)
	}
	for _, unit := range s.enabledMounts() {
		mount, ok := p.unitMount(unit)
		if ok && !slices.ContainsFunc(m.ordered, func(o guest.BootMount) bool { return o.Path == mount.Path }) {
			m.ordered = append(m.ordered, mount)
		}
	}
	if s.starts("autofs.service") {
		m.automounts = guest.Automounts(guest.AutofsFiles{Read: p.readMap, List: func(directory string) []string { return p.matching(directory, "*") }})
	}
	return m
}

// ownUnit is a unit that the guest's administrator has made, or masked.
func (s *services) ownUnit(name string) (unit, bool) {
	if s.units == nil {
		return unit{}, false
	}
	found, ok := s.units.find(name)
	return found, ok && slices.Contains(s.plan.list(unitDirectory), name)
}

// enabledMounts are the units of mounts that start at boot.
func (s *services) enabledMounts() []unit {
	if s.units == nil {
		return nil
	}
	var found []unit
	for _, name := range s.units.names() {
		if ending := path.Ext(name); (ending == ".mount" || ending == ".automount") && s.units.enabled(name) {
			unit, _ := s.units.find(name)
			found = append(found, unit)
		}
	}
	return found
}

// unitMount is what a unit mounts.
func (p *plan) unitMount(u unit) (guest.BootMount, bool) {
	return guest.UnitMount(u.Name, u.Path, p.mustRead(u.Path))
}

// readMap reads a map of autofs. One that is a program prints what it has.
func (p *plan) readMap(name string) (text string, ok bool) {
	if info, err := p.edit.Stat(name); err != nil || info.Mode.Perm()&0o111 != 0 {
		return "", false
	}
	text, ok, _ = p.read(name)
	return text, ok
}

// check refuses a directory over which the guest mounts something that is not mounted
// now, as a share or a bind: what is written there, nobody sees any more.
func (m bootMounts) check(attr, directory string) error {
	over, covered := m.over(directory)
	if !covered {
		return nil
	}
	what := "set home to a directory on the guest's own disks over which nothing is mounted; or leave the user and the keys to a script of first_boot"
	if over.Bound != "" {
		below := strings.TrimPrefix(m.plan.resolve(directory), m.plan.resolve(over.Path))
		if _, covered := m.over(over.Bound); !covered && m.plan.isDirectory(over.Bound) {
			what = fmt.Sprintf("set home to %q, which is the same directory", path.Join(over.Bound, below))
		}
	}
	return remedy.With(fmt.Errorf("%s: %s cannot be written: the guest's %s mounts over it, when it boots, what is not mounted during a migration (%s)",
		attr, directory, over.File, edit.HideSecrets(over.Line)), what)
}

// over is the mount of the guest's boot that lies over a path, if it is not mounted now.
func (m bootMounts) over(name string) (guest.BootMount, bool) {
	name = m.plan.resolve(name)
	if over, depth := m.deepest(m.automounts, name); depth > 0 {
		return over, true
	}
	over, depth := m.deepest(m.ordered, name)
	return over, depth > 0 && !m.plan.hasMounted(over)
}

// deepest is the mount with the longest path of those that lie over a path that is
// resolved, and the length; 0 where there is none.
func (m bootMounts) deepest(mounts []guest.BootMount, name string) (deepest guest.BootMount, depth int) {
	for _, mount := range mounts {
		at := m.plan.resolve(mount.Path)
		if mount.Bound != "" && m.plan.resolve(mount.Bound) == at { // for its options: it shows the same
			continue
		}
		if (name == at || strings.HasPrefix(name, at+"/")) && len(at) >= depth {
			deepest, depth = mount, len(at)
		}
	}
	return deepest, depth
}

// hasMounted reports whether it is mounted now, which is by fstab alone.
func (p *plan) hasMounted(mount guest.BootMount) bool {
	if !slices.ContainsFunc(p.edit.Mounts(), func(m guest.Mount) bool { return m.Path == mount.Path }) {
		return false
	}
	listed := guest.ParseTables(p.mustRead("/etc/fstab"), "").BootMounts()
	return slices.ContainsFunc(listed, func(m guest.BootMount) bool { return m.Path == mount.Path && m.Spec == mount.Spec })
}

// resolve follows symbolic links as far as there is something.
func (p *plan) resolve(name string) string {
	lstat := func(name string) (fs.FileMode, error) {
		info, err := p.edit.Lstat(name)
		return info.Mode, err
	}
	resolved, _ := guest.FollowLinks(name, true, lstat, p.edit.Readlink)
	return resolved
}
