package guest

import (
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// UnitMount reads a systemd.mount(5) or systemd.automount(5) unit, by its name and the
// file that it lies in. ok is false for a unit of another kind, and for one that systemd
// refuses, as its name is not that of where it mounts.
func UnitMount(name, file, text string) (mount BootMount, ok bool) {
	ending := path.Ext(name)
	section := map[string]string{".mount": "Mount", ".automount": "Automount"}[ending]
	if section == "" {
		return BootMount{}, false
	}
	unit := conf.ReadINI(text)
	where := path.Clean(unit.Value(section, "Where"))
	if !path.IsAbs(where) || where == "/" || where != conf.UnitPath(strings.TrimSuffix(name, ending)) {
		return BootMount{}, false
	}
	what, options := unit.Value("Mount", "What"), unit.Value("Mount", "Options")
	mount = BootMount{Path: where, Spec: what, File: file}
	mount.Line = strings.Join(strings.Fields(strings.Join([]string{what, where, unit.Value("Mount", "Type"), options}, " ")), " ")
	given := strings.Split(options, ",")
	if slices.Contains(given, "bind") || slices.Contains(given, "rbind") {
		mount.Bound = path.Clean(what)
	}
	return mount, true
}
