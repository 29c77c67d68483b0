package fix

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// run is the state of one Run: the guest, and what was done to it so far.
// Steps change the guest through it alone, so that nothing goes unreported.
type run struct {
	target   Target
	fs       guest.FS
	runner   guest.Runner // may be nil
	options  Options
	family   Family
	names    devname.Names
	backups  backups
	result   Result
	warnings []Warning
	warned   map[Warning]bool
	// madeDirectories are the directories that writing made on its way.
	madeDirectories []string
	bootTexts       map[string]string // what rememberBoot saw
	// stepFrom and stepTo are the part of the whole that the running step takes,
	// in percent.
	stepFrom, stepTo float64
}

func newRun(t Target, o Options) *run {
	r := &run{
		target:  t,
		fs:      t.FS,
		runner:  t.Runner,
		options: o,
		names:   devname.New(t.Devices, t.Mounts),
		backups: backups{fs: t.FS, off: !o.Backup},
		result:  Result{Changes: []Change{}},
		warned:  map[Warning]bool{},
	}
	r.family = detectFamily(t.FS, t.OS)
	r.result.Family = r.family
	return r
}

// finish completes the result.
func (r *run) finish() Result {
	r.result.Unchanged = len(r.result.Changes) == 0
	r.result.BackupDirectory = r.backups.directory()
	return r.result
}

func (r *run) progress(percent float64, message string) {
	if r.target.Progress != nil {
		r.target.Progress(percent, message)
	}
}

// progressInStep tells that done of total parts of the running step are done.
func (r *run) progressInStep(done, total int, message string) {
	r.progress(r.stepFrom+(r.stepTo-r.stepFrom)*float64(done)/float64(total), message)
}

// warn adds a warning. The same one is told once.
func (r *run) warn(message, remedy string) {
	w := Warning{Message: message, Remedy: remedy}
	if !r.warned[w] {
		r.warned[w] = true
		r.warnings = append(r.warnings, w)
	}
}

func (r *run) record(c Change) {
	r.result.Changes = append(r.result.Changes, c)
}

// maxText is the size in bytes above which a file is no configuration that
// anybody wrote.
const maxText = 16 << 20

// read returns a text file; ok is false when there is none. Anything but a
// regular file counts as none, and so does, with a warning, a huge one.
func (r *run) read(path string) (text string, ok bool, err error) {
	info, err := r.fs.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("cannot read %s in the guest: %w", path, err)
	}
	if !info.Mode.IsRegular() {
		return "", false, nil
	}
	if info.Size > maxText {
		r.warn(fmt.Sprintf("%s was not looked at: %d bytes are too many for a configuration file", path, info.Size), "")
		return "", false, nil
	}
	data, err := r.fs.ReadFile(path)
	if err != nil {
		return "", false, fmt.Errorf("cannot read %s in the guest: %w", path, err)
	}
	return string(data), true, nil
}

// exists reports whether the guest path is there, following symbolic links.
func (r *run) exists(path string) bool {
	_, err := r.fs.Stat(path)
	return err == nil
}

// write gives a text file the new content, after a backup, and records the
// change with a diff that hides secrets. Equal content is no change. perm
// counts for a new file only.
func (r *run) write(path, text string, perm fs.FileMode, description string) error {
	old, existed, err := r.read(path)
	if err != nil {
		return err
	}
	if existed && old == text {
		return nil
	}
	if err := r.put(path, []byte(text), perm); err != nil {
		return err
	}
	r.recordWrite(path, existed, description, unifiedDiff(path, old, text))
	return nil
}

// writeBinary is write for content that no diff can be shown of.
func (r *run) writeBinary(path string, data []byte, perm fs.FileMode, description string) error {
	old, existed, err := r.read(path)
	if err != nil {
		return err
	}
	if existed && old == string(data) {
		return nil
	}
	if err := r.put(path, data, perm); err != nil {
		return err
	}
	r.recordWrite(path, existed, description, "")
	return nil
}

func (r *run) put(name string, data []byte, perm fs.FileMode) error {
	if err := r.backups.keep(name); err != nil {
		return r.explainFull(backupIndex, err)
	}
	for parent := path.Dir(name); len(parent) > 1 && !r.exists(parent); parent = path.Dir(parent) {
		r.madeDirectories = append(r.madeDirectories, parent)
	}
	if err := r.fs.MkdirAll(path.Dir(name), 0o755); err != nil {
		return fmt.Errorf("cannot create %s in the guest: %w", path.Dir(name), err)
	}
	if err := r.fs.WriteFile(name, data, perm); err != nil {
		return fmt.Errorf("cannot write %s in the guest: %w", name, r.explainFull(name, err))
	}
	return nil
}

func (r *run) recordWrite(path string, existed bool, description, diff string) {
	action := ActionCreated
	if existed {
		action = ActionModified
	}
	r.record(Change{Path: path, Action: action, Description: description, Diff: diff})
}

// remove deletes a file after a backup. A path that is not there is no change.
func (r *run) remove(path, description string) error {
	return r.removeWith(path, description, r.backups.keep)
}

// removeCache deletes a file that the guest writes anew by itself: it is not
// backed up.
func (r *run) removeCache(path, description string) error {
	return r.removeWith(path, description, func(string) error { return nil })
}

func (r *run) removeWith(path, description string, keep func(string) error) error {
	if _, err := r.fs.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("cannot read %s in the guest: %w", path, err)
	}
	if err := keep(path); err != nil {
		return err
	}
	if err := r.fs.Remove(path); err != nil {
		return fmt.Errorf("cannot remove %s in the guest: %w", path, err)
	}
	r.record(Change{Path: path, Action: ActionRemoved, Description: description})
	return nil
}

// command runs one of the guest's own tools and records it as a change. No
// secret may be in argv.
func (r *run) command(ctx context.Context, description string, argv ...string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.runner == nil {
		return fmt.Errorf("cannot run %s: programs of this guest cannot be run here", argv[0])
	}
	if _, err := r.runner.Run(argv...); err != nil {
		return fmt.Errorf("%s failed in the guest: %w", strings.Join(argv, " "), err)
	}
	r.record(Change{Path: argv[0], Action: ActionCommand, Description: description})
	return nil
}

// list returns the full paths in a guest directory whose base names match the
// path.Match pattern, sorted. A directory that is not there has none.
func (r *run) list(directory, pattern string) ([]string, error) {
	entries, err := r.fs.ReadDir(directory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		if info, statErr := r.fs.Stat(directory); statErr == nil && !info.Mode.IsDir() {
			return nil, nil
		}
		return nil, fmt.Errorf("cannot list %s in the guest: %w", directory, err)
	}
	var paths []string
	for _, e := range entries {
		if ok, _ := path.Match(pattern, e); ok {
			paths = append(paths, path.Join(directory, e))
		}
	}
	return paths, nil
}
