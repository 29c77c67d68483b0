// Package edit is the one way in which a guest's files are read and changed: it
// remembers what was read, keeps the originals of what is changed, records each
// change with a diff that hides secrets, and gives what is new its labels.
package edit

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Guest is a mounted guest.
type Guest struct {
	FS guest.FS
	// Runner runs the guest's own tools. It may be nil: what needs a tool is
	// then left undone, with a warning.
	Runner guest.Runner
	// Mounts are the guest's mounted file systems; one of them is "/".
	Mounts []guest.Mount
	// Space, if not nil, tells the space in the file system of a guest path.
	Space func(path string) (guest.Space, error)
	// Scratch is a directory of the host for copies of the guest's files while
	// they are read; "" means the system's.
	Scratch string
	// Hives, if not nil, writes the hives of a Windows guest.
	Hives HiveWriter
	// Backups is the guest directory for the originals of what is changed; "" means
	// that of Linux guests.
	Backups string
}

// Editor changes one guest. Whoever changes the guest does it through this
// alone, so that nothing goes unreported. It serves one goroutine at a time.
type Editor struct {
	*Reader
	*Tools
	*Space

	hives   HiveWriter
	fs      *cacheFS
	backups backups
}

// New makes the editor of a guest. With backup it keeps, in the guest, the
// originals of what it changes.
func New(g Guest, backup bool) (*Editor, error) {
	if g.FS == nil {
		return nil, errors.New("no guest file system is mounted")
	}
	files := newCacheFS(g.FS)
	reader := &Reader{Files: files, Journal: newJournal(), mounts: g.Mounts, scratch: g.Scratch}
	return &Editor{
		Reader: reader, hives: g.Hives, fs: files,
		Tools:   &Tools{runner: g.Runner, fs: files, journal: reader.Journal},
		Space:   &Space{of: g.Space, guest: reader},
		backups: backups{fs: files, off: !backup, at: cmp.Or(g.Backups, backupDirectory), touched: map[string]bool{}, scratch: g.Scratch},
	}, nil
}

// BackupDirectory is the guest directory that holds the originals of what was
// changed; empty if none were kept.
func (e *Editor) BackupDirectory() string { return e.backups.directory() }

// Write gives a text file the new content, after a backup, and records the
// change with a diff that hides secrets. Equal content is no change. perm
// counts for a new file only. A structured file that its own reader would reject
// stays as it was, with a warning.
func (e *Editor) Write(path, text string, perm fs.FileMode, description string) error {
	return e.Rewrite(path, text, perm, description, nil)
}

// WriteBinary is Write for content that has no structure and that no diff can be
// shown of.
func (e *Editor) WriteBinary(path string, data []byte, perm fs.FileMode, description string) error {
	old, existed, err := e.Read(path)
	if err != nil {
		return err
	}
	return e.put(path, old, string(data), existed, perm, description, func(string, string, string) string { return "" })
}

// put writes what differs and records it.
func (e *Editor) put(path, old, text string, existed bool, perm fs.FileMode, description string, diff func(path, before, after string) string) error {
	if existed && old == text {
		return nil
	}
	if err := e.Put(path, []byte(text), perm); err != nil {
		return err
	}
	e.Record(report.Change{Path: path, Action: Written(existed), Description: description, Diff: diff(path, old, text)})
	return nil
}

// Written is the action of a change that wrote a path.
func Written(existed bool) string {
	if existed {
		return report.ActionModified
	}
	return report.ActionCreated
}

// Remove deletes a file after a backup. A path that is not there is no change.
func (e *Editor) Remove(path, description string) error {
	return e.remove(path, description, e.Delete)
}

// RemoveCache deletes a file that the guest writes anew by itself: it is not
// backed up.
func (e *Editor) RemoveCache(path, description string) error {
	return e.remove(path, description, e.Discard)
}

func (e *Editor) remove(path, description string, remove func(string) error) error {
	if _, err := e.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("cannot read %s in the guest: %w", path, err)
	}
	if err := remove(path); err != nil {
		return err
	}
	e.Record(report.Change{Path: path, Action: report.ActionRemoved, Description: description})
	return nil
}
