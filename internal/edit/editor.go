// Package edit is the one way in which a guest's files are read and changed: it
// remembers what was read, keeps the originals of what is changed, records each
// change with a diff that hides secrets, and gives what is new its labels.
package edit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

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

// Files is what an Editor reads.
type Files interface {
	ReadFile(path string) ([]byte, error)
	Stat(path string) (guest.FileInfo, error)
	Lstat(path string) (guest.FileInfo, error)
	Readlink(path string) (string, error)
	ReadDir(path string) ([]string, error)
	Download(path string, w io.Writer) error
}

// Editor changes one guest. Whoever changes the guest does it through this
// alone, so that nothing goes unreported. It serves one goroutine at a time.
type Editor struct {
	Files
	guest    Guest
	fs       *cacheFS
	backups  backups
	changes  []report.Change
	warnings []report.Warning
	warned   map[report.Warning]bool
	commands int
	labels   labels
}

// New makes the editor of a guest. With backup it keeps, in the guest, the
// originals of what it changes.
func New(g Guest, backup bool) (*Editor, error) {
	if g.FS == nil {
		return nil, errors.New("no guest file system is mounted")
	}
	files := newCacheFS(g.FS)
	return &Editor{
		Files: files, guest: g, fs: files,
		backups: backups{fs: files, off: !backup, at: cmp.Or(g.Backups, backupDirectory), touched: map[string]bool{}, scratch: g.Scratch},
		changes: []report.Change{},
		warned:  map[report.Warning]bool{},
	}, nil
}

// Mounts are the guest's mounted file systems.
func (e *Editor) Mounts() []guest.Mount { return e.guest.Mounts }

// BackupDirectory is the guest directory that holds the originals of what was
// changed; empty if none were kept.
func (e *Editor) BackupDirectory() string { return e.backups.directory() }

// Take returns what was done since it was called last, and what is to be known
// of that. The changes are never nil.
func (e *Editor) Take() ([]report.Change, []report.Warning) {
	changes, warnings := e.changes, e.warnings
	e.changes, e.warnings = []report.Change{}, nil
	return changes, warnings
}

// Warn adds a warning of a kind. The same one is told once.
func (e *Editor) Warn(id report.ConcernID, message, remedy string) {
	w := report.Warning{ID: id, Message: message, Remedy: remedy}
	if !e.warned[w] {
		e.warned[w] = true
		e.warnings = append(e.warnings, w)
	}
}

// Record adds a change that was made by the methods that record none.
func (e *Editor) Record(c report.Change) {
	e.changes = append(e.changes, c)
	e.labels.add(c)
}

// MaxText is the size in bytes above which a file is no configuration that
// anybody wrote.
const MaxText = 16 << 20

// Read returns a text file; ok is false when there is none. Anything but a
// regular file counts as none, and so does, with a warning, a huge one.
func (e *Editor) Read(path string) (text string, ok bool, err error) {
	info, err := e.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("cannot read %s in the guest: %w", path, err)
	}
	if !info.Mode.IsRegular() {
		return "", false, nil
	}
	if info.Size > MaxText {
		e.Warn(report.ConcernFileNotRead, fmt.Sprintf("%s was not looked at: %d bytes are too many for a configuration file", path, info.Size),
			"look in it by hand for names of the old machine's disks and network cards")
		return "", false, nil
	}
	data, err := e.ReadFile(path)
	if err != nil {
		return "", false, fmt.Errorf("cannot read %s in the guest: %w", path, err)
	}
	return string(data), true, nil
}

// Exists reports whether the guest path is there, following symbolic links.
func (e *Editor) Exists(path string) bool {
	_, err := e.Stat(path)
	return err == nil
}

// List returns the full paths in a guest directory whose base names match the
// path.Match pattern, sorted. A directory that is not there has none.
func (e *Editor) List(directory, pattern string) ([]string, error) {
	entries, err := e.ReadDir(directory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		if info, statErr := e.Stat(directory); statErr == nil && !info.Mode.IsDir() {
			return nil, nil
		}
		return nil, fmt.Errorf("cannot list %s in the guest: %w", directory, err)
	}
	var paths []string
	for _, entry := range entries {
		if ok, _ := path.Match(pattern, entry); ok {
			paths = append(paths, path.Join(directory, entry))
		}
	}
	return paths, nil
}

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

// ErrNoRunner is why a tool of the guest was not run.
var ErrNoRunner = errors.New("programs of this guest cannot be run here")

// CanRun reports whether the guest's own tools can be run.
func (e *Editor) CanRun() bool { return e.guest.Runner != nil }

// Command runs one of the guest's own tools and records it as a change. No
// secret may be in argv.
func (e *Editor) Command(ctx context.Context, description string, argv ...string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !e.CanRun() {
		return fmt.Errorf("cannot run %s: %w", argv[0], ErrNoRunner)
	}
	_, err := e.guest.Runner.Run(argv...)
	e.fs.forgetAll() // nobody knows what it wrote
	if err != nil {
		return fmt.Errorf("%s failed in the guest: %w", strings.Join(argv, " "), err)
	}
	e.commands++
	e.Record(report.Change{Path: argv[0], Action: report.ActionCommand, Description: description})
	return nil
}

// Commands is how many tools of the guest have run that may have written.
func (e *Editor) Commands() int { return e.commands }

// Query runs one of the guest's own tools that only tells something: it gets
// input and returns its output. No secret may be in argv.
func (e *Editor) Query(input []byte, argv ...string) (string, error) {
	if !e.CanRun() {
		return "", ErrNoRunner
	}
	if input == nil {
		return e.guest.Runner.Run(argv...)
	}
	return e.guest.Runner.RunInput(input, argv...)
}
