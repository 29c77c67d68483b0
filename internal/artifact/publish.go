package artifact

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Publication is a finished file and where it belongs.
type Publication struct {
	Temporary string // a path from Run.Temporary for Path
	Path      string
	Record    Record
}

// PublishAll moves finished files to their places and records them, all or
// none: on an error what was published is taken back. An existing file is an
// error that satisfies errors.Is(err, fs.ErrExist), unless overwrite is set
// and nobody has locked it.
func (r *Run) PublishAll(list []Publication, overwrite bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	ready := make([]*publication, 0, len(list))
	for _, p := range list {
		next, err := r.prepare(p, overwrite)
		if err != nil {
			return fmt.Errorf("publishing %s: %w", p.Path, err)
		}
		ready = append(ready, next)
	}
	kept := map[*staging]int{}
	for _, p := range ready {
		if _, ok := kept[p.staging]; !ok {
			kept[p.staging] = len(p.staging.entries)
		}
		p.staging.entries = append(p.staging.entries, journalEntry{Name: filepath.Base(p.final), File: p.record.File})
	}
	err := r.place(ready, kept, overwrite)
	if err == nil {
		return nil
	}
	for s, count := range kept {
		earlier := s.entries[:count]
		s.entries = s.entries[count:]
		if backErr := s.takeBack(r.ID); backErr != nil {
			err = errors.Join(err, backErr)
			s.keep = true
			continue
		}
		if s.entries = earlier; count > 0 {
			err = errors.Join(err, s.writeJournal())
		}
	}
	return err
}

// publication is a Publication that needs no more than renames.
type publication struct {
	staging         *staging
	temporary       string
	final           string
	record          Record
	temporaryRecord string
}

// prepare flushes the file and writes its record, both still hidden.
func (r *Run) prepare(p Publication, overwrite bool) (*publication, error) {
	s, err := r.staging(filepath.Dir(p.Path))
	if err != nil {
		return nil, err
	}
	next := &publication{staging: s, temporary: p.Temporary, final: filepath.Join(s.directory, filepath.Base(p.Path))}
	for _, e := range s.entries {
		if e.Name == filepath.Base(p.Path) {
			return nil, errors.New("this run has published it already")
		}
	}
	if err := Vacant(next.final, overwrite); err != nil {
		return nil, err
	}
	if err := syncFile(p.Temporary); err != nil {
		return nil, fmt.Errorf("flushing %s to the disk: %w", p.Temporary, err)
	}
	if next.record, err = r.complete(p.Record, p.Temporary, next.final); err != nil {
		return nil, err
	}
	if next.temporaryRecord, err = s.in(filesName, filepath.Base(RecordPath(next.final))); err != nil {
		return nil, err
	}
	if err := writeRecord(next.temporaryRecord, next.record, p.Temporary); err != nil {
		return nil, fmt.Errorf("writing the ownership record: %w", err)
	}
	return next, nil
}

// place does the renames, each file before its record: the rename of the file
// decides between two runs that want the same path.
func (r *Run) place(ready []*publication, stagings map[*staging]int, overwrite bool) error {
	for s := range stagings {
		if err := s.writeJournal(); err != nil {
			return err
		}
	}
	for _, p := range ready {
		if err := p.place(overwrite); err != nil {
			return fmt.Errorf("publishing %s: %w", p.final, err)
		}
	}
	for s := range stagings {
		if err := syncDirectory(s.directory); err != nil {
			return fmt.Errorf("flushing directory %s to the disk: %w", s.directory, err)
		}
	}
	return nil
}

func (p *publication) place(overwrite bool) error {
	if overwrite {
		if err := p.staging.setAside(p.final); err != nil {
			return err
		}
		if err := os.Rename(p.temporary, p.final); err != nil {
			return err
		}
	} else if err := renameNoReplace(p.temporary, p.final); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return occupied(p.final)
		}
		return err
	}
	sidecar := RecordPath(p.final)
	if err := p.staging.setAside(sidecar); err != nil {
		return err
	}
	return os.Rename(p.temporaryRecord, sidecar)
}

// setAside keeps the file at path, if there is one, until Close.
func (s *staging) setAside(path string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	aside, err := s.in(asideName, filepath.Base(path))
	if err != nil {
		return err
	}
	if err := setAside(path, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keeping the file that is replaced: %w", err)
	}
	return nil
}

// complete fills in what publishing knows of the file at path, which belongs at
// final.
func (r *Run) complete(record Record, path, final string) (Record, error) {
	file, err := fingerprint(path)
	if err != nil {
		return Record{}, err
	}
	record.Version = recordVersion
	record.RunID = r.ID
	record.HostID = cmp.Or(r.HostID, HostID())
	record.Mark = markDirectory(filepath.Dir(final))
	record.Created = time.Now().UTC()
	record.File = file
	record.Directories = r.Directories
	// The directories that were made for what was here before are this run's now,
	// even if its record is all that is left of it.
	if before, err := ReadRecord(final); err == nil {
		record.Directories = slices.Clone(before.Directories)
		for _, made := range r.Directories {
			if !slices.Contains(record.Directories, made) {
				record.Directories = append(record.Directories, made)
			}
		}
	}
	return record, nil
}

// Renew records the file at path, which run has recorded, as it is now.
func Renew(path, run string) error {
	record, err := ReadRecord(path)
	if err != nil {
		return err
	}
	if record.RunID != run {
		return &NotOwnedError{Path: path, Status: Status{State: StateReplaced, Reason: "another run has recorded it", Record: record}}
	}
	if record.File, err = fingerprint(path); err != nil {
		return err
	}
	encoded, err := encode(record)
	if err != nil {
		return err
	}
	readers, err := readersOf(path)
	if err != nil {
		return err
	}
	return Replace(RecordPath(path), encoded, readers.guardRecord)
}

// Claim records a file that the run has written at its final place by other
// means, such as the report, so that Delete may remove it.
func (r *Run) Claim(path string, record Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.staging(filepath.Dir(path))
	if err != nil {
		return err
	}
	final := filepath.Join(s.directory, filepath.Base(path))
	if record, err = r.complete(record, final, final); err != nil {
		return fmt.Errorf("recording %s: %w", path, err)
	}
	temporary, err := s.in(filesName, filepath.Base(RecordPath(final)))
	if err != nil {
		return err
	}
	if err := writeRecord(temporary, record, final); err != nil {
		return fmt.Errorf("recording %s: %w", path, err)
	}
	if err := os.Rename(temporary, RecordPath(final)); err != nil {
		return fmt.Errorf("recording %s: %w", path, err)
	}
	r.claimed = append(r.claimed, final)
	return nil
}
