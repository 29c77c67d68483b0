package artifact

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ProgressFile tells how far a run is.
type ProgressFile struct {
	*os.File
	mode fs.FileMode // that it may have at most
}

// Admit lets those of the readers read the file whom the umask does not exclude.
func (f *ProgressFile) Admit(r Readers) error { return r.setMode(f.File, f.mode) }

// Progress makes an empty file in directory, which must exist, for telling how
// far the run is, and opens it for appending. Only its owner may read it before
// Admit. It gets the first of the names that is free, and a Close or a Sweep
// removes it. If none is free, the file is nil without an error.
func (r *Run) Progress(directory string, names ...string) (*ProgressFile, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.staging(directory)
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
	mode, err := createdMode(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the progress file: %w", err), file.Close(), os.Remove(hidden))
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
		return &ProgressFile{File: file, mode: mode}, nil
	}
	return nil, errors.Join(err, file.Close(), os.Remove(hidden))
}

// createdMode hides a new file and returns the mode that it was made with.
func createdMode(file *os.File) (fs.FileMode, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	var exposed *ExposedError // Admit says it again
	if err := Hide(file); err != nil && !errors.As(err, &exposed) {
		return 0, err
	}
	return info.Mode().Perm(), nil
}

func (s *staging) recordProgress(hidden, name string) error {
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

// removeProgress removes the progress file that the staging directory has
// recorded, if it is still that one.
func (s *staging) removeProgress() error {
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
		now, err := fingerprint(path)
		if err == nil && entry.File.sameInode(now) || isPlaceholder(filepath.Join(s.path, filesName, progressName), path) {
			return removeFile(path)
		}
	}
	return nil
}
