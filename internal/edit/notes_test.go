package edit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// A file with more findings than are told loses no kind of them: a policy that waits
// for one sees it, however many others come first.
func TestWarnNotesTellsEachKind(t *testing.T) {
	t.Parallel()
	e := edittest.Of(t, guesttest.New(t))
	var notes []edit.Note
	for line := 1; line <= edit.MaxNotes+3; line++ {
		notes = append(notes, edit.Note{ID: report.ConcernOldDisk, Line: line, Message: "old", Remedy: "new"})
	}
	notes = append(notes, edit.Note{ID: report.ConcernOldMAC, Line: 99, Message: "old"})
	e.WarnNotes("/etc/rc.local", notes)
	_, warnings := e.Take()
	if len(warnings) != edit.MaxNotes+2 {
		t.Fatalf("%d warnings", len(warnings))
	}
	want := []report.Warning{
		{ID: report.ConcernOldDisk, Message: "/etc/rc.local line 20: old", Remedy: "new"},
		{ID: report.ConcernOldDisk, Message: "/etc/rc.local: there are 3 more such lines", Remedy: "look through the file for them in the guest"},
		{ID: report.ConcernOldMAC, Message: "/etc/rc.local: there are 1 more such lines", Remedy: "look through the file for them in the guest"},
	}
	if diff := cmp.Diff(want, warnings[edit.MaxNotes-1:]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
