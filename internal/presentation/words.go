package presentation

import (
	"fmt"
	"math"
	"strings"
	"unicode"
)

// Printable replaces what could steer a terminal or turn the order of what is
// read: messages hold names that come from the guest, which nobody has to trust.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		default:
			return r
		}
	}, text)
}

// Seconds writes a number of seconds as people say it.
func Seconds(seconds float64) string {
	whole := int64(math.Round(seconds))
	switch {
	case seconds < 9.995:
		return fmt.Sprintf("%.2f s", seconds)
	case whole < 60:
		return fmt.Sprintf("%.1f s", seconds)
	case whole < 3600:
		return fmt.Sprintf("%d min %d s", whole/60, whole%60)
	default:
		minutes := (whole + 30) / 60
		return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
	}
}
