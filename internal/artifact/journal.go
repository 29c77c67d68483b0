package artifact

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// journalEntry is one file that is about to be published from a staging
// directory. Name is a base name, so that a journal can only lead to files
// beside that directory.
type journalEntry struct {
	Name string      `json:"name"`
	File Fingerprint `json:"file"`
}

// writeJournal makes the entries durable before the first file is published.
func (s *staging) writeJournal() error {
	path := filepath.Join(s.path, journalName)
	if err := writeSynced(path+".new", s.entries, 0o600, Readers{}); err != nil {
		return fmt.Errorf("writing the journal %s: %w", path, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("writing the journal %s: %w", path, err)
	}
	return syncDirectory(s.path)
}

func readJournal(hidden string) ([]journalEntry, error) {
	data, err := os.ReadFile(filepath.Join(hidden, journalName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var entries []journalEntry
	if err := json.Unmarshal(data, &entries); err != nil {
		return nil, fmt.Errorf("the journal in %s is damaged: %w", hidden, err)
	}
	for _, e := range entries {
		if e.Name != filepath.Base(e.Name) || e.Name == ".." || e.Name == "." {
			return nil, fmt.Errorf("the journal in %s names %q, which is no file beside it", hidden, e.Name)
		}
	}
	return entries, nil
}

// takeBack undoes the journal: published files and records go, what they
// replaced comes back. It can be repeated after an interruption at any point.
func (s *staging) takeBack(run string) error {
	var err error
	for _, e := range slices.Backward(s.entries) {
		err = errors.Join(err, s.takeBackFile(e), s.takeBackRecord(e, run))
	}
	if err != nil {
		return err
	}
	s.entries = nil
	// All is as it was, whether or not that can be flushed.
	_ = syncDirectory(s.directory)
	return removeFile(filepath.Join(s.path, journalName))
}

// published reports that the file of an entry is at its place, and what it is now. The
// error is fs.ErrNotExist if nothing is.
func (s *staging) published(e journalEntry) (now Fingerprint, published bool, err error) {
	now, err = fingerprint(filepath.Join(s.directory, e.Name))
	if err != nil {
		return now, false, err
	}
	if e.File.sameInode(now) {
		return now, true, nil
	}
	if e.File.numbered(now) {
		return now, false, nil
	}
	// Some FUSE file systems number their files anew. Size and time alone do not
	// tell it from that of another run, but this run's own has left its staging
	// directory.
	_, err = os.Lstat(filepath.Join(s.path, filesName, e.Name))
	return now, errors.Is(err, fs.ErrNotExist) && e.File.sameContent(now), nil
}

func (s *staging) takeBackFile(e journalEntry) error {
	final := filepath.Join(s.directory, e.Name)
	aside := filepath.Join(s.path, asideName, e.Name)
	_, published, err := s.published(e)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return fmt.Errorf("taking back %s: %w", final, err)
	}
	if !published && !missing {
		return nil // not published, or replaced by somebody else since
	}
	_, err = os.Lstat(aside)
	switch {
	case err == nil:
		err = os.Rename(aside, final)
	case errors.Is(err, fs.ErrNotExist) && missing:
		err = nil
	case errors.Is(err, fs.ErrNotExist):
		err = os.Remove(final)
	}
	if err != nil {
		return fmt.Errorf("taking back %s: %w", final, err)
	}
	return nil
}

func (s *staging) takeBackRecord(e journalEntry, run string) error {
	final := filepath.Join(s.directory, e.Name)
	sidecar := RecordPath(final)
	aside := filepath.Join(s.path, asideName, filepath.Base(sidecar))
	if err := removeRecord(final, run); err != nil {
		return fmt.Errorf("taking back the record of %s: %w", final, err)
	}
	if _, err := os.Lstat(sidecar); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := os.Rename(aside, sidecar); err != nil {
		return fmt.Errorf("restoring the record %s: %w", sidecar, err)
	}
	return nil
}
