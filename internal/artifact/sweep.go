package artifact

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
)

// Sweep removes from directory what runs left that died before Close: their
// hidden directories, files that were to replace others, and files whose
// publication they had not made final.
// Runs that live, on this host or another, are left alone. removed lists the
// paths. A missing directory is no error.
func Sweep(directory string) (removed []string, err error) {
	entries, err := os.ReadDir(directory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for what dead runs left: %w", err)
	}
	for _, entry := range entries {
		path := filepath.Join(directory, entry.Name())
		if isNew(entry) {
			gone, sweepErr := sweepNew(path)
			if gone {
				removed = append(removed, path)
			}
			if sweepErr != nil {
				err = errors.Join(err, fmt.Errorf("removing %s, which a dead run left: %w", path, sweepErr))
			}
			continue
		}
		id, ours := strings.CutPrefix(entry.Name(), prefix)
		if !ours || !entry.IsDir() {
			continue
		}
		if strings.HasPrefix(id, "probe-") {
			_ = unlinkDirectory(path)
			continue
		}
		if uuid.Validate(id) != nil {
			continue
		}
		more, sweepErr := sweepStaging(directory, path, id)
		removed = append(removed, more...)
		if sweepErr != nil {
			err = errors.Join(err, fmt.Errorf("removing %s, which a dead run left: %w", path, sweepErr))
		}
	}
	return removed, err
}

// seen reports whether a lock of the owner is visible here: in whatever container
// of this machine it was taken, and of another machine it may not be.
func (by owner) seen() bool {
	return by.BootID != "" && by.BootID == bootID() || OnHost("", by.HostID)
}

// sweepStaging removes one hidden directory if its run is dead.
func sweepStaging(directory, path, id string) (removed []string, err error) {
	content, err := os.ReadFile(filepath.Join(path, lockName))
	if errors.Is(err, fs.ErrNotExist) {
		// Killed between mkdir and lock, or as good as removed, or no run's
		// directory at all.
		if removeLeftovers(path) {
			removed = append(removed, path)
		}
		return removed, nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil, nil // another user's
	}
	if err != nil {
		return nil, err
	}
	var by owner
	if json.Unmarshal(content, &by) == nil && !by.seen() {
		return nil, nil
	}
	lock, err := tryLock(path, 0)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && lock == nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := &staging{directory: directory, path: path, lock: lock}
	if s.entries, err = readJournal(path); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	for _, e := range s.entries {
		final := filepath.Join(directory, e.Name)
		if isPlaceholder(filepath.Join(path, filesName, e.Name), final) {
			if err := removeFile(final); err != nil {
				return nil, errors.Join(err, lock.Close())
			}
			removed = append(removed, final)
			continue
		}
		if now, published, err := s.published(e); err == nil && published {
			err := checkNotInUse(final)
			if err == nil && !e.File.sameContent(now) {
				err = &WrittenError{Path: final, Directory: path}
			}
			if err != nil {
				return nil, errors.Join(err, lock.Close())
			}
			removed = append(removed, final)
		}
	}
	if err := s.takeBack(id); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	err = s.remove()
	var held *LeftoverError
	if errors.As(err, &held) {
		return removed, nil // a later sweep removes it
	}
	if err != nil {
		return removed, err
	}
	return append(removed, path), nil
}
