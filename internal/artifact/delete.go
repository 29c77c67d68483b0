package artifact

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// NotOwnedError says why a file was not deleted.
type NotOwnedError struct {
	Path   string
	Status Status
}

func (e *NotOwnedError) Error() string {
	return fmt.Sprintf("%s was not deleted: %s", e.Path, e.Status.Reason)
}

// Remedy is what to do about it, by the cause.
func (e *NotOwnedError) Remedy() string {
	switch e.Status.State {
	case StateElsewhere:
		return "destroy it on the host where it is; or give it up: apply on_destroy = \"keep\" and destroy then, or use terraform state rm"
	case StateUnknown:
		return "remove the cause and destroy again; or give the file up: apply on_destroy = \"keep\" and destroy then, or use terraform state rm"
	case StateUnrecorded, StateReplaced:
		return "if the file is not needed, delete it by hand and destroy again; or, to keep it, " +
			"apply on_destroy = \"keep\" and destroy then"
	default:
		return ""
	}
}

// Delete removes published files, their records, and the directories that
// were made for them once those are empty. Everything is checked before the
// first file goes: a file that is not the recorded one is a *NotOwnedError, a
// locked one an *InUseError, and then nothing is deleted. Files that are gone
// already are no error. removed lists what was removed.
func Delete(ctx context.Context, want Identity, paths ...string) (removed []string, err error) {
	found := make([]Status, len(paths))
	for i, path := range paths {
		status := Check(path, want)
		found[i] = status
		switch status.State {
		case StateOwned, StateChanged:
			if useErr := checkNotInUse(path); useErr != nil {
				err = errors.Join(err, useErr)
			}
		case StateMissing:
		default:
			err = errors.Join(err, &NotOwnedError{Path: path, Status: status})
		}
	}
	if err != nil {
		return nil, err
	}
	var made []string
	for i, path := range paths {
		if err := ctx.Err(); err != nil {
			return removed, fmt.Errorf("deleting %s: %w", path, err)
		}
		record := found[i].Record
		if found[i].State != StateMissing {
			// The file goes before its record: interrupted in between, the
			// next call finds a missing file and a record to clean up.
			if err := os.Remove(path); err != nil {
				return removed, fmt.Errorf("deleting %s: %w", path, err)
			}
			removed = append(removed, path)
		}
		if record == nil {
			continue
		}
		if err := removeRecord(path, record.RunID); err != nil {
			return removed, fmt.Errorf("deleting the ownership record of %s: %w", path, err)
		}
		made = append(made, record.Directories...)
	}
	return append(removed, removeMade(paths, made)...), nil
}

// removeMade removes directories that a run made, if they are empty and on the
// way to one of paths: a record lies beside files that others can write, so it
// is not trusted with any other path.
func removeMade(paths, made []string) (removed []string) {
	listed := map[string]bool{}
	for _, directory := range made {
		listed[directory] = true
	}
	for _, path := range paths {
		absolute, err := filepath.Abs(path)
		if err != nil {
			continue
		}
		for d := filepath.Dir(absolute); listed[d] && removeDirectory(d) == nil; d = filepath.Dir(d) {
			removed = append(removed, d)
		}
	}
	return removed
}
