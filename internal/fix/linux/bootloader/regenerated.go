package bootloader

// Remember keeps the boot configuration as it is before the guest's own tools
// are run.
func (c *Configuration) Remember() error {
	c.remembered, c.commands = map[string]string{}, c.edit.Commands()
	return c.eachFile(bootFiles, func(name, text string, _ bootFile) error {
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
	return c.eachFile(bootFiles, func(name, text string, f bootFile) error {
		if text == c.remembered[name] {
			return nil
		}
		fixed, _ := f.edit(text, scope)
		return c.edit.Rewrite(name, fixed, 0o644, "replace the device names that a tool of the guest wrote while it ran outside of the guest", meantIn(name))
	})
}
