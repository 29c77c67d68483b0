package boot

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Watching is how a boot is followed.
type Watching struct {
	// Timeout ends the boot, whatever was seen; DefaultTimeout where zero.
	Timeout time.Duration
	// Passphrases are typed when the guest asks to unlock a disk, a further one each
	// time, and from the first again: on the serial console or, if it does not ask
	// there, on the keyboard, which is a US one for the guest.
	Passphrases []string
	// Await is a line that the console has once the guest is up, which Watch then
	// waits for as well.
	Await *regexp.Regexp
	// Agent says that the guest starts QEMU's guest agent, which Watch then waits for
	// as well, though not for long.
	Agent bool
}

// DefaultTimeout is how long a guest has to come up.
const DefaultTimeout = 5 * time.Minute

// lookEvery is how often the screen is looked at.
const lookEvery = 3 * time.Second

// Evidence is one thing that was seen of the guest, and when: seconds after it
// was started.
type Evidence struct {
	Source  string // "console", "screen", "frames", "agent", "probe" or "machine"
	Seconds float64
	Seen    string
}

// Outcome is what became of a boot.
type Outcome struct {
	Verdict Verdict
	State   State
	// Reason says why the verdict is not Booted: the line that says most, or a
	// sentence.
	Reason   string
	Duration time.Duration // until the verdict
	// Evidence is in the order in which it was seen.
	Evidence []Evidence
	// Facts are what the guest's probe said, if it has one and that spoke.
	Facts    *Facts
	Console  string // all that was printed, without terminal escapes
	Screen   Screen
	Speakers []Speaker
	// AgentAnswers says that QEMU's guest agent is in the guest and answers.
	AgentAnswers bool
	Resets       int
	Accelerator  string // kvm or tcg
}

// maxStarted is how often a machine is started for what is the host's fault.
const maxStarted = 4

// Watch starts the machine and returns as soon as it is known how far its guest
// comes. That the guest fails is an outcome, not an error. The machine is gone
// when Watch returns.
func Watch(ctx context.Context, m Machine, w Watching) (Outcome, error) {
	if w.Timeout == 0 {
		w.Timeout = DefaultTimeout
	}
	started := time.Now()
	outcome := Outcome{}
	for n := 1; ; n++ {
		watch := watch{Watching: w, started: started}
		watch.outcome.Evidence = outcome.Evidence
		if n > 1 {
			watch.remember("machine", fmt.Sprintf("started anew (%d), as %s", n, StateTimer.Sentence()))
		}
		var err error
		outcome, err = watch.run(ctx, m)
		if err != nil || outcome.State != StateTimer || n == maxStarted || time.Since(started) >= w.Timeout {
			return outcome, err
		}
	}
}

// run is Watch for one start.
func (w *watch) run(ctx context.Context, m Machine) (outcome Outcome, err error) {
	if w.Running, err = Start(ctx, m); err != nil {
		return Outcome{}, err
	}
	err = w.follow(ctx)
	outcome = w.outcome
	outcome.Console, outcome.Accelerator = w.Console.Text(), w.Accelerator
	if w.typed > 0 {
		outcome.Screen.hide(w.Passphrases)
	}
	outcome.Speakers, outcome.Resets = w.traffic.seen(), w.monitor.happened().resets
	if err = errors.Join(err, w.Close()); err != nil {
		return outcome, fmt.Errorf("booting a guest: %w", err)
	}
	return outcome, nil
}

// watch is a boot that is being followed.
type watch struct {
	*Running
	Watching
	started time.Time
	outcome Outcome
	typed   int  // passphrases
	asked   bool // on the console
	// answered is what was on the screen when a passphrase was typed there.
	answered string
	seen     []string // what outcome.Evidence has
	// up is when it was first seen to be up, or why it is not, while its probe is
	// waited for, waiting when that first said that it waits itself, and ready when
	// only its agent was waited for.
	up, waiting, ready time.Time
}

// follow looks at the guest until there is a verdict.
func (w *watch) follow(ctx context.Context) error {
	over := time.NewTimer(w.Timeout - time.Since(w.started))
	defer over.Stop()
	looks := time.NewTicker(lookEvery)
	defer looks.Stop()
	late := false
	for {
		judged, err := w.judge(ctx, late)
		if err != nil {
			return err
		}
		if judged.verdict != "" && !w.waitsForProbe(judged, late) && !w.waitsForAgent(judged, late) {
			w.outcome.Duration = time.Since(w.started)
			if judged, err = w.settle(ctx, judged, late); err != nil {
				return err
			}
			w.outcome.Verdict, w.outcome.State, w.outcome.Reason = judged.verdict, judged.state, judged.reason
			return w.await(ctx)
		}
		select {
		case <-w.Console.change():
		case <-w.news:
		case <-w.ended:
			late = true
		case <-looks.C:
			w.look(ctx)
		case <-over.C:
			w.look(ctx)
			late = true
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// How long a guest that is dead may go on to say why, and how long it is silent
// when it has said it.
const (
	lastWordsLimit = 3 * time.Second
	lastWordsPause = 500 * time.Millisecond
)

// isPatient says that what is waited for since has still time: the least, or half as
// long as the guest took until then, since a slow host takes longer for the rest,
// too.
func (w *watch) isPatient(since *time.Time, least time.Duration) bool {
	waited, half := w.waited(since)
	return waited < max(least, half)
}

// waited is how long something has been waited for, which begins now where it has not,
// and half as long as the guest took until that began.
func (w *watch) waited(since *time.Time) (waited, half time.Duration) {
	if since.IsZero() {
		*since = time.Now()
	}
	return time.Since(*since), since.Sub(w.started) / 2
}

// settle takes the last picture. A verdict of death may come in the middle of the
// lines that say why, so it is given again when they are out.
func (w *watch) settle(ctx context.Context, judged judgement, late bool) (judgement, error) {
	speaks := judged.verdict == Dead && judged.state != StateResets || judged.state == StateTimer
	if !speaks || late {
		w.look(ctx)
		return judged, nil
	}
	limit := time.NewTimer(lastWordsLimit)
	defer limit.Stop()
	pause := time.NewTimer(lastWordsPause)
	defer pause.Stop()
	for waiting := true; waiting; {
		select {
		case <-w.Console.change():
			pause.Reset(lastWordsPause)
		case <-pause.C:
			waiting = false
		case <-limit.C:
			waiting = false
		case <-w.ended:
			waiting = false
		case <-ctx.Done():
			return judged, ctx.Err()
		}
	}
	w.look(ctx)
	again, err := w.judge(ctx, late)
	if err != nil || again.verdict == "" {
		return judged, err
	}
	return again, nil
}

// judge looks at all that is known by now.
func (w *watch) judge(ctx context.Context, late bool) (judgement, error) {
	o := observed{
		console: w.Console.unanswered(), screen: w.outcome.Screen.Text, shows: w.outcome.Screen.state(), told: w.outcome.Screen.told(), blank: w.outcome.Screen.blank(),
		answers: len(w.Passphrases) > 0, speakers: w.traffic.seen(),
		happenings: w.monitor.happened(), over: late, waited: min(time.Since(w.started), w.Timeout),
	}
	o.facts, _ = w.probe.said()
	o.agent, _ = w.agent.said()
	select {
	case <-w.ended:
		o.ended = true
	default:
	}
	w.note(o)
	switch {
	case !o.answers || late:
	case Classify(o.console) == StatePassphrase:
		w.remember("console", "it asked for the passphrase of a disk, which was typed")
		w.asked = true
		return judgement{}, w.Console.answer(w.nextPassphrase())
	case !w.asked && Classify(o.console) == StateNothing && w.asksOnScreen():
		typed, err := w.answerOnScreen(ctx)
		o.untypeable = !typed
		if err != nil {
			return judgement{}, err
		}
	}
	return judge(o), nil
}

func (w *watch) nextPassphrase() string {
	next := w.Passphrases[w.typed%len(w.Passphrases)]
	w.typed++
	return next
}

// asksOnScreen says that there is a question on the screen that was not answered.
func (w *watch) asksOnScreen() bool {
	return w.outcome.Screen.state() == StatePassphrase && withoutCursor(w.outcome.Screen.Text) != w.answered
}

// answerOnScreen types a passphrase if the question is still there, and says
// whether one of them can be typed.
func (w *watch) answerOnScreen(ctx context.Context) (typeable bool, err error) {
	for range w.Passphrases {
		keys, ok := keysOf(w.nextPassphrase())
		if !ok {
			continue
		}
		if w.look(ctx); !w.asksOnScreen() {
			w.typed--
			return true, nil
		}
		w.remember("screen", "it asked for the passphrase of a disk, which was typed")
		w.answered = withoutCursor(w.outcome.Screen.Text)
		return true, w.typeKeys(ctx, keys)
	}
	return false, nil
}

// withoutCursor is the text without what blinks.
func withoutCursor(text string) string { return strings.TrimRight(text, " ?_\n") }

// note keeps what was seen, each thing with its time.
func (w *watch) note(o observed) {
	if o.console != "" {
		w.remember("console", "the first text")
	}
	if state := Classify(o.console); state != StateNothing && state != StatePassphrase {
		w.remember("console", string(state))
	}
	if o.shows != StateNothing {
		w.remember("screen", string(o.shows))
	}
	for _, s := range o.speakers {
		w.remember("frames", fmt.Sprintf("card %d speaks as %s", s.Card+1, strings.Join(append([]string{s.MAC}, s.Addresses...), " ")))
	}
	w.noteProbe(o)
	w.noteAgent()
	if o.resets > 0 {
		w.remember("machine", fmt.Sprintf("reset %d", o.resets))
	}
}

func (w *watch) remember(source, seen string) {
	key := source + " " + seen
	if slices.Contains(w.seen, key) || len(w.seen) >= maxEvidence {
		return
	}
	w.seen = append(w.seen, key)
	w.outcome.Evidence = append(w.outcome.Evidence, Evidence{Source: source, Seconds: time.Since(w.started).Seconds(), Seen: seen})
}

// maxEvidence bounds what a hostile guest can fill.
const maxEvidence = 200

// look takes a new picture. One that cannot be taken, because QEMU ends just now
// or the guest changes its screen, leaves the last.
func (w *watch) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	if seen, err := w.Running.look(ctx); err == nil {
		w.outcome.Screen = seen
	}
}

// await waits for what the caller wants to see of a guest that is up, as long as
// there is time.
func (w *watch) await(ctx context.Context) error {
	if w.Await == nil || w.outcome.Verdict != Booted {
		return nil
	}
	deadline, cancel := context.WithDeadline(ctx, w.started.Add(w.Timeout))
	defer cancel()
	if _, _, err := w.Console.Expect(deadline, w.Await); err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return nil
}
