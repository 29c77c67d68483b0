package netconf

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// Wildcards are patterns of names, of which a card has to match one.
type Wildcards struct {
	Patterns []string
	// Regular says that they are regular expressions for whole names, and not
	// patterns of a shell.
	Regular bool
}

// String writes the patterns with blanks between them.
func (w Wildcards) String() string { return strings.Join(w.Patterns, " ") }

// newNames are names that udev gives to a card of QEMU's machines, Q35 and i440FX.
var newNames = []string{"enp1s0", "ens3"}

// IsForOldCard reports whether the patterns are for names of cards by their slots,
// and not for all those that the new machine's card can have. Names that the kernel
// gives (eth*) or an administrator does stay the same.
func (w Wildcards) IsForOldCard() bool {
	bySlot := func(pattern string) bool {
		pattern = strings.TrimPrefix(pattern, "^")
		return strings.HasPrefix(pattern, "e") && !strings.HasPrefix(pattern, "eth")
	}
	if !slices.ContainsFunc(w.Patterns, bySlot) {
		return false
	}
	return slices.ContainsFunc(newNames, func(name string) bool { return !w.match(name) })
}

func (w Wildcards) match(name string) bool {
	return slices.ContainsFunc(w.Patterns, func(pattern string) bool {
		if w.Regular {
			expression, err := regexp.Compile("^(?:" + pattern + ")$")
			return err == nil && expression.MatchString(name)
		}
		ok, _ := path.Match(pattern, name)
		return ok
	})
}
