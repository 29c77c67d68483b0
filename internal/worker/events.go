package worker

import (
	"encoding/json"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// maxEventLine is the most that one event may take, in bytes. The last event
// carries the whole report with its diffs.
const maxEventLine = 64 << 20

// eventSink decodes the child's standard output.
type eventSink struct {
	notify func(report.Event)
	tail   *tail
	// report is that of the last event; read it after the output has ended.
	report *report.Report
	// finished is closed when the report has arrived.
	finished chan struct{}
}

func newEventSink(notify func(report.Event), tail *tail) *eventSink {
	return &eventSink{notify: notify, tail: tail, finished: make(chan struct{})}
}

func (s *eventSink) line(line []byte, cut bool) {
	if len(line) == 0 {
		return
	}
	var event report.Event
	if cut || json.Unmarshal(line, &event) != nil || event.Type == "" {
		// Some library printed to standard output. That harms nothing, and it
		// may explain why the child failed.
		s.tail.line(line, cut)
		return
	}
	if event.Type == report.EventFinished {
		if event.Report != nil && s.report == nil {
			s.report = event.Report
			close(s.finished)
		}
		return
	}
	if s.notify != nil {
		s.notify(event)
	}
}
