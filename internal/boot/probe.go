package boot

import (
	"io"
	"strings"
	"sync"
	"time"
)

// ProbePort is the virtio port that a probe in a guest says its facts to.
const ProbePort = "org.hyper2kvm.probe.0"

// How much longer a guest's facts are waited for than its login prompt, or the
// answer of its agent: both come when most is started. And how much longer than the
// words of emergency mode, of which the facts tell why. At the least: half as long as
// it took until then where that is more.
const (
	probePatience     = 30 * time.Second
	emergencyPatience = 15 * time.Second
)

// probe is the channel of a guest's probe.
type probe struct {
	news notice

	mu    sync.Mutex
	facts *Facts // of the last whole report
	bad   error  // why the last was none
}

// follow reads reports until the channel ends, or the guest has said too much.
func (p *probe) follow(channel io.Reader) error {
	var said strings.Builder
	buffer := make([]byte, 4096)
	for said.Len() < maxReports {
		n, err := channel.Read(buffer)
		said.Write(buffer[:n])
		// Bytes of a report's end may lie in two pieces, but not of its last line.
		if n > 0 && buffer[n-1] == '\n' {
			p.take(said.String())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *probe) take(said string) {
	facts, complete, err := ParseFacts(said)
	p.mu.Lock()
	p.bad = err
	if complete {
		p.facts = &facts
	}
	p.mu.Unlock()
	p.news.tell()
}

// said is the last report, or nil, and why there is none if something was said.
func (p *probe) said() (*Facts, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.facts, p.bad
}

// waitsForProbe says that a guest that is up, or that knows why it is not, is given
// more time to tell its facts.
func (w *watch) waitsForProbe(judged judgement, late bool) bool {
	patience := probePatience
	switch {
	case !w.probed || late:
		return false
	case judged.state == StateEmergency:
		patience = emergencyPatience
	case judged.verdict != Booted:
		return false
	}
	// What comes after the look that was judged is not noted yet: one more is due.
	facts := w.outcome.Facts
	switch {
	case facts == nil || facts.Boot == ProgressStarting:
		return w.isPatient(&w.up, patience)
	case !facts.Waiting || judged.verdict != Booted:
		return false
	}
	// The probe itself waits half as long as the boot took and 10 s.
	waited, half := w.waited(&w.waiting)
	return waited < patience+half
}

// noteProbe keeps what the guest has said of itself.
func (w *watch) noteProbe(o observed) {
	if _, err := w.probe.said(); err != nil {
		w.remember("probe", err.Error())
	}
	if o.facts != nil {
		w.outcome.Facts = o.facts
		w.remember("probe", string(o.facts.Boot))
	}
}

// judgeFacts says what the guest's own word is worth.
func judgeFacts(f Facts) judgement {
	switch f.Boot {
	case ProgressDone, ProgressRunning, ProgressDegraded:
		return judgement{verdict: Booted, state: StateProbe}
	case ProgressMaintenance:
		reason := sentences[StateEmergency]
		if len(f.Failed) > 0 {
			reason += ", for " + enumerate(f.Failed) + " failed"
		}
		return judgement{Dead, StateEmergency, reason}
	}
	return judgement{}
}

// unfinished says what a guest waits for that is not up in time.
func unfinished(f Facts) string {
	reason := "its systemd has not started all in time"
	if len(f.Jobs) > 0 {
		reason += ": it waits for " + enumerate(f.Jobs)
	}
	return reason
}

// enumerate lists the first few of many names.
func enumerate(names []string) string {
	const few = 5
	text := ""
	for n, name := range names {
		switch {
		case n == few:
			return text + " and others"
		case n > 0:
			text += ", "
		}
		text += name
	}
	return text
}
