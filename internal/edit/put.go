package edit

import (
	"fmt"
	"io"
	"io/fs"
	"path"
)

// The methods here change the guest and record nothing: whoever calls them
// records what they are for, with Record.

// Put writes a file, after a backup, and makes the directories that it lies in.
// perm counts for a new file only.
func (e *Editor) Put(name string, data []byte, perm fs.FileMode) error {
	if err := e.Keep(name); err != nil {
		return err
	}
	if err := e.makeParents(name); err != nil {
		return err
	}
	if err := e.fs.WriteFile(name, data, perm); err != nil {
		return fmt.Errorf("cannot write %s in the guest: %w", name, e.explainFull(name, err))
	}
	return nil
}

// Upload writes a file that is too large to be held in memory, or to be backed
// up.
func (e *Editor) Upload(name string, r io.Reader, perm fs.FileMode) error {
	return e.fs.Upload(name, r, perm)
}

// AppendInPlace adds data to a file where it lies.
func (e *Editor) AppendInPlace(name string, data []byte) error {
	return e.fs.change(name, true, func() error {
		_, err := e.Query(data, "dd", "of="+name, "oflag=append", "conv=notrunc,fsync")
		return err
	})
}

// Symlink makes link point to target, after a backup.
func (e *Editor) Symlink(target, link string) error {
	if err := e.Keep(link); err != nil {
		return err
	}
	if err := e.makeParents(link); err != nil {
		return err
	}
	if err := e.fs.Symlink(target, link); err != nil {
		return fmt.Errorf("cannot make the link %s in the guest: %w", link, e.explainFull(link, err))
	}
	return nil
}

// MakeDirectory makes a directory and those that it lies in.
func (e *Editor) MakeDirectory(name string, perm fs.FileMode) error {
	if err := e.makeParents(name); err != nil {
		return err
	}
	if err := e.fs.MkdirAll(name, perm); err != nil {
		return fmt.Errorf("cannot make %s in the guest: %w", name, e.explainFull(name, err))
	}
	return nil
}

func (e *Editor) makeParents(name string) error {
	for parent := path.Dir(name); len(parent) > 1 && !e.Exists(parent); parent = path.Dir(parent) {
		e.unlabelled.made = append(e.unlabelled.made, parent)
	}
	if err := e.fs.MkdirAll(path.Dir(name), 0o755); err != nil {
		return fmt.Errorf("cannot create %s in the guest: %w", path.Dir(name), e.explainFull(name, err))
	}
	return nil
}

// Enforce gives a path a mode and an owner, after a backup where it has others.
func (e *Editor) Enforce(name string, perm fs.FileMode, uid, gid int) (changed bool, err error) {
	info, err := e.Stat(name)
	if err != nil {
		return false, fmt.Errorf("cannot look at %s in the guest: %w", name, err)
	}
	if info.Mode.Perm() != perm {
		if err := e.Keep(name); err != nil {
			return false, err
		}
		if err := e.fs.Chmod(name, perm); err != nil {
			return false, fmt.Errorf("cannot set the mode of %s in the guest: %w", name, err)
		}
		changed = true
	}
	if info.UID != uid || info.GID != gid {
		if err := e.Keep(name); err != nil {
			return changed, err
		}
		if err := e.fs.Chown(name, uid, gid); err != nil {
			return changed, fmt.Errorf("cannot set the owner of %s in the guest: %w", name, err)
		}
		changed = true
	}
	return changed, nil
}

// Delete removes a file or link after a backup.
func (e *Editor) Delete(name string) error {
	if err := e.Keep(name); err != nil {
		return err
	}
	if err := e.fs.Remove(name); err != nil {
		return fmt.Errorf("cannot remove %s in the guest: %w", name, err)
	}
	return nil
}

// Discard removes a path, and what is below it, without a backup.
func (e *Editor) Discard(name string) error {
	if err := e.fs.RemoveAll(name); err != nil {
		return fmt.Errorf("cannot remove %s in the guest: %w", name, err)
	}
	return nil
}

// Keep makes a backup of a path that is about to be changed by other means than
// this package's. What is there after the first change is no original.
func (e *Editor) Keep(name string) error {
	return e.explainFull(e.backups.indexFile(), e.backups.keep(name))
}
