package bootloader

import (
	"errors"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
)

// editMountUnit edits the device of a systemd mount unit.
func editMountUnit(text string, s bootScope) (string, []finding) {
	return editUnitDevice(text, "Mount", func(c *cmdlineEditor, spec string) (string, error) {
		return c.names.Stable(spec, devname.AsPath)
	}, s)
}

var errUnitName = errors.New("a swap unit has the name of its device, so that it would need another name itself")

// editSwapUnit only finds: the device of a swap unit is in the unit's name.
func editSwapUnit(text string, s bootScope) (string, []finding) {
	return editUnitDevice(text, "Swap", func(*cmdlineEditor, string) (string, error) { return "", errUnitName }, s)
}

// editUnitDevice replaces What= in a section of a unit.
func editUnitDevice(text, section string, name func(*cmdlineEditor, string) (string, error), s bootScope) (string, []finding) {
	c := cmdlineEditor{names: s.names, where: section}
	var out strings.Builder
	for _, l := range conf.ReadINI(text) {
		line := l.Text
		if l.Section == section && l.Key == "What" && devname.IsStale(l.Value) {
			stable, err := name(&c, l.Value)
			if err != nil {
				c.find("What", l.Value, "", err)
			} else {
				line = strings.Replace(line, l.Value, stable, 1)
			}
		}
		out.WriteString(line)
	}
	return out.String(), c.findings
}
