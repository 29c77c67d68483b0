package measure

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

// readSteps reads how long each step of each stage took: from the first event
// that names it to the next that names another, or whatever comes after the
// launch, which is over then.
func readSteps(events string) ([]results.Step, error) {
	var steps []results.Step
	var since time.Time
	end := func(at time.Time) {
		if n := len(steps); n > 0 && !since.IsZero() {
			steps[n-1].Seconds += at.Sub(since).Seconds()
		}
		since = at
	}
	current := results.Step{}
	for line := range strings.Lines(events) {
		var e report.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return nil, fmt.Errorf("reading an event: %w", err)
		}
		at := e.Time.Time
		next := current
		switch {
		case e.Type == report.EventStageStarted:
			next = results.Step{Stage: e.Stage}
		case e.Type == report.EventStageFinished:
			end(at)
			since, current = time.Time{}, results.Step{}
			continue
		case e.Type == report.EventProgress && e.Message != "":
			next = results.Step{Stage: e.Stage, Name: e.Message}
		case current.Name == results.Launch:
			next = results.Step{Stage: e.Stage}
		}
		if next != current {
			end(at)
			steps, current = append(steps, next), next
		}
	}
	return steps, nil
}
