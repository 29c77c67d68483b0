package fix

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// room is what the file system of a guest path must have left before anything
// is written to it. It covers what fixes always write; the copy of an initramfs
// is bounded when it is made.
type room struct {
	path   string
	bytes  int64
	inodes int64
}

// neededRoom lists where fixes write. A path that is not mounted by itself is
// part of the one above it.
var neededRoom = []room{
	{"/", 20 << 20, 100},
	{"/var", 10 << 20, 50}, // the originals of what is changed
	{"/boot", 4 << 20, 10},
	{"/boot/efi", 64 << 10, 2},
	{"/efi", 64 << 10, 2},
}

// checkRoom refuses a guest whose file systems are too full to be changed.
func (r *run) checkRoom() error {
	if r.target.Space == nil {
		return nil
	}
	for _, needed := range neededRoom {
		if !r.isMounted(needed.path) {
			continue
		}
		space, err := r.target.Space(needed.path)
		if err != nil {
			return fmt.Errorf("cannot read the free space of %s in the guest: %w", needed.path, err)
		}
		if space.Free < needed.bytes || space.Inodes >= 0 && space.Inodes < needed.inodes {
			return &fullError{fmt.Errorf("the guest's %s has %s left; fixing it needs %s and %d inodes",
				needed.path, describeSpace(space), mebibytes(needed.bytes), needed.inodes)}
		}
	}
	return nil
}

func (r *run) isMounted(path string) bool {
	for _, m := range r.target.Mounts {
		if m.Path == path {
			return true
		}
	}
	return false
}

// fullError is of a file system of the guest that has no room.
type fullError struct{ error }

func (e *fullError) Unwrap() error { return e.error }

// Remedy says what the guest's owner can do.
func (e *fullError) Remedy() string {
	return "make room in the guest (old kernels, package caches, logs) and take its disk again"
}

// explainFull adds the figures to the error of a write that found no room.
func (r *run) explainFull(name string, err error) error {
	if !errors.Is(err, syscall.ENOSPC) || r.target.Space == nil {
		return err
	}
	directory := r.nearestDirectory(name)
	space, spaceErr := r.target.Space(directory)
	if spaceErr != nil {
		return err
	}
	return &fullError{fmt.Errorf("%w: the file system of %s has %s left", err, directory, describeSpace(space))}
}

// nearestDirectory is the lowest directory above a guest path that is there.
func (r *run) nearestDirectory(name string) string {
	for directory := path.Dir(name); directory != "/"; directory = path.Dir(directory) {
		if info, err := r.fs.Stat(directory); err == nil && info.Mode&fs.ModeDir != 0 {
			return directory
		}
	}
	return "/"
}

func describeSpace(s guest.Space) string {
	text := mebibytes(s.Free)
	if s.Inodes >= 0 {
		text += fmt.Sprintf(" and %d inodes", s.Inodes)
	}
	return text
}

// mebibytes is a size for people. A little above 0 must not read as 0.
func mebibytes(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(bytes)/(1<<20)), ".0") + " MiB"
}
