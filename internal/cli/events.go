package cli

import (
	"encoding/json"
	"io"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// eventStream prints each event as one line of JSON. Whoever reads may go away:
// the run goes on, or is cancelled by other means.
type eventStream struct{ out io.Writer }

func newEventStream(out io.Writer) *eventStream { return &eventStream{out: out} }

func (s *eventStream) event(e report.Event) {
	line, err := json.Marshal(e)
	if err != nil {
		// Only a stage's result can be at fault. The end must be told anyway.
		line, _ = json.Marshal(report.Event{Type: report.EventError, Time: e.Time, Stage: e.Stage, Message: "an event could not be encoded: " + err.Error()})
	}
	_, _ = s.out.Write(append(line, '\n'))
}

func (s *eventStream) cancelling(cause error) {
	s.event(report.Event{Type: report.EventLog, Time: report.Now(), Message: "cancelling: " + cause.Error()})
}

func (s *eventStream) finished(r *report.Report, err error) {
	s.event(report.Event{Type: report.EventFinished, Time: report.Now(), Success: err == nil && r.Pipeline.Success, Report: r})
}
