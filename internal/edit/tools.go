package edit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Tools runs the guest's own programs.
type Tools struct {
	runner   guest.Runner // nil where none can be run
	fs       *cacheFS
	journal  *Journal
	commands int
}

// ErrNoRunner is why a tool of the guest was not run.
var ErrNoRunner = errors.New("programs of this guest cannot be run here")

// CanRun reports whether the guest's own tools can be run.
func (t *Tools) CanRun() bool { return t.runner != nil }

// Command runs one of the guest's own tools and records it as a change. No
// secret may be in argv.
func (t *Tools) Command(ctx context.Context, description string, argv ...string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !t.CanRun() {
		return fmt.Errorf("cannot run %s: %w", argv[0], ErrNoRunner)
	}
	_, err := t.runner.Run(argv...)
	t.fs.forgetAll() // nobody knows what it wrote
	if err != nil {
		return fmt.Errorf("%s failed in the guest: %w", strings.Join(argv, " "), err)
	}
	t.commands++
	t.journal.Record(report.Change{Path: argv[0], Action: report.ActionCommand, Description: description})
	return nil
}

// Commands is how many tools of the guest have run that may have written.
func (t *Tools) Commands() int { return t.commands }

// Query runs one of the guest's own tools that only tells something: it gets
// input and returns its output. No secret may be in argv.
func (t *Tools) Query(input []byte, argv ...string) (string, error) {
	if !t.CanRun() {
		return "", ErrNoRunner
	}
	if input == nil {
		return t.runner.Run(argv...)
	}
	return t.runner.RunInput(input, argv...)
}
