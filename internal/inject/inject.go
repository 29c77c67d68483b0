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

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Injection is options that fit a guest.
type Injection struct {
	edit    *edit.Editor
	os      guest.OS
	options Options
	// services were in the guest when it was looked at first.
	services map[string]bool
}

// Prepare checks o against the guest and changes nothing, so that what cannot
// be done is known before anything else is done to the guest.
func Prepare(ctx context.Context, e *edit.Editor, os guest.OS, o Options) (*Injection, error) {
	p, err := newPlan(ctx, e, os, time.Now())
	if err != nil {
		return nil, err
	}
	if err := p.stageAll(o); err != nil {
		return nil, err
	}
	return &Injection{edit: e, os: os, options: o, services: p.services}, nil
}

// Run injects into the guest as it is now. An error with an empty result means
// that nothing was changed; after any other error the guest is half done and
// must be thrown away. Run over its own output changes nothing.
func (i *Injection) Run(ctx context.Context) (report.Injection, []report.Warning, error) {
	p, err := newPlan(ctx, i.edit, i.os, time.Now())
	if err != nil {
		return report.Injection{}, nil, err
	}
	p.services, p.rulesChecked = i.services, true
	return p.run(i.options)
}

// sections are the parts of the configuration in the order in which they are
// planned: services before what looks at which services are enabled.
var sections = []func(*plan, Options) error{
	planUsers,
	planServices,
	planHostname,
	planMachineID,
	planNetwork,
	planFirstBoot,
}

// stageAll stages every edit that o asks for, or tells all that is wrong.
func (p *plan) stageAll(o Options) error {
	var problems error
	for _, section := range sections {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		problems = errors.Join(problems, section(p, o))
	}
	return problems
}

func (p *plan) run(o Options) (report.Injection, []report.Warning, error) {
	if err := p.stageAll(o); err != nil {
		return report.Injection{}, p.warnings, err
	}
	err := p.apply()
	changes, warnings := p.edit.Take()
	return report.Injection{Changes: changes}, append(p.warnings, warnings...), err
}
