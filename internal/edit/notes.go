package edit

import "fmt"

// Note is something in a line of a file that was left as it is, or done beyond
// what the file says.
type Note struct {
	Line            int // from 1
	Message, Remedy string
}

// MaxNotes is how many warnings one file gets.
const MaxNotes = 20

// WarnNotes makes notes on a file into warnings.
func (e *Editor) WarnNotes(path string, notes []Note) {
	for i, n := range notes {
		if i == MaxNotes {
			e.Warn(fmt.Sprintf("%s: there are %d more such lines", path, len(notes)-i), "look through the file for them in the guest")
			return
		}
		e.Warn(fmt.Sprintf("%s line %d: %s", path, n.Line, n.Message), n.Remedy)
	}
}
