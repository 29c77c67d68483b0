package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// preflightTime bounds one preflight, of which only measuring a large source
// takes long. What is not measured by then is not said.
const preflightTime = 5 * time.Second

// answerPreflights answers each manifest that comes in with one line, a JSON
// list of report.Problem, until standard input ends. Nothing is validated: what
// is planned may lack what only apply will know.
func (c *Command) answerPreflights(ctx context.Context, f flags) error {
	in, out := json.NewDecoder(c.Stdin), json.NewEncoder(c.Stdout)
	for {
		question := manifest.Question{Manifest: &manifest.Manifest{}}
		if err := in.Decode(&question); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		limited, cancel := context.WithTimeout(ctx, preflightTime)
		problems := c.Preflight(limited, question.Manifest, EngineOptions{WorkDirectory: f.workDirectory, Acceleration: f.acceleration, Freed: question.Freed})
		cancel()
		if err := out.Encode(append([]report.Problem{}, problems...)); err != nil {
			return err
		}
	}
}
