package cli

import (
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/charmbracelet/x/ansi"
)

// screen draws rows below all that is written to a terminal, and draws them again in
// their place.
type screen struct {
	out io.Writer
	// size is that of the terminal, in columns and lines; 0 where it is not known.
	size func() (columns, lines int)

	mutex sync.Mutex
	rows  []string // those that are wanted
	drawn []string // those that stand there
	// at is the size for which they were drawn, and seen the last one that was looked at.
	at, seen area
}

// area is the size of a terminal.
type area struct{ columns, lines int }

// show draws rows in place of those that were there. Each is cut to the width of the
// terminal, and as many are left out as it has no lines for.
func (s *screen) show(rows []string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	same, now := slices.Equal(rows, s.rows), s.area()
	s.rows = rows
	if same && now == s.at && len(s.drawn) > 0 {
		return
	}
	// While somebody pulls at the edge of a window every size is soon another one.
	settled := now == s.at || now == s.seen || len(s.drawn) == 0
	if s.seen = now; settled {
		_ = s.draw("", now)
	}
}

// Write writes a text above the rows.
func (s *screen) Write(text []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.draw(string(text), s.area()); err != nil {
		return 0, err
	}
	return len(text), nil
}

// leave takes the rows away, and writes a text where they were.
func (s *screen) leave(text string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.rows = nil
	_ = s.draw(text, s.area())
}

// forget leaves the rows where they are, as what is below them is another program's.
func (s *screen) forget() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.drawn = nil
}

func (s *screen) area() area {
	columns, lines := s.size()
	return area{columns, lines}
}

// draw writes all at once, so that nothing flickers.
func (s *screen) draw(above string, now area) error {
	var text strings.Builder
	text.WriteString(s.back(now))
	if above != "" {
		if len(s.drawn) > 0 {
			text.WriteString(ansi.EraseScreenBelow)
		}
		text.WriteString(strings.TrimSuffix(above, "\n") + "\n")
	}
	var fitting []string
	for _, row := range s.rows {
		if len(fitting) < now.lines-1 { // the cursor has the last
			fitting = append(fitting, ansi.Truncate(row, now.columns-1, ""))
		}
	}
	for _, row := range fitting {
		text.WriteString(row + ansi.EraseLineRight + "\n")
	}
	if len(fitting) < len(s.drawn) && above == "" {
		text.WriteString(ansi.EraseScreenBelow)
	}
	s.drawn, s.at = fitting, now
	_, err := io.WriteString(s.out, text.String())
	return err
}

// back brings the cursor to where the rows begin.
func (s *screen) back(now area) string {
	if len(s.drawn) == 0 {
		return ""
	}
	for _, row := range s.drawn {
		if ansi.StringWidth(row) > now.columns {
			// Some terminals break what is longer than they are wide now and some cut
			// it off, so that nobody knows where the rows begin. All goes up, to where
			// it can be scrolled to, and the next begins on an empty terminal.
			return ansi.CursorPosition(1, now.lines) + strings.Repeat("\n", now.lines) + ansi.CursorHomePosition
		}
	}
	return "\r" + ansi.CursorUp(len(s.drawn))
}
