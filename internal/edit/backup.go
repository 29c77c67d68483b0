package edit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// backupDirectory holds the originals, each under its own full path. It lies
// apart from them because daemons read every file of a conf.d directory.
const backupDirectory = "/var/lib/hyper2kvm/backup"

// backupIndex lists what is in the directory.
const backupIndex = "index.json"

// backups keeps the originals of what is changed. A file is kept once: a
// later change, or a later run, never replaces the original.
type backups struct {
	fs  guest.FS
	off bool
	// at is where the originals are kept.
	at    string
	index map[string]backupEntry // nil before the first use
	kept  bool                   // this run added to it
	// touched are the paths that this run changed: what is there now is no
	// original.
	touched map[string]bool
	// scratch is Guest.Scratch.
	scratch string
}

// backupEntry is what restoring needs beside the content.
type backupEntry struct {
	Mode   string `json:"mode"` // octal permission bits
	UID    int    `json:"uid"`
	GID    int    `json:"gid"`
	Target string `json:"symlink_target,omitempty"` // then there is no copy
}

// directory is where this run's originals are, or "".
func (b *backups) directory() string {
	if b.kept {
		return b.at
	}
	return ""
}

// keep copies a guest file, or notes where a symbolic link points. A path
// that is not there needs no backup.
func (b *backups) keep(name string) error {
	if b.off || b.touched[name] {
		return nil
	}
	if err := b.load(); err != nil {
		return err
	}
	b.touched[name] = true
	if _, ok := b.index[name]; ok {
		return nil
	}
	info, err := b.fs.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot back up %s in the guest: %w", name, err)
	}
	entry := backupEntry{Mode: fmt.Sprintf("%04o", info.Mode.Perm()), UID: info.UID, GID: info.GID}
	if info.Mode.Type() == fs.ModeSymlink {
		if entry.Target, err = b.fs.Readlink(name); err != nil {
			return fmt.Errorf("cannot back up %s in the guest: %w", name, err)
		}
		// Writing goes through the link, so its target's content is kept too.
		info, err = b.fs.Stat(name)
		if err != nil || !info.Mode.IsRegular() {
			return b.note(name, entry)
		}
	}
	if !info.Mode.IsRegular() {
		return nil
	}
	if err := b.copy(name, info); err != nil {
		return fmt.Errorf("cannot back up %s in the guest: %w", name, err)
	}
	return b.note(name, entry)
}

func (b *backups) indexFile() string { return path.Join(b.at, backupIndex) }

func (b *backups) load() error {
	if b.index != nil {
		return nil
	}
	b.index = map[string]backupEntry{}
	data, err := b.fs.ReadFile(b.indexFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the backup index %s in the guest: %w", b.indexFile(), err)
	}
	if err := json.Unmarshal(data, &b.index); err != nil {
		return fmt.Errorf("the backup index %s in the guest is damaged: move it away and run again: %w", b.indexFile(), err)
	}
	return nil
}

// copy goes through a file of the host: an initramfs is too large to be held
// in memory, and one session cannot read and write at once.
func (b *backups) copy(name string, info guest.FileInfo) error {
	temp, err := scratchFile(b.scratch)
	if err != nil {
		return err
	}
	defer func() { _ = temp.Close() }()
	if err := b.fs.Download(name, temp); err != nil {
		return err
	}
	if _, err := temp.Seek(0, io.SeekStart); err != nil {
		return err
	}
	to := b.at + name
	if err := b.fs.MkdirAll(b.at, 0o700); err != nil {
		return err
	}
	if err := b.fs.MkdirAll(path.Dir(to), 0o700); err != nil {
		return err
	}
	perm := fs.FileMode(0o600)
	_, err = b.fs.Lstat(to)
	complete := errors.Is(err, fs.ErrNotExist) && info.UID == 0 && info.GID == 0
	if complete { // a new file is root's
		perm = info.Mode.Perm()
	}
	if err := b.fs.Upload(to, temp, perm); err != nil || complete {
		return err
	}
	if err := b.fs.Chown(to, info.UID, info.GID); err != nil {
		return err
	}
	return b.fs.Chmod(to, info.Mode.Perm())
}

func (b *backups) note(name string, entry backupEntry) error {
	b.index[name] = entry
	data, err := json.MarshalIndent(b.index, "", "  ")
	if err != nil {
		return err
	}
	if err := b.fs.MkdirAll(b.at, 0o700); err != nil {
		return fmt.Errorf("cannot create %s in the guest: %w", b.at, err)
	}
	if err := b.fs.WriteFile(b.indexFile(), append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("cannot write the backup index %s in the guest: %w", b.indexFile(), err)
	}
	b.kept = true
	return nil
}
