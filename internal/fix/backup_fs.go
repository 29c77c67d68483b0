package fix

import (
	"io/fs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// BackupFS is a guest's file system that keeps the original of a file before
// the first change that is made through it, as Run does by itself.
type BackupFS struct {
	guest.FS
	backups backups
	touched map[string]bool // what is there now is no original
}

// NewBackupFS wraps a guest's file system. Without enabled nothing is kept. Scratch
// is Target.Scratch.
func NewBackupFS(real guest.FS, enabled bool, scratch string) *BackupFS {
	return &BackupFS{FS: real, backups: backups{fs: real, off: !enabled, scratch: scratch}, touched: map[string]bool{}}
}

// Directory is the guest directory of the originals, or "" if none were kept.
func (b *BackupFS) Directory() string { return b.backups.directory() }

func (b *BackupFS) keep(path string) error {
	if b.touched[path] {
		return nil
	}
	b.touched[path] = true
	return b.backups.keep(path)
}

// WriteFile implements guest.FS.
func (b *BackupFS) WriteFile(path string, data []byte, perm fs.FileMode) error {
	if err := b.keep(path); err != nil {
		return err
	}
	return b.FS.WriteFile(path, data, perm)
}

// Symlink implements guest.FS.
func (b *BackupFS) Symlink(target, link string) error {
	if err := b.keep(link); err != nil {
		return err
	}
	return b.FS.Symlink(target, link)
}

// Remove implements guest.FS.
func (b *BackupFS) Remove(path string) error {
	if err := b.keep(path); err != nil {
		return err
	}
	return b.FS.Remove(path)
}

// Chmod implements guest.FS.
func (b *BackupFS) Chmod(path string, perm fs.FileMode) error {
	if err := b.keep(path); err != nil {
		return err
	}
	return b.FS.Chmod(path, perm)
}

// Chown implements guest.FS.
func (b *BackupFS) Chown(path string, uid, gid int) error {
	if err := b.keep(path); err != nil {
		return err
	}
	return b.FS.Chown(path, uid, gid)
}
