// Package edittest makes editors of guests for tests.
package edittest

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// New makes the editor of a guest, which keeps backups.
func New(t testing.TB, g edit.Guest) *edit.Editor {
	t.Helper()
	e, err := edit.New(g, true)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Of makes the editor of a tree of files alone, without backups.
func Of(t testing.TB, files guest.FS) *edit.Editor {
	t.Helper()
	e, err := edit.New(edit.Guest{FS: files}, false)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
