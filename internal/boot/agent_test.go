package boot

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"
)

// playAgent is an agent at the other end of a channel, as QEMU's is in a guest. It
// answers both questions by a table of commands and answers, and with an error what
// that has not.
func playAgent(channel io.ReadWriteCloser, answers map[string]string) error {
	lines := bufio.NewScanner(channel)
	for n := 0; n < 2 && lines.Scan(); n++ {
		var asked struct {
			Execute   string `json:"execute"`
			Arguments struct {
				ID int `json:"id"`
			} `json:"arguments"`
		}
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		answer, ok := answers[asked.Execute]
		switch {
		case !ok:
			answer = `{"error": {"class": "CommandNotFound", "desc": "Command ` + asked.Execute + ` has been disabled"}}`
		case answer == "":
			answer = fmt.Sprintf(`{"return": %d}`, asked.Arguments.ID)
		}
		if _, err := fmt.Fprintln(channel, answer); err != nil {
			return err
		}
	}
	return errors.Join(lines.Err(), channel.Close())
}

func TestAgent(t *testing.T) {
	t.Parallel()
	// As Debian 12's says it, with fewer commands.
	const info = `{"return": {"version": "7.2.17", "supported_commands": [{"enabled": true, "name": "guest-ping", "success-response": true}]}}`
	for name, test := range map[string]struct {
		answers map[string]string // "" is the number that is asked for
		want    []string          // of the evidence
	}{
		"an agent":                    {map[string]string{"guest-sync": "", "guest-info": info}, []string{"it answers", "it is of QEMU 7.2.17"}},
		"one that may not tell":       {map[string]string{"guest-sync": ""}, []string{"it answers"}},
		"one that is something else":  {map[string]string{"guest-sync": `{"return": 3}`, "guest-info": info}, nil},
		"one that refuses":            {nil, nil},
		"one that babbles":            {map[string]string{"guest-sync": "\xff{}\n[]\nlogin: ", "guest-info": "null"}, nil},
		"a release that is none":      {map[string]string{"guest-sync": "", "guest-info": `{"return": {"version": "7.2\u001b[2J"}}`}, []string{"it answers"}},
		"a release of another kind":   {map[string]string{"guest-sync": "", "guest-info": `{"return": {"version": 7}}`}, []string{"it answers"}},
		"a number that comes late":    {map[string]string{"guest-sync": "{\"return\": 0}\n{\"return\": 1817}", "guest-info": info}, []string{"it answers", "it is of QEMU 7.2.17"}},
		"a release before the number": {map[string]string{"guest-sync": info, "guest-info": `{"return": 1817}`}, []string{"it answers"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours, theirs, err := channel()
			if err != nil {
				t.Fatal(err)
			}
			w := watch{Running: &Running{agent: &agent{news: newNotice()}}, started: time.Now()}
			played := make(chan error, 1)
			go func() { played <- playAgent(theirs, test.answers) }()
			if err := errors.Join(w.agent.follow(ours), <-played, ours.Close()); err != nil {
				t.Error(err)
			}
			w.noteAgent()
			var seen []string
			for _, e := range w.outcome.Evidence {
				if e.Source != "agent" || e.Seconds < 0 {
					t.Errorf("evidence %+v", e)
				}
				seen = append(seen, e.Seen)
			}
			if !slices.Equal(seen, test.want) || w.outcome.AgentAnswers != (len(test.want) > 0) {
				t.Errorf("it said %q (answers: %t), want %q", seen, w.outcome.AgentAnswers, test.want)
			}
			if len(test.want) > 0 {
				select {
				case <-w.agent.news:
				default:
					t.Error("nobody was told")
				}
			}
		})
	}
}

// TestWaitsForAgent: a guest that is up is given time for an agent that it has, by
// how long it took itself.
func TestWaitsForAgent(t *testing.T) {
	t.Parallel()
	up := judgement{verdict: Booted, state: StateLogin}
	for name, test := range map[string]struct {
		has, answered, late bool
		judged              judgement
		took, ago           time.Duration // until it was up, and since then
		want                bool
	}{
		"none":                 {judged: up},
		"it has just come up":  {has: true, judged: up, took: 20 * time.Second, want: true},
		"it answers":           {has: true, answered: true, judged: up, took: 20 * time.Second},
		"no time is left":      {has: true, late: true, judged: up, took: 20 * time.Second},
		"it is not up":         {has: true, judged: judgement{verdict: Dead, state: StatePanic}, took: 20 * time.Second},
		"it was waited for":    {has: true, judged: up, took: 20 * time.Second, ago: 16 * time.Second},
		"a host that is slow":  {has: true, judged: up, took: 2 * time.Minute, ago: 50 * time.Second, want: true},
		"a host that is slow,": {has: true, judged: up, took: 2 * time.Minute, ago: 61 * time.Second},
	} {
		w := watch{Running: &Running{agent: &agent{answered: test.answered}}, Watching: Watching{Agent: test.has}}
		w.noteAgent()
		w.ready = time.Now().Add(-test.ago)
		w.started = w.ready.Add(-test.took)
		if got := w.waitsForAgent(test.judged, test.late); got != test.want {
			t.Errorf("%s: it is waited for: %t", name, got)
		}
	}
	w := watch{Running: &Running{agent: &agent{}}, Watching: Watching{Agent: true}, started: time.Now()}
	if !w.waitsForAgent(up, false) || w.ready.IsZero() {
		t.Error("the time does not begin")
	}
}

// TestWaitsForProbe: a guest that is up is given time for its probe, and more for one that
// says that it waits itself: half as long as the boot took, and 10 s.
func TestWaitsForProbe(t *testing.T) {
	t.Parallel()
	up, emergency := judgement{verdict: Booted, state: StateLogin}, judgement{verdict: Dead, state: StateEmergency}
	facts := func(boot Progress, waiting bool) *Facts { return &Facts{Boot: boot, Waiting: waiting} }
	for name, test := range map[string]struct {
		unprobed, late bool
		judged         judgement
		said           *Facts
		took, ago      time.Duration // until it was up, or said that it waits, and since then
		want           bool
	}{
		"it says nothing":                {judged: up, took: 20 * time.Second, ago: 29 * time.Second, want: true},
		"it says nothing for long":       {judged: up, took: 20 * time.Second, ago: 31 * time.Second},
		"it starts":                      {judged: up, said: facts(ProgressStarting, false), took: 20 * time.Second, ago: 29 * time.Second, want: true},
		"it has said all":                {judged: up, said: facts(ProgressRunning, false), took: 20 * time.Second},
		"it waits":                       {judged: up, said: facts(ProgressRunning, true), took: 20 * time.Second, ago: 31 * time.Second, want: true},
		"it waits for long":              {judged: up, said: facts(ProgressRunning, true), took: 20 * time.Second, ago: 41 * time.Second},
		"it waits, of a slow host":       {judged: up, said: facts(ProgressRunning, true), took: 4 * time.Minute, ago: 131 * time.Second, want: true},
		"it waits, and the time is over": {late: true, judged: up, said: facts(ProgressRunning, true), took: 20 * time.Second},
		"there is none":                  {unprobed: true, judged: up, took: 20 * time.Second},
		"emergency mode says nothing":    {judged: emergency, took: 20 * time.Second, ago: 14 * time.Second, want: true},
		"emergency mode has said why":    {judged: emergency, said: facts(ProgressMaintenance, true), took: 20 * time.Second},
		"it is not up":                   {judged: judgement{verdict: Dead, state: StatePanic}, said: facts(ProgressRunning, true)},
	} {
		w := watch{Running: &Running{probe: &probe{}, probed: !test.unprobed}}
		w.outcome.Facts = test.said
		since := time.Now().Add(-test.ago)
		w.up, w.waiting, w.started = since, since, since.Add(-test.took)
		if got := w.waitsForProbe(test.judged, test.late); got != test.want {
			t.Errorf("%s: it is waited for: %t", name, got)
		}
	}
	w := watch{Running: &Running{probe: &probe{}, probed: true}, started: time.Now()}
	w.outcome.Facts = facts(ProgressRunning, true)
	if !w.waitsForProbe(up, false) || w.waiting.IsZero() {
		t.Error("the time does not begin")
	}
}

// What a guest says between a look at it and the end would be in no report: one more
// look comes first.
func TestWhatIsNotNotedIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := watch{
		Running:  &Running{agent: &agent{answered: true}, probe: &probe{facts: &Facts{Boot: ProgressRunning}}, probed: true},
		Watching: Watching{Agent: true}, started: time.Now(),
	}
	up := judgement{verdict: Booted, state: StateLogin}
	if !w.waitsForProbe(up, false) || !w.waitsForAgent(up, false) {
		t.Error("a guest whose words are not noted is at its end")
	}
	w.noteProbe(observed{facts: w.probe.facts})
	w.noteAgent()
	if w.waitsForProbe(up, false) || w.waitsForAgent(up, false) {
		t.Error("a guest that has said all is waited for")
	}
	if w.outcome.Facts == nil || !w.outcome.AgentAnswers {
		t.Errorf("noted is %+v", w.outcome)
	}
}
