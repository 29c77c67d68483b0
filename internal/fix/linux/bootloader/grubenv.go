package bootloader

import (
	"regexp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// grubenvParams names the variables of a GRUB environment that hold kernel
// parameters. saved_entry and its like may well look like some, being titles.
var grubenvParams = regexp.MustCompile(`(opts|params|cmdline)$`)

// editGrubenv edits a GRUB environment block: `kernelopts` of RHEL 8, and
// other variables with kernel parameters.
func editGrubenv(text string, s bootScope) (string, []finding) {
	env, ok := conf.ParseGrubEnvironment(text)
	if !ok {
		return text, nil
	}
	c := cmdlineEditor{names: s.names}
	edited := false
	env = env.Edit(func(name, value string) string {
		if !grubenvParams.MatchString(name) {
			return value
		}
		c.where = name
		// Blanks end a parameter, so the escapes (of backslash and line end)
		// cannot be inside of a name that is replaced.
		stable := c.editCmdline(value)
		edited = edited || stable != value
		return stable
	})
	if !edited {
		return text, c.findings
	}
	return env.String(), c.findings
}
