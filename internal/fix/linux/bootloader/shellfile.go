package bootloader

import (
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
)

// shellVariables says how to edit the values of a shell file's variables. The
// edit is given the text between the quotes; nil leaves the variable alone.
type shellVariables func(v conf.ShellValue, text string, c *cmdlineEditor) string

// editShellFile edits the values of assignments and keeps all else byte for
// byte. A file that is no shell is left alone, with a finding.
func editShellFile(source string, s bootScope, variables shellVariables) (string, []finding) {
	values, err := conf.ShellValues(source)
	if err != nil {
		if !mentionsStale(source) {
			return source, nil
		}
		return source, []finding{{err: fmt.Errorf("the file is no valid shell: %w", err), otherOS: true}}
	}
	c := cmdlineEditor{names: s.names}
	var edits []conf.Edit
	for _, v := range values {
		text := source[v.Start:v.End]
		c.where = v.Name
		if edited := variables(v, text, &c); edited != text {
			edits = append(edits, conf.Edit{Start: v.Start, End: v.End, Text: edited})
		}
	}
	return conf.ApplyEdits(source, edits), c.findings
}

// mentionsStale is a rough look for a device name of the old machine.
func mentionsStale(text string) bool {
	for _, field := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n=\"',:", r) }) {
		if devname.IsStale(field) {
			return true
		}
	}
	return false
}

// stableValue turns a value that is one device name into its stable name.
func (c *cmdlineEditor) stableValue(text string, f devname.Form) string {
	spec := strings.TrimSpace(text)
	if !devname.IsStale(spec) {
		return text
	}
	name, err := c.names.Stable(spec, f)
	if err != nil {
		c.find(c.where, spec, "", err)
		return text
	}
	return strings.Replace(text, spec, name, 1)
}
