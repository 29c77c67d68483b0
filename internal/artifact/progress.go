package artifact

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Progress makes an empty file in directory, which must exist, for telling
// everybody how far the run is, and opens it for appending. It gets the first of
// the names that is free, and a Close or a Sweep removes it. If none is free,
// the file is nil without an error.
func (r *Run) Progress(directory string, names ...string) (*os.File, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.seat(directory)
	if err != nil {
		return nil, err
	}
	hidden, err := s.in(filesName, progressName)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(hidden, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("making the progress file: %w", err)
	}
	// It is recorded before anybody can see it, or a sweep would not know it.
	shown := false
	for _, name := range names {
		if err = s.recordProgress(hidden, name); err != nil {
			break
		}
		err = renameNoReplace(hidden, filepath.Join(s.directory, name))
		if shown = err == nil; shown || !errors.Is(err, fs.ErrExist) {
			break
		}
		err = nil
	}
	if shown {
		return file, nil
	}
	return nil, errors.Join(err, file.Close(), os.Remove(hidden))
}

func (s *seat) recordProgress(hidden, name string) error {
	now, err := fingerprint(hidden)
	if err != nil {
		return err
	}
	data, err := json.Marshal(journalEntry{Name: name, File: now})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.path, progressName), data, 0o600)
}

// removeProgress removes the progress file that the seat has recorded, if it is
// still that one.
func (s *seat) removeProgress() error {
	data, err := os.ReadFile(filepath.Join(s.path, progressName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	// A record that a crash has cut off is of a file that was not shown yet.
	var entry journalEntry
	if json.Unmarshal(data, &entry) == nil && entry.Name == filepath.Base(entry.Name) {
		path := filepath.Join(s.directory, entry.Name)
		if now, err := fingerprint(path); err == nil && entry.File.sameInode(now) {
			return removeFile(path)
		}
	}
	return nil
}
