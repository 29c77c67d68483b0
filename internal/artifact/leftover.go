package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// patience bounds the wait for a file system to really delete files that were
// deleted while they were open. FUSE hears of the close only after it, and a
// process that was just forked may have the file open until it becomes another
// program.
const patience = time.Second

// LeftoverError says that a directory cannot be removed yet, because files in it
// were deleted while a process has them open, and the file system has only
// renamed them. They go when the process closes them.
type LeftoverError struct {
	Path string // the directory
	Name string // one of the files, with its path
}

func (e *LeftoverError) Error() string {
	return fmt.Sprintf("%s cannot be removed before some process closes %s, which was deleted while it was open", e.Path, e.Name)
}

// isLeftover knows the names that NFS and FUSE give to a file which is deleted
// while it is open (Linux, fs/nfs/unlink.c; libfuse, lib/fuse.c).
func isLeftover(name string) bool {
	return strings.HasPrefix(name, ".nfs") || strings.HasPrefix(name, ".fuse_hidden")
}

// leftover is a deleted file in or below path, or "" if there is none. others
// reports that there is something that is not deleted, or that cannot be seen.
func leftover(path string) (name string, others bool) {
	err := filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // gone while this looked
		case err != nil:
			return err
		case entry.IsDir():
			return nil
		case !isLeftover(entry.Name()):
			others = true
			return fs.SkipAll
		}
		name = at
		return nil
	})
	return name, others || err != nil
}

// removeDirectory removes a directory in which there is nothing, or soon
// nothing: what is there but was deleted already is waited for.
func removeDirectory(path string) error { return patiently(path, unlinkDirectory) }

// removeAll is os.RemoveAll, and waits as removeDirectory does.
func removeAll(path string) error { return patiently(path, os.RemoveAll) }

func patiently(path string, remove func(string) error) error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := remove(path)
		if err == nil || !isNotEmpty(err) {
			return err
		}
		name, others := leftover(path)
		if others {
			return err
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			if name == "" {
				return err
			}
			return &LeftoverError{Path: path, Name: name}
		}
	}
}

// removeLeftovers removes a hidden directory that holds only what was deleted
// already. It does not wait: who still has it open may have it for long.
func removeLeftovers(path string) (removed bool) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return false
	}
	for _, entry := range entries {
		if entry.IsDir() || !isLeftover(entry.Name()) {
			return false
		}
	}
	// One by one: a run may begin in this directory at any time.
	for _, entry := range entries {
		_ = os.Remove(filepath.Join(path, entry.Name()))
	}
	return unlinkDirectory(path) == nil
}
