package guest

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// FollowLinks returns the absolute guest path name without symbolic links among
// its parents; follow resolves the last element too. That last element need not
// exist. Where a parent cannot be looked at the rest of the path is returned as
// it is, beside the error. lstat and readlink are those of the guest; they get
// paths whose parents are no links.
func FollowLinks(name string, follow bool, lstat func(string) (fs.FileMode, error), readlink func(string) (string, error)) (string, error) {
	pending := strings.Split(path.Clean(name), "/")
	resolved := "/"
	for links := 0; len(pending) > 0; {
		part := pending[0]
		pending = pending[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			resolved = path.Dir(resolved)
			continue
		}
		next, last := path.Join(resolved, part), len(pending) == 0
		if last && !follow {
			return next, nil
		}
		mode, err := lstat(next)
		switch {
		case last && errors.Is(err, fs.ErrNotExist):
			return next, nil
		case err != nil:
			return path.Join(next, path.Join(pending...)), err
		case mode.Type() != fs.ModeSymlink && !last && !mode.IsDir():
			return path.Join(next, path.Join(pending...)), &fs.PathError{Op: "stat", Path: name, Err: syscall.ENOTDIR}
		case mode.Type() != fs.ModeSymlink:
			resolved = next
			continue
		}
		if links++; links > MaxLinks {
			return next, &fs.PathError{Op: "stat", Path: name, Err: syscall.ELOOP}
		}
		target, err := readlink(next)
		if err != nil {
			return next, err
		}
		if path.IsAbs(target) {
			resolved = "/"
		}
		pending = append(strings.Split(target, "/"), pending...)
	}
	return resolved, nil
}
