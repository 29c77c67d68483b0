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

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// Target is the mounted guest that Run works on.
type Target struct {
	FS guest.FS
	// Runner runs the guest's own tools. It may be nil: checks that need a
	// tool are then left out.
	Runner guest.Runner
	OS     guest.OS
}

// The actions of a Change.
const (
	ActionModified = "modified"
	ActionCreated  = "created"
	ActionRemoved  = "removed"
)

// Change is one thing that was done to the guest. Path is the guest path. Diff
// is a unified diff with secrets hidden; it is empty for what is no text and
// for files that may hold secrets anywhere.
type Change struct {
	Path        string `json:"path"`
	Action      string `json:"action"`
	Description string `json:"description"`
	Diff        string `json:"diff,omitempty"`
}

// Result is what Run did, as it goes into the report.
type Result struct {
	Changes []Change `json:"changes"`
	// Relabel says that the guest uses SELinux and has new files, so that its
	// labels must be restored before or at its next boot.
	Relabel bool `json:"-"`
	// Directories are those that were made on the way to a changed file.
	Directories []string `json:"-"`
}

// Warning is something that a person should know or do, while the run goes on.
type Warning struct {
	Message string
	Remedy  string
}

// Injection is options that fit a guest.
type Injection struct {
	target  Target
	options Options
	// services were in the guest when it was looked at first.
	services map[string]bool
}

// Prepare checks o against the guest and changes nothing, so that what cannot
// be done is known before anything else is done to the guest.
func Prepare(ctx context.Context, t Target, o Options) (*Injection, error) {
	p, err := newPlan(ctx, t, time.Now())
	if err != nil {
		return nil, err
	}
	if err := p.stageAll(o); err != nil {
		return nil, err
	}
	return &Injection{target: t, options: o, services: p.services}, nil
}

// Run injects into the guest as it is now. An error with an empty Result means
// that nothing was changed; after any other error the guest is half done and
// must be thrown away. Run over its own output changes nothing.
func (i *Injection) Run(ctx context.Context) (Result, []Warning, error) {
	p, err := newPlan(ctx, i.target, time.Now())
	if err != nil {
		return Result{}, nil, err
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

func (p *plan) run(o Options) (Result, []Warning, error) {
	if err := p.stageAll(o); err != nil {
		return Result{}, p.warnings, err
	}
	changes, err := p.apply()
	result := Result{Changes: changes, Directories: p.directories}
	if len(changes) > 0 {
		result.Relabel = p.usesSELinux()
	}
	return result, p.warnings, err
}
