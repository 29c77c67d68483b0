package inject

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// unitDirectory is where enabling, disabling and masking leave their links.
const unitDirectory = "/etc/systemd/system"

// dependencyDirectories are the suffixes of the directories of links by which
// one unit pulls in another.
var dependencyDirectories = []string{".wants", ".requires", ".upholds"}

// units finds and links the guest's systemd units. It does what systemctl
// enable, disable and mask do, by systemd.unit(5); older versions of systemctl
// cannot do it offline.
type units struct {
	p           *plan
	directories []string
	aliased     []string // units that may have aliases, once they were looked for
	// turnedOn and turnedOff are the units that were enabled and disabled.
	turnedOn, turnedOff []string
}

// unit is a unit as it was found. Name is its real one after aliases and keeps
// an instance; Path is the file, for an instance the template's.
type unit struct {
	Name   string
	Path   string
	Masked bool
}

func newUnits(p *plan) *units {
	u := &units{p: p, directories: []string{unitDirectory, "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"}}
	// Where /usr is merged, /lib is a link to usr/lib.
	if _, ok := p.link("/lib"); !ok {
		u.directories = append(u.directories, "/lib/systemd/system")
	}
	return u
}

// find looks a unit up by name, by alias link, and as the instance of a
// template.
func (u *units) find(name string) (unit, bool) { return u.follow(name, 0) }

func (u *units) follow(name string, depth int) (unit, bool) {
	if depth > 8 { // links in a circle
		return unit{}, false
	}
	files := []string{name}
	if template, ok := templateOf(name); ok {
		files = append(files, template)
	}
	for _, file := range files {
		for _, directory := range u.directories {
			if !slices.Contains(u.p.list(directory), file) {
				continue
			}
			full := path.Join(directory, file)
			if target, ok := u.p.link(full); ok {
				if target == "/dev/null" {
					return unit{Name: name, Path: full, Masked: true}, true
				}
				base := path.Base(target)
				if base == file { // a unit that lies elsewhere
					return unit{Name: name, Path: path.Join(directory, relativeTo(target, directory))}, true
				}
				if _, instance, _, _ := splitUnit(name); instance != "" {
					if stem, none, suffix, isTemplate := splitUnit(base); isTemplate && none == "" {
						base = stem + "@" + instance + suffix
					}
				}
				if found, ok := u.follow(base, depth+1); ok {
					return found, true
				}
				continue
			}
			if text, ok, err := u.p.read(full); ok && err == nil {
				return unit{Name: name, Path: full, Masked: text == ""}, true
			}
		}
	}
	return unit{}, false
}

// relativeTo makes an absolute link target relative, so that joining it to
// directory gives the target.
func relativeTo(target, directory string) string {
	if !path.IsAbs(target) {
		return target
	}
	return strings.Repeat("../", strings.Count(directory, "/")) + target[1:]
}

// byAlias finds the unit whose [Install] section has name as an alias that is
// not linked yet: "sshd.service" for Debian's ssh.service.
func (u *units) byAlias(name string) (unit, bool) {
	if u.aliased == nil {
		u.aliased = u.withAlias()
	}
	for _, candidate := range u.aliased {
		found, ok := u.find(candidate)
		if ok && found.Name == candidate && !found.Masked && slices.Contains(u.install(found).alias, name) {
			return found, true
		}
	}
	return unit{}, false
}

// withAlias names the units that have an alias, by grep: reading every unit
// would take seconds. Where the guest's programs cannot be run it names all.
func (u *units) withAlias() []string {
	if !u.p.edit.CanRun() {
		return u.names()
	}
	var directories []string
	for _, directory := range u.directories {
		if u.p.exists(directory) {
			directories = append(directories, directory)
		}
	}
	// Always one match, so that grep's exit status tells only of failure.
	out, err := u.p.edit.Query(nil, append([]string{"grep", "-rlsE", "^Alias=|^root:", "/etc/passwd"}, directories...)...)
	if err != nil {
		return u.names()
	}
	var names []string
	for line := range strings.Lines(out) {
		if candidate := path.Base(strings.TrimSpace(line)); unitSuffix.MatchString(candidate) {
			names = append(names, candidate)
		}
	}
	return names
}

// names lists the names of all units.
func (u *units) names() []string {
	var names []string
	for _, directory := range u.directories {
		for _, name := range u.p.list(directory) {
			if unitSuffix.MatchString(name) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// install reads a unit's [Install] section with its drop-ins.
func (u *units) install(found unit) install {
	texts := []string{u.p.mustRead(found.Path)}
	for _, name := range []string{path.Base(found.Path), found.Name} {
		for _, directory := range slices.Backward(u.directories) {
			for _, dropIn := range u.p.matching(path.Join(directory, name+".d"), "*.conf") {
				texts = append(texts, u.p.mustRead(dropIn))
			}
		}
		if name == found.Name {
			break
		}
	}
	return parseInstall(texts...)
}

// enable links a unit as its [Install] section says. why ends the description
// of each change.
func (u *units) enable(found unit, why string) { u.enableAll(found, why, map[string]bool{}) }

func (u *units) enableAll(found unit, why string, done map[string]bool) {
	if done[found.Name] {
		return
	}
	done[found.Name] = true
	if found.Masked {
		u.p.warn(report.ConcernServices, fmt.Sprintf("unit %q is masked in the guest and was not enabled", found.Name), "run in the guest: systemctl unmask "+found.Name)
		return
	}
	section := u.install(found)
	if section.empty() {
		u.p.warn(report.ConcernServices, fmt.Sprintf("unit %q has no [Install] section: it cannot be enabled and runs when another unit asks for it", found.Name),
			"give it an [Install] section with WantedBy=, or do not enable it")
		return
	}
	name := found.Name
	if stem, instance, suffix, isInstance := splitUnit(name); isInstance && instance == "" {
		if section.defaultInstance == "" {
			u.p.warn(report.ConcernServices, fmt.Sprintf("unit %q is a template and was not enabled", name), fmt.Sprintf("name an instance: %s@NAME%s", stem, suffix))
			return
		}
		name = stem + "@" + section.defaultInstance + suffix
	}
	u.turnedOn = append(u.turnedOn, name)
	description := fmt.Sprintf("enable %s%s", name, why)
	for i, targets := range [][]string{section.wantedBy, section.requiredBy, section.upheldBy} {
		suffix := dependencyDirectories[i]
		for _, target := range targets {
			target, err := expand(target, name)
			if err != nil {
				u.p.warn(report.ConcernServices, fmt.Sprintf("unit %q: %v; that part was left out", name, err),
					"correct that line of its [Install] section")
				continue
			}
			u.link(found.Path, path.Join(unitDirectory, target+suffix, name), description)
		}
	}
	for _, alias := range section.alias {
		u.linkAlias(found, name, alias, description)
	}
	for _, also := range section.also {
		also, err := expand(also, name)
		if err != nil {
			continue
		}
		if other, ok := u.find(also); ok {
			u.enableAll(other, fmt.Sprintf(", which belongs to %s%s", found.Name, why), done)
		}
	}
}

// linkAlias links one more name to a unit, unless it is another unit's.
func (u *units) linkAlias(found unit, name, alias, description string) {
	alias, err := expand(alias, name)
	if err != nil || path.Base(alias) != alias || path.Ext(alias) != path.Ext(name) || alias == name {
		return
	}
	file := path.Join(unitDirectory, alias)
	target, isLink := u.p.link(file)
	switch {
	case u.p.isFile(file):
		u.p.warn(report.ConcernServices, fmt.Sprintf("the guest has a unit %s of its own: %q did not get that alias", file, name),
			"remove that file in the guest, or choose another alias")
	case isLink && path.Base(target) != path.Base(found.Path):
		u.p.warn(report.ConcernServices, fmt.Sprintf("%s in the guest belongs to %q: %q did not get that alias", file, path.Base(target), name),
			fmt.Sprintf("disable %q too", path.Base(target)))
	default:
		u.link(found.Path, file, description)
	}
}

// link links to a unit file, unless a link to it is there that spells its
// directory in another way (/lib for /usr/lib).
func (u *units) link(file, link, description string) {
	if target, ok := u.p.link(link); ok && path.Base(target) == path.Base(file) && u.p.exists(link) {
		return
	}
	u.p.symlink(file, link, description)
}

// links returns the links by which a unit is enabled.
func (u *units) links(name string) []string {
	stem, instance, suffix, isInstance := splitUnit(name)
	matches := func(link, target string) bool {
		if link == name || (!isInstance && path.Base(target) == name) {
			return true
		}
		if !isInstance || instance != "" { // not a template
			return false
		}
		otherStem, _, otherSuffix, other := splitUnit(link)
		return other && otherStem == stem && otherSuffix == suffix
	}
	var links []string
	for _, entry := range u.p.list(unitDirectory) {
		full := path.Join(unitDirectory, entry)
		if target, ok := u.p.link(full); ok {
			// A link of the unit's own name is a mask or the unit itself.
			if entry != name && target != "/dev/null" && matches(entry, target) {
				links = append(links, full)
			}
			continue
		}
		if !slices.Contains(dependencyDirectories, path.Ext(entry)) {
			continue
		}
		for _, link := range u.p.list(full) {
			if target, ok := u.p.link(path.Join(full, link)); ok && matches(link, target) {
				links = append(links, path.Join(full, link))
			}
		}
	}
	return links
}

// enabled reports whether a unit starts at boot by a link in /etc or, as the
// distribution's default, in its own directories.
func (u *units) enabled(name string) bool {
	found, ok := u.find(name)
	if !ok || found.Masked {
		return false
	}
	return len(u.links(found.Name)) > 0 || u.pulledInBy(found.Name) != ""
}

// pulledInBy names a unit that starts another by a link outside /etc, which
// disabling does not remove.
func (u *units) pulledInBy(name string) string {
	for _, directory := range u.directories[1:] {
		for _, entry := range u.p.list(directory) {
			if slices.Contains(dependencyDirectories, path.Ext(entry)) && slices.Contains(u.p.list(path.Join(directory, entry)), name) {
				return strings.TrimSuffix(entry, path.Ext(entry))
			}
		}
	}
	return ""
}

// disable removes the links of a unit and of those that belong to it.
func (u *units) disable(name string, section install) {
	u.disableAll(name, section, map[string]bool{})
	if by := u.pulledInBy(name); by != "" {
		u.p.warn(report.ConcernServices, fmt.Sprintf("unit %q still starts, because the distribution has %q ask for it", name, by), "mask it instead of disabling it")
	}
	stem, _, suffix, _ := splitUnit(name)
	for _, other := range []string{".socket", ".timer", ".path"} {
		if suffix == ".service" && u.enabled(stem+other) {
			u.p.warn(report.ConcernServices, fmt.Sprintf("unit %q can still be started by %q", name, stem+other), fmt.Sprintf("disable %q too", stem+other))
		}
	}
}

func (u *units) disableAll(name string, section install, done map[string]bool) {
	if done[name] {
		return
	}
	done[name] = true
	if _, ok := u.find(name); ok {
		u.turnedOff = append(u.turnedOff, name)
	}
	for _, link := range u.links(name) {
		u.p.remove(link, "disable "+name)
	}
	for _, also := range section.also {
		if other, ok := u.find(also); ok {
			u.disableAll(other.Name, u.install(other), done)
		}
	}
}

// mask makes a unit impossible to start.
func (u *units) mask(found unit) {
	file := path.Join(unitDirectory, found.Name)
	if u.p.isFile(file) {
		u.p.warn(report.ConcernServices, fmt.Sprintf("unit %q was not masked: the guest has a file %s of its own", found.Name, file), "disable it, or delete that file in the guest")
		return
	}
	u.p.symlink("/dev/null", file, "mask "+found.Name)
}
