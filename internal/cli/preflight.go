package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
)

const (
	// preflightTime bounds one preflight, of which only reading the tables of a
	// large source takes long. What is not known by then is not said.
	preflightTime = 5 * time.Second
	// preflightBudget is what those of one plan may take together that no image
	// depends on, and preflightLeast what each may take nevertheless. A look into
	// a guest takes about 0.3 s.
	preflightBudget = 20 * time.Second
	preflightLeast  = 50 * time.Millisecond
)

// answerPreflights answers each manifest that comes in with one line, a
// report.Foreseen as JSON, until standard input ends. Nothing is validated: what
// is planned may lack what only apply will know.
func (c *Command) answerPreflights(ctx context.Context, f flags) error {
	in, out := json.NewDecoder(c.Stdin), json.NewEncoder(c.Stdout)
	out.SetEscapeHTML(false)
	budget := preflightBudget
	for {
		question := manifest.Question{Manifest: &manifest.Manifest{}}
		if err := in.Decode(&question); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		limit := preflightTime
		if len(question.Freed) == 0 { // not a replacement
			limit = max(min(limit, budget), preflightLeast)
		}
		started := time.Now()
		limited, cancel := context.WithTimeout(ctx, limit)
		foreseen := c.Preflight(limited, question.Manifest, pipeline.Options{
			WorkDirectory: f.workDirectory, Acceleration: appliance.Acceleration(f.acceleration), Freed: question.Freed, Unplaced: question.Unplaced,
		})
		cancel()
		budget -= time.Since(started)
		if err := out.Encode(foreseen); err != nil {
			return err
		}
	}
}
