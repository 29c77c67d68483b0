package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// terminal is a file that a person sees.
type terminal struct {
	file *os.File
	last area // as of when it was known
}

// terminalOf returns nil if w is none, or one on which nothing can be drawn again.
func terminalOf(w io.Writer) *terminal {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) || isDumb(os.Getenv) || !steered(file) {
		return nil
	}
	t := &terminal{file: file}
	if columns, lines := t.size(); columns == 0 || lines == 0 {
		return nil
	}
	return t
}

// size is that of the terminal, in columns and lines.
func (t *terminal) size() (columns, lines int) {
	if columns, lines, err := term.GetSize(int(t.file.Fd())); err == nil && columns > 0 && lines > 0 {
		t.last = area{columns, lines}
	}
	return t.last.columns, t.last.lines
}
