package bootloader

import "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"

// Remember keeps the boot configuration as it is before the guest's own tools
// are run.
func (c *Configuration) Remember() error {
	c.remembered, c.commands = map[string]string{}, c.edit.Commands()
	return c.eachFile(func(name, text string, _ bootfile.File) error {
		c.remembered[name] = text
		return nil
	})
}

// CorrectRegenerated puts right what the guest's own tools wrote into boot
// configuration. Run here, they see the appliance's devices: a name that came
// with them means what it means in the appliance, not in the guest.
func (c *Configuration) CorrectRegenerated() error {
	if c.edit.Commands() == c.commands {
		return nil
	}
	scope := c.scope()
	scope.names.Appliance = true
	return c.eachFile(func(name, text string, f bootfile.File) error {
		if text == c.remembered[name] {
			return nil
		}
		fixed, _ := editors[f.Format](text, scope)
		return c.edit.Rewrite(name, fixed, 0o644, "replace the device names that a tool of the guest wrote while it ran outside of the guest", meantIn(name))
	})
}
