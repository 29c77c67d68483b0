package cli

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/presentation"
)

// barState is how far a stage has come.
type barState int

const (
	barWaiting barState = iota
	barRunning
	barDone
	barFailed
)

// bar is how far something is.
type bar struct {
	name    string
	state   barState
	percent float64
	since   time.Time // when it has begun
	seconds float64   // that it took
}

// beside is the time that it took, or takes so far.
func (b bar) beside(now time.Time) string {
	switch b.state {
	case barRunning:
		taken := int(now.Sub(b.since).Seconds())
		if taken >= 3600 {
			return fmt.Sprintf("%d:%02d:%02d", taken/3600, taken/60%60, taken%60)
		}
		return fmt.Sprintf("%d:%02d", taken/60, taken%60)
	case barDone, barFailed:
		return presentation.Seconds(b.seconds)
	default:
		return ""
	}
}

// outcome says what became of a stage, or nothing of one that was not begun.
func (b bar) outcome(as look) string {
	switch b.state {
	case barDone:
		return b.name + ": " + as.good("done") + " after " + presentation.Seconds(b.seconds)
	case barFailed:
		return b.name + ": " + as.bad("failed") + " after " + presentation.Seconds(b.seconds)
	case barRunning:
		return b.name + ": not ended"
	default:
		return ""
	}
}

// shape is how wide the parts of a row are, in columns. A part of no width is left out.
type shape struct {
	look                       look
	name, bar, percent, beside int
}

const (
	nameWidth    = len("load_manifest")
	percentWidth = len("failed")
	besideWidth  = len("about 59 min left")
	longestBar   = 44
	shortestBar  = 6
)

// shapeFor fits rows into columns. What is told in the fewest columns stays longest.
func shapeFor(columns int, as look) shape {
	s := shape{look: as, name: max(min(nameWidth, columns-percentWidth-1), 1), percent: percentWidth}
	left := columns - s.name - 1 - s.percent
	if left-2-besideWidth-2-shortestBar >= 0 {
		s.beside = besideWidth
		left -= 2 + besideWidth
	}
	if left-2 >= shortestBar {
		s.bar = min(left-2, longestBar)
	}
	return s
}

// row is a bar with what stands around it.
func (s shape) row(of bar, beside string) string {
	name := ansi.Truncate(of.name, s.name, s.look.ellipsis())
	row := name + strings.Repeat(" ", s.name-ansi.StringWidth(name))
	percent := fmt.Sprintf("%d%%", int(of.percent)) // nothing but the end is 100 %
	paint := s.look.busy
	switch of.state {
	case barWaiting:
		return s.look.quiet(name)
	case barFailed:
		percent, paint = "failed", s.look.bad
	case barDone:
		paint = s.look.good
	}
	if s.bar > 0 {
		full := int(math.Floor(float64(s.bar) * min(of.percent, 100) / 100))
		row += "  " + paint(strings.Repeat(s.look.full(), full)) + s.look.quiet(strings.Repeat(s.look.empty(), s.bar-full))
	}
	row += " " + fmt.Sprintf("%*s", s.percent, percent)
	if s.beside > 0 && beside != "" {
		row += "  " + beside
	}
	return row
}
