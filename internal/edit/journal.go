package edit

import (
	"fmt"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Journal is what was done to a guest, and what is to be known of that.
type Journal struct {
	changes  []report.Change
	warnings []report.Warning
	warned   map[report.Warning]bool
	// unlabelled is what was changed since SELinux labels were set last.
	unlabelled labels
}

func newJournal() *Journal {
	return &Journal{changes: []report.Change{}, warned: map[report.Warning]bool{}}
}

// Take returns what was done since it was called last, and what is to be known
// of that. The changes are never nil.
func (j *Journal) Take() ([]report.Change, []report.Warning) {
	changes, warnings := j.changes, j.warnings
	j.changes, j.warnings = []report.Change{}, nil
	return changes, warnings
}

// Changed are the files that were written or made since Take was called last, each once.
func (j *Journal) Changed() (files []string) {
	for _, c := range j.changes {
		if (c.Action == report.ActionModified || c.Action == report.ActionCreated) && !slices.Contains(files, c.Path) {
			files = append(files, c.Path)
		}
	}
	return files
}

// Warn adds a warning of a kind. The same one is told once.
func (j *Journal) Warn(id report.ConcernID, message, remedy string) {
	w := report.Warning{ID: id, Message: message, Remedy: remedy}
	if !j.warned[w] {
		j.warned[w] = true
		j.warnings = append(j.warnings, w)
	}
}

// Record adds a change that was made by the methods that record none.
func (j *Journal) Record(c report.Change) {
	j.changes = append(j.changes, c)
	j.unlabelled.add(c)
}

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
func (j *Journal) WarnNotes(path string, notes []Note) {
	warnings := make([]report.Warning, len(notes))
	for i, n := range notes {
		warnings[i] = report.Warning{ID: n.ID, Message: fmt.Sprintf("%s line %d: %s", path, n.Line, n.Message), Remedy: n.Remedy}
	}
	j.WarnOfFile(path, "lines", warnings)
}

// WarnOfFile adds warnings that are each of one of the things, such as "lines", of a
// file. Those beyond MaxNotes are counted, each kind for itself.
func (j *Journal) WarnOfFile(path, things string, warnings []report.Warning) {
	var kinds []report.ConcernID
	more := map[report.ConcernID]int{}
	for i, w := range warnings {
		if i < MaxNotes {
			j.Warn(w.ID, w.Message, w.Remedy)
			continue
		}
		if more[w.ID]++; !slices.Contains(kinds, w.ID) {
			kinds = append(kinds, w.ID)
		}
	}
	for _, kind := range kinds {
		j.Warn(kind, fmt.Sprintf("%s: there are %d more such %s", path, more[kind], things), "look through the file for them in the guest")
	}
}
