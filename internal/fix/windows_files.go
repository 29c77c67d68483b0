package fix

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/layout"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// guestFile is a file for a Windows guest.
type guestFile struct {
	name        string // below the folder of Windows, with slashes
	content     []byte
	description string
	// private keeps it, and the folders that are made for it, from all but the system
	// and administrators.
	private bool
	// shown says that it is a text for the report.
	shown bool
}

// put writes a file below the folder of Windows, in the folders that there are,
// whatever their case. One that is there already with that content is no change.
func (w *windowsRun) put(f guestFile) error {
	at := w.layout.Root
	for part := range strings.SplitSeq(f.name, "/") {
		there, err := layout.Locate(w.Editor, path.Join(at, part))
		if errors.Is(err, fs.ErrNotExist) {
			there, err = path.Join(at, part), nil
		}
		if err != nil {
			return err
		}
		at = there
	}
	existed := w.Editor.Exists(at)
	if existed {
		if old, err := w.Editor.ReadFile(at); err == nil && bytes.Equal(old, f.content) {
			return nil
		}
	}
	file, folder := fs.FileMode(0o644), fs.FileMode(0o755)
	if f.private {
		file, folder = 0o600, 0o700
	}
	if err := w.makeFolders(path.Dir(at), folder); err != nil {
		return err
	}
	if f.shown {
		return w.Editor.Write(at, string(f.content), file, f.description)
	}
	if err := w.Editor.Put(at, f.content, file); err != nil {
		return err
	}
	w.Editor.Record(report.Change{Path: at, Action: edit.Written(existed), Description: f.description})
	return nil
}

// makeFolders makes a folder and those that it lies in, as far as they lack.
func (w *windowsRun) makeFolders(name string, perm fs.FileMode) error {
	if w.Editor.Exists(name) {
		return nil
	}
	if err := w.makeFolders(path.Dir(name), perm); err != nil {
		return err
	}
	return w.Editor.MakeDirectory(name, perm)
}
