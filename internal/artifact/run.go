package artifact

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/uuid"
)

// Run is one run's hidden work directory and the files it is about to publish.
// As long as the process lives, a lock tells sweeps to leave them alone. Its
// methods may be called from several goroutines.
type Run struct {
	ID string
	// Directories are those that Preflight made. They are recorded with each
	// published file, and Delete removes them when they have become empty.
	Directories []string
	// HostID is the id that this host was given, for the records, or empty.
	HostID string

	mu       sync.Mutex
	claimed  []string   // recorded by Claim
	stagings []*staging // the first holds the work directory
	work     string
}

// NewRun makes the work directory inside parent, which must exist. The id must
// be a UUID that no other run has; by it, a caller recognises what the run has
// published even if nobody lives to tell.
func NewRun(parent, id string) (*Run, error) {
	if err := uuid.Validate(id); err != nil {
		return nil, fmt.Errorf("the id of a run must be a UUID: %w", err)
	}
	r := &Run{ID: id}
	s, err := r.staging(parent)
	if err != nil {
		return nil, err
	}
	if r.work, err = s.in(workName, ""); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	r.work = filepath.Clean(r.work)
	return r, nil
}

// Dir is the absolute path of the work directory, which only this user can
// enter.
func (r *Run) Dir() string { return r.work }

// Temporary returns the path at which to write the file that will be published
// at final. It has final's base name and lies in a hidden directory beside
// final, which must be in an existing directory.
func (r *Run) Temporary(final string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.staging(filepath.Dir(final))
	if err != nil {
		return "", err
	}
	return s.in(filesName, filepath.Base(final))
}

// Commit makes what the run published final. A process that dies before has
// published nothing: the next Sweep takes it back. After an error Retract can
// still take it back. Announce success only after Commit.
func (r *Run) Commit() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.stagings {
		if err := s.commit(); err != nil {
			return fmt.Errorf("making what was published in %s final: %w", s.directory, err)
		}
	}
	return nil
}

// Close commits, and removes all else that the run made. After Commit an error
// is about no more than a file that remains, which the error names. Further calls
// do nothing.
func (r *Run) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var err error
	for _, s := range r.stagings {
		err = errors.Join(err, s.remove())
	}
	r.stagings = nil
	return err
}

// Retract takes back what the run published, restores what that replaced, and
// disclaims what it claimed.
// After Close there is nothing to take back.
func (r *Run) Retract() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var err error
	for _, path := range r.claimed {
		err = errors.Join(err, removeRecord(path, r.ID))
	}
	for _, s := range r.stagings {
		if backErr := s.takeBack(r.ID); backErr != nil {
			err = errors.Join(err, backErr)
			s.keep = true
		}
	}
	return err
}

// staging returns the run's staging directory in directory.
func (r *Run) staging(directory string) (*staging, error) {
	absolute, err := filepath.Abs(directory)
	if err != nil {
		return nil, fmt.Errorf("finding the directory %s: %w", directory, err)
	}
	if absolute, err = filepath.EvalSymlinks(absolute); err != nil {
		return nil, fmt.Errorf("following the directory %s: %w", directory, err)
	}
	info, err := os.Stat(absolute)
	if err != nil {
		return nil, fmt.Errorf("looking at the directory %s: %w", directory, err)
	}
	for _, s := range r.stagings {
		if known, err := os.Stat(s.directory); err == nil && os.SameFile(known, info) {
			return s, nil
		}
	}
	s, err := newStaging(absolute, r.ID)
	if err != nil {
		return nil, err
	}
	r.stagings = append(r.stagings, s)
	return s, nil
}
