package bootloader

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
)

// grubVariable is $name or ${name}.
var grubVariable = regexp.MustCompile(`\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})`)

// rootVariables are what a menu's `set` lines give the variables that stand for a
// device in kernel parameters (root=$rootpartition), by name.
type rootVariables struct {
	values map[string][]string
	// forms are how the value of a variable that is the whole device has to be
	// written.
	forms map[string]devname.Form
}

func findRootVariables(statements []conf.GrubStatement) rootVariables {
	v := rootVariables{values: map[string][]string{}, forms: map[string]devname.Form{}}
	for i, statement := range statements {
		command := statement.Command()
		if name, value, _, ok := grubAssignment(command); ok {
			v.values[name] = append(v.values[name], value)
		}
		if !command.LoadsKernel() {
			continue
		}
		for _, w := range command[1:] {
			param, value, ok := strings.Cut(w.Text, "=")
			m := grubVariable.FindStringSubmatch(value)
			if !ok || !tagParams[param] || m == nil || m[0] != value {
				continue
			}
			name := m[1] + m[2]
			if form, used := v.forms[name]; !used || form == devname.AsTag {
				v.forms[name] = devname.AsTag
				if !loadsInitramfs(statements[i+1:]) {
					v.forms[name] = devname.AsPartUUID
				}
			}
		}
	}
	return v
}

// grubAssignment reads `set name=value` or `name=value`.
func grubAssignment(command conf.GrubStatement) (name, value string, w conf.Word, ok bool) {
	switch {
	case len(command) == 2 && command[0].Text == "set":
		w = command[1]
	case len(command) == 1 && bareAssignment.MatchString(command[0].Text):
		w = command[0]
	default:
		return "", "", w, false
	}
	name, value, ok = strings.Cut(w.Text, "=")
	return name, value, w, ok
}

// edit gives a variable that stands for a device a stable value.
func (v rootVariables) edit(command conf.GrubStatement, c *cmdlineEditor) []conf.Edit {
	name, value, w, ok := grubAssignment(command)
	form, used := v.forms[name]
	if !ok || !used {
		return nil
	}
	spec := value
	if numbered, ok := devname.Numbered(value); ok {
		spec = numbered
	}
	if !devname.IsStale(spec) {
		return nil
	}
	stable, err := c.names.Stable(spec, form)
	if err != nil && c.names.HasRoot {
		var rootErr error
		if stable, rootErr = c.names.StableOf(c.names.Root, form); rootErr == nil {
			err = nil
			c.find(name, spec, stable, nil)
		}
	}
	if err != nil {
		c.find("root", spec, "", err)
		return nil
	}
	e, ok := w.Replace(len(name)+1, len(w.Text), stable)
	if !ok {
		c.find("root", spec, "", fmt.Errorf("its quoting leaves no room for %s", stable))
		return nil
	}
	return []conf.Edit{e}
}

var errUnknownVariable = errors.New("nothing in the menu tells what its variable means; check in the guest that it is no device name of the old machine")

// expand puts values in the place of variables, where each has one alone.
func (v rootVariables) expand(text string) (string, bool) {
	known := true
	return grubVariable.ReplaceAllStringFunc(text, func(use string) string {
		value := v.values[strings.Trim(use, "${}")]
		if len(value) != 1 || strings.Contains(value[0], "$") {
			known = false
			return use
		}
		return value[0]
	}), known
}

// editWords edits the parameters that are made of variables and other text, as
// root=/dev/${disk}2.
func (v rootVariables) editWords(words []conf.Word, c *cmdlineEditor) []conf.Edit {
	var edits []conf.Edit
	for _, w := range words {
		param, value, ok := strings.Cut(w.Text, "=")
		if !ok || param != "root" && param != "real_root" && param != "resume" || !grubVariable.MatchString(value) {
			continue
		}
		expanded, known := v.expand(value)
		m := grubVariable.FindStringSubmatch(value)
		switch {
		case m[0] == value && len(v.values[m[1]+m[2]]) > 0: // edited where it is set
		case !known && (m[0] == value || strings.HasPrefix(value, "/dev/")):
			c.findings = append(c.findings, finding{where: c.where, param: param, spec: value, err: errUnknownVariable, otherOS: true})
		case known && devname.IsStale(expanded):
			edits = c.editSpan(edits, w, param, expanded, len(param)+1, len(w.Text))
		}
	}
	return edits
}
