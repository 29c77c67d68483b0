package cli

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// folded breaks the lines of a text between words, so that none is wider than columns.
// A word that is wider stays whole: it may be a path that somebody copies. What goes on
// in the next line is indented.
func folded(text string, columns int) string {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		body := strings.TrimLeft(line, " ")
		indent := line[:len(line)-len(body)]
		current := indent
		for word := range strings.SplitSeq(body, " ") {
			switch {
			case current == indent:
				current += word
			case ansi.StringWidth(current)+1+ansi.StringWidth(word) <= columns:
				current += " " + word
			default:
				lines = append(lines, current)
				indent = indentOf(indent)
				current = indent + word
			}
		}
		lines = append(lines, current)
	}
	return strings.Join(lines, "\n") + "\n"
}

// indentOf is the indent of what goes on.
func indentOf(indent string) string {
	if len(indent) < 2 {
		return "  "
	}
	return indent
}
