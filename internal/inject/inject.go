// Package inject gives a Linux guest, offline, the users, services, name and
// network files that a manifest's configuration section asks for.
//
// Run first plans: it reads the guest, checks every option against it, and
// stages the edits in memory. Only when nothing is wrong does it write. What an
// edit does to a file's text is a pure function.
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
	Relabel bool `json:"relabel"`
}

// Warning is something that a person should know or do, while the run goes on.
type Warning struct {
	Message string
	Remedy  string
}

// Run injects what o asks for. An error with an empty Result means that the
// guest is as it was; after any other error it is half done and must be thrown
// away. Run over its own output changes nothing.
func Run(ctx context.Context, t Target, o Options) (Result, []Warning, error) {
	p, err := newPlan(ctx, t, time.Now())
	if err != nil {
		return Result{}, nil, err
	}
	return p.run(o)
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

func (p *plan) run(o Options) (Result, []Warning, error) {
	if err := o.Validate(); err != nil {
		return Result{}, nil, err
	}
	var problems error
	for _, section := range sections {
		if err := p.ctx.Err(); err != nil {
			return Result{}, nil, err
		}
		problems = errors.Join(problems, section(p, o))
	}
	if problems != nil {
		return Result{}, p.warnings, problems
	}
	changes, err := p.apply()
	result := Result{Changes: changes}
	if len(changes) > 0 {
		result.Relabel = p.usesSELinux()
	}
	return result, p.warnings, err
}
