package cli

import (
	"cmp"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// look is what a terminal can show.
type look struct {
	colours bool
	// letters says that it has no more than those of ASCII.
	letters bool
}

// lookOf asks the environment: https://no-color.org and the locale.
func lookOf(environment func(string) string) look {
	locale := cmp.Or(environment("LC_ALL"), environment("LC_CTYPE"), environment("LANG"))
	charset := strings.ReplaceAll(strings.ToLower(locale), "-", "")
	letters := !strings.Contains(charset, "utf8")
	for _, wide := range []string{"zh", "ja", "ko"} { // there, lines and blocks take two columns
		letters = letters || strings.HasPrefix(charset, wide)
	}
	return look{colours: environment("NO_COLOR") == "" && !isDumb(environment), letters: letters}
}

func (l look) good(text string) string {
	return l.in(ansi.NewStyle().ForegroundColor(ansi.Green), text)
}
func (l look) bad(text string) string {
	return l.in(ansi.NewStyle().Bold().ForegroundColor(ansi.Red), text)
}
func (l look) warn(text string) string {
	return l.in(ansi.NewStyle().Bold().ForegroundColor(ansi.Yellow), text)
}
func (l look) busy(text string) string  { return l.in(ansi.NewStyle().ForegroundColor(ansi.Cyan), text) }
func (l look) quiet(text string) string { return l.in(ansi.NewStyle().Faint(), text) }

func (l look) in(style ansi.Style, text string) string {
	if !l.colours || text == "" {
		return text
	}
	return style.Styled(text)
}

// full and empty are a column of a bar.
func (l look) full() string {
	if l.letters {
		return "#"
	}
	return "━"
}

func (l look) empty() string {
	if l.letters {
		return "-"
	}
	return "─"
}

func (l look) ellipsis() string {
	if l.letters {
		return "~"
	}
	return "…"
}
