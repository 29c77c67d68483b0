package cli

import (
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/presentation"
)

// redrawn is how often the bars are drawn anew.
const redrawn = 150 * time.Millisecond

// bars shows each stage of a run as a bar, those to come as well, and below them the
// whole run and what it does now.
type bars struct {
	screen *screen
	look   look
	now    func() time.Time
	halt   func() // ends drawing; nil where nothing draws by itself

	mutex  sync.Mutex
	stages []*bar
	whole  bar
	doing  string // what the running stage does
}

// newBars draws on a screen when it is told to.
func newBars(on *screen, as look, stages []string) *bars {
	b := &bars{screen: on, look: as, now: time.Now}
	for _, name := range stages {
		b.stages = append(b.stages, &bar{name: name})
	}
	return b
}

// newTerminalBars draws on a terminal, by itself, until they are closed.
func newTerminalBars(t *terminal, stages []string) *bars {
	b := newBars(&screen{out: t.file, size: t.size}, lookOf(os.Getenv), stages)
	signals, ignore := continued()
	ended, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		defer ignore()
		ticker := time.NewTicker(redrawn)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-signals:
				b.screen.forget()
			case <-ticker.C:
				if t.inForeground() {
					b.draw()
				} else {
					b.screen.forget()
				}
			}
		}
	}()
	b.halt = func() {
		close(ended)
		<-stopped
	}
	return b
}

// Write prints above the bars, with lines that end between words.
func (b *bars) Write(text []byte) (int, error) {
	columns, _ := b.screen.size()
	if _, err := b.screen.Write([]byte(folded(string(text), columns-1))); err != nil {
		return 0, err
	}
	return len(text), nil
}

func (b *bars) started(stage string) {
	b.change(func(now time.Time) {
		if b.whole.state == barWaiting {
			b.whole = bar{name: "all stages", state: barRunning, since: now}
		}
		for _, other := range b.stages {
			if other.state == barRunning {
				other.state = barFailed // it has told no end
			}
		}
		of := b.bar(stage)
		of.state, of.since, b.doing = barRunning, now, ""
	})
	b.draw()
}

func (b *bars) advanced(stage string, percent, total float64, doing string) {
	b.change(func(time.Time) {
		of := b.bar(stage)
		if of.state != barRunning {
			return
		}
		of.percent = max(of.percent, percent)
		b.whole.percent = max(b.whole.percent, total)
		if doing != "" {
			b.doing = strings.ReplaceAll(presentation.Printable(doing), "\n", " ")
		}
	})
}

func (b *bars) ended(stage string, success bool, seconds float64) {
	b.change(func(time.Time) {
		of := b.bar(stage)
		of.seconds, b.doing = seconds, ""
		if of.state = barFailed; success {
			of.state, of.percent = barDone, 100
		}
	})
	b.draw()
}

// close leaves what became of each stage, as text.
func (b *bars) close() {
	if b.halt != nil {
		b.halt()
		b.halt = nil
	}
	columns, _ := b.screen.size()
	b.mutex.Lock()
	defer b.mutex.Unlock()
	var text strings.Builder
	for _, of := range b.stages {
		if line := of.outcome(b.look); line != "" {
			text.WriteString(folded(line, columns-1))
		}
	}
	b.screen.leave(text.String())
	b.stages = nil
}

func (b *bars) change(how func(now time.Time)) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	how(b.now())
}

// bar is that of a stage, which is added where nobody has announced it.
func (b *bars) bar(stage string) *bar {
	for _, of := range b.stages {
		if of.name == stage {
			return of
		}
	}
	b.stages = append(b.stages, &bar{name: stage})
	return b.stages[len(b.stages)-1]
}

func (b *bars) draw() {
	columns, lines := b.screen.size()
	b.mutex.Lock()
	rows := b.rows(columns-1, lines-1, b.now())
	b.mutex.Unlock()
	b.screen.show(rows)
}

// rows are what fits into some columns and lines: where lines are few, what runs.
func (b *bars) rows(columns, lines int, now time.Time) []string {
	if b.whole.state == barWaiting {
		return nil
	}
	shape := shapeFor(columns, b.look)
	left := timeLeft(now.Sub(b.whole.since), b.whole.percent)
	doing := b.nowDoing(shape, columns, left)
	stages := b.stages
	if len(stages)+len(doing)+1 > lines {
		stages = nil
		for _, of := range b.stages {
			if of.state == barRunning {
				stages = append(stages, of)
			}
		}
	}
	var rows []string
	for _, of := range stages {
		rows = append(rows, shape.row(*of, of.beside(now)))
	}
	return append(append(rows, shape.row(b.whole, left)), doing...)
}

// nowDoing is what the running stage does, and the time left where it has no place
// beside a bar.
func (b *bars) nowDoing(in shape, columns int, left string) (rows []string) {
	if b.doing != "" {
		text := b.doing
		if in.beside > 0 {
			text = fmt.Sprintf("%-*s  %s", in.name, "now", text)
		}
		rows = append(rows, b.look.quiet(ansi.Truncate(text, columns, b.look.ellipsis())))
	}
	if in.beside == 0 && left != "" {
		rows = append(rows, b.look.quiet(ansi.Truncate(left, columns, b.look.ellipsis())))
	}
	return rows
}

// timeLeft is what a run will take yet if it goes on as it did. Nothing is said before
// there is something to go by.
func timeLeft(taken time.Duration, percent float64) string {
	if percent < 3 || taken < 10*time.Second {
		return ""
	}
	minutes := int(math.Ceil(taken.Minutes() * (100 - percent) / percent))
	switch {
	case minutes <= 1:
		return "about 1 min left"
	case minutes < 60:
		return fmt.Sprintf("about %d min left", minutes)
	default:
		return fmt.Sprintf("about %d h left", (minutes+30)/60)
	}
}
