// Package inject gives a Linux guest, offline, the users, services, name and
// network files that a manifest's configuration section asks for.
//
// Everything is planned first: the guest is read, every option checked against
// it, and the edits are staged in memory. Only when nothing is wrong is any of
// them written. What an edit does to a file's text is a pure function.
package inject

import (
	"context"
	"errors"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/distro"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Injection is a configuration that fits a guest.
type Injection struct {
	edit          *edit.Editor
	configuration *manifest.Configuration
	family        distro.Family
	now           func() time.Time
	// disabled are the services to disable that were in the guest when it was
	// looked at first.
	disabled map[string]bool
	// rulesChecked says that visudo has seen the sudo rules.
	rulesChecked bool
}

func newInjection(e *edit.Editor, os guest.OS, c *manifest.Configuration, now func() time.Time) (*Injection, error) {
	if _, err := e.Stat("/etc/passwd"); err != nil {
		return nil, errors.New("the guest has no /etc/passwd: configuration can be injected into Linux guests only")
	}
	return &Injection{edit: e, configuration: c, family: distro.Detect(os.Distro, e), now: now, disabled: map[string]bool{}}, nil
}

// Prepare checks a configuration, which must have passed the manifest's
// validation, against the guest and changes nothing, so that what cannot be done
// is known before anything else is done to the guest.
func Prepare(ctx context.Context, e *edit.Editor, os guest.OS, c *manifest.Configuration) (*Injection, error) {
	i, err := newInjection(e, os, c, time.Now)
	if err != nil {
		return nil, err
	}
	if err := i.stage(ctx, newPlan(e)); err != nil {
		return nil, err
	}
	i.rulesChecked = true
	return i, nil
}

// Run injects into the guest as it is now. An error with an empty result means
// that nothing was changed; after any other error the guest is half done and
// must be thrown away. Run over its own output changes nothing.
func (i *Injection) Run(ctx context.Context) (report.Injection, []report.Warning, error) {
	p := newPlan(i.edit)
	if err := i.stage(ctx, p); err != nil {
		return report.Injection{}, p.warnings, err
	}
	err := p.apply(ctx)
	changes, warnings := i.edit.Take()
	return report.Injection{Changes: changes}, append(p.warnings, warnings...), err
}

// stage stages every edit that the configuration asks for, or tells all that is
// wrong: services before what looks at which of them are enabled.
func (i *Injection) stage(ctx context.Context, p *plan) error {
	c := i.configuration
	s := newServices(p, i.disabled)
	systemd := s.units != nil
	users := userPlanner{plan: p, family: i.family, now: i.now(), rulesChecked: i.rulesChecked}
	var problems error
	for _, section := range []func() error{
		func() error { return users.stage(c.Users) },
		func() error { s.stage(c.Services); return nil },
		func() error { return users.checkHomes(s) },
		func() error { return planHostname(p, i.family, c.Hostname) },
		func() error { planMachineID(p, systemd, c.MachineID); return nil },
		func() error { planNetwork(p, s, c.Network); return nil },
		func() error { return planFirstBoot(p, s.units, c.FirstBoot) },
		func() error { planPresets(p, s.units); return nil },
	} {
		if err := ctx.Err(); err != nil {
			return err
		}
		problems = errors.Join(problems, section())
	}
	if problems != nil {
		return problems
	}
	return p.check()
}
