//go:build cgo

package appliance

import (
	"fmt"
	"slices"
	"time"
)

// silence judges a launch by what it does, whatever its processes are called:
// an appliance that starts talks on its console.
type silence struct {
	patience
	// console is nil where it cannot be heard.
	console interface {
		// heard is how much was said, and whether the kernel said something.
		heard() (amount uint64, kernel bool)
	}

	since    time.Time
	children []int
	amount   uint64
}

// judge is called again and again with the processes of the launch. It says
// when nothing can be expected of them any more.
func (s *silence) judge(now time.Time, children []int, building bool) error {
	var amount uint64
	var kernel bool
	if s.console != nil {
		amount, kernel = s.console.heard()
	}
	// Where processes come and go, QEMU is only looked at, or just starts.
	if s.since.IsZero() || building || amount != s.amount || !slices.Equal(children, s.children) {
		s.since, s.amount, s.children = now, amount, children
		return nil
	}
	switch silent := now.Sub(s.since); {
	case kernel && silent > s.later:
		return fmt.Errorf("%w: it fell silent for %s while it started", errSilent, s.later)
	case !kernel && silent > s.first:
		return fmt.Errorf("%w: its kernel said nothing for %s", errSilent, s.first)
	}
	return nil
}
