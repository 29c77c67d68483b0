package fix

import (
	"context"
	"slices"
)

// rememberBoot keeps the boot configuration as it is before the guest's own
// tools are run.
func rememberBoot(_ context.Context, r *run) error {
	r.bootTexts = map[string]string{}
	return r.eachFile(bootFiles, func(name, text string, _ bootFile) error {
		r.bootTexts[name] = text
		return nil
	})
}

// correctRegenerated puts right what the guest's own tools wrote into boot
// configuration. Run here, they see the appliance's devices: a name that came
// with them means what it means in the appliance, not in the guest.
func correctRegenerated(_ context.Context, r *run) error {
	ran := slices.ContainsFunc(r.result.Changes, func(c Change) bool { return c.Action == ActionCommand })
	if !ran {
		return nil
	}
	scope := r.bootScope()
	scope.names.Appliance = true
	return r.eachFile(bootFiles, func(name, text string, f bootFile) error {
		if text == r.bootTexts[name] {
			return nil
		}
		fixed, _ := f.edit(text, scope)
		return r.write(name, fixed, 0o644, "replace the device names that a tool of the guest wrote while it ran outside of the guest")
	})
}
