package bootloader

import (
	"errors"
	"slices"
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
		switch {
		case l.Section == section && l.Key == "Options":
			line = c.editMountOptions(line, l.Value)
		case l.Section == "Unit":
			c.findDeviceUnits(l.Key, l.Value)
		}
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

// editMountOptions replaces devices in mount options: device=/dev/sdb1.
func (c *cmdlineEditor) editMountOptions(line, value string) string {
	c.findJournal("Options", value)
	edited := value
	for _, span := range slices.Backward(devname.Spans(value)) {
		spec := value[span.From:span.To]
		name, err := c.names.Stable(spec, devname.AsPath)
		if err != nil {
			c.find("Options", spec, "", err)
			continue
		}
		edited = edited[:span.From] + name + edited[span.To:]
	}
	return strings.Replace(line, value, edited, 1)
}

var errDeviceUnit = errors.New("it is the unit of a disk's name on the old machine, and the guest would wait for it: name the unit of a path under /dev/disk/by-uuid, or remove it")

// findDeviceUnits finds units of devices of the old machine that a unit asks for.
func (c *cmdlineEditor) findDeviceUnits(key, value string) {
	for unit := range strings.FieldsSeq(value) {
		name, ok := strings.CutSuffix(unit, ".device")
		if ok && devname.IsStale(conf.UnitPath(name)) {
			c.findings = append(c.findings, finding{where: "Unit", param: key, spec: unit, err: errDeviceUnit})
		}
	}
}
