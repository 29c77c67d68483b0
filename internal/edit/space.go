package edit

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// ErrNoSpace is what the error of a file system of the guest that is too full
// satisfies.
var ErrNoSpace = errors.New("no space left in the guest")

const makeRoom = "make room in the guest (old kernels, package caches, logs) and take its disk again"

// RequiredSpace is what the file system of a guest path must have left before
// anything is written to it. Bytes and Inodes are numbers of such.
type RequiredSpace struct {
	Path   string
	Bytes  int64
	Inodes int64
}

// noSpaceError says which file system is full.
type noSpaceError struct {
	text  string
	cause error // may be nil
}

func (e *noSpaceError) Error() string { return e.text }

func (e *noSpaceError) Unwrap() []error { return []error{ErrNoSpace, e.cause} }

func noSpace(cause error, format string, args ...any) error {
	return report.Concerning(report.ConcernGuestSpace, remedy.With(&noSpaceError{fmt.Sprintf(format, args...), cause}, makeRoom))
}

// Space is what the guest's file systems have left.
type Space struct {
	of    func(path string) (guest.Space, error) // nil where nobody can tell
	guest *Reader
}

// CheckSpace refuses a guest whose file systems are too full to be changed. A
// path that is not mounted by itself is part of the one above it.
func (s *Space) CheckSpace(required []RequiredSpace) error {
	if s.of == nil {
		return nil
	}
	for _, needed := range required {
		if !slices.ContainsFunc(s.guest.mounts, func(m guest.Mount) bool { return m.Path == needed.Path }) {
			continue
		}
		space, err := s.of(needed.Path)
		if err != nil {
			return fmt.Errorf("cannot read the free space of %s in the guest: %w", needed.Path, err)
		}
		if space.Free < needed.Bytes || space.Inodes >= 0 && space.Inodes < needed.Inodes {
			return noSpace(nil, "the guest's %s has %s left; fixing it needs %s and %d inodes",
				needed.Path, describeSpace(space), mebibytes(needed.Bytes), needed.Inodes)
		}
	}
	return nil
}

// SpaceFor tells whether needed bytes fit into the file system of a directory:
// known is false where nobody can tell, and err, where they do not fit,
// satisfies ErrNoSpace.
func (s *Space) SpaceFor(directory string, needed int64) (known bool, err error) {
	if s.of == nil {
		return false, nil
	}
	space, err := s.of(directory)
	if err != nil {
		return false, nil //nolint:nilerr // that it is not known is the answer
	}
	if space.Free < needed {
		return true, noSpace(nil, "%s has %d bytes free and needs %d", directory, space.Free, needed)
	}
	return true, nil
}

// explainFull adds the figures to the error of a write that found no room.
func (s *Space) explainFull(name string, err error) error {
	if !errors.Is(err, syscall.ENOSPC) || s.of == nil {
		return err
	}
	directory := nearestDirectory(s.guest, name)
	space, spaceErr := s.of(directory)
	if spaceErr != nil {
		return err
	}
	return noSpace(err, "%v: the file system of %s has %s left", err, directory, describeSpace(space))
}

// nearestDirectory is the lowest directory above a guest path that is there.
func nearestDirectory(r *Reader, name string) string {
	for directory := path.Dir(name); directory != "/"; directory = path.Dir(directory) {
		if info, err := r.Stat(directory); err == nil && info.Mode.IsDir() {
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
