package edit

import (
	"fmt"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Note is something in a line of a file that was left as it is, or done beyond
// what the file says.
type Note struct {
	ID              report.ConcernID
	Line            int // from 1
	Message, Remedy string
}

// MaxNotes is how many warnings one file gets.
const MaxNotes = 20

// WarnNotes makes notes on a file into warnings.
func (e *Editor) WarnNotes(path string, notes []Note) {
	warnings := make([]report.Warning, len(notes))
	for i, n := range notes {
		warnings[i] = report.Warning{ID: n.ID, Message: fmt.Sprintf("%s line %d: %s", path, n.Line, n.Message), Remedy: n.Remedy}
	}
	e.WarnOfFile(path, "lines", warnings)
}

// WarnOfFile adds warnings that are each of one of the things, such as "lines", of a
// file. Those beyond MaxNotes are counted, each kind for itself.
func (e *Editor) WarnOfFile(path, things string, warnings []report.Warning) {
	var kinds []report.ConcernID
	more := map[report.ConcernID]int{}
	for i, w := range warnings {
		if i < MaxNotes {
			e.Warn(w.ID, w.Message, w.Remedy)
			continue
		}
		if more[w.ID]++; !slices.Contains(kinds, w.ID) {
			kinds = append(kinds, w.ID)
		}
	}
	for _, kind := range kinds {
		e.Warn(kind, fmt.Sprintf("%s: there are %d more such %s", path, more[kind], things), "look through the file for them in the guest")
	}
}
