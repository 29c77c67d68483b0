package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// State says what became of a published file.
type State string

// The states of a published file.
const (
	// StateOwned is the file as it was published.
	StateOwned State = "owned"
	// StateChanged is the published file with another content, as a virtual
	// machine that boots from it leaves it.
	StateChanged State = "changed"
	// StateReplaced is another file, or one that another run published.
	StateReplaced State = "replaced"
	// StateUnrecorded is a file without a record.
	StateUnrecorded State = "unrecorded"
	// StateMissing is no file in the directory that had it. A directory that is
	// gone may only not be mounted.
	StateMissing State = "missing"
	// StateElsewhere is no file on this host, or none that can be looked at, and
	// nothing that tells whether it still is on the one that published it.
	StateElsewhere State = "elsewhere"
	// StateUnknown is that nothing certain can be said, and why is in Reason.
	StateUnknown State = "unknown"
)

// Status is the result of Check. Reason is a sentence for people; it is empty
// for StateOwned.
type Status struct {
	State  State
	Reason string
	Record *Record // nil where none could be read
}

// Check compares the file at path with its record and with what the caller
// remembers of it.
func Check(path string, want Identity) Status {
	now, err := fingerprint(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !isNotDirectory(err) {
		if info, statErr := os.Lstat(path); statErr == nil && !info.Mode().IsRegular() {
			return Status{State: StateReplaced, Reason: fmt.Sprintf("%s is no regular file any more (%s)", path, info.Mode().Type())}
		}
		return Status{State: want.unseen(), Reason: fmt.Sprintf("%s cannot be looked at: %v", path, err)}
	}
	record, recordErr := ReadRecord(path)
	if err != nil {
		return checkMissing(path, want, record)
	}
	status := Status{Record: record}
	switch {
	case errors.Is(recordErr, fs.ErrNotExist):
		status.State, status.Reason = StateUnrecorded, fmt.Sprintf("%s has no ownership record %s", path, RecordPath(path))
	case recordErr != nil:
		status.State, status.Reason = StateUnknown, recordErr.Error()
	case want.RunID != "" && record.RunID != want.RunID:
		status.State, status.Reason = StateReplaced, fmt.Sprintf("%s was published by another run, %s", path, record.RunID)
	case !record.sameFile(now, filepath.Dir(path)):
		status.State, status.Reason = StateReplaced, fmt.Sprintf("%s is not the file that run %s published", path, record.RunID)
		if record.File.Born == nil {
			status.Reason += ", or it was written to and its file system has numbered it anew"
		}
	case !record.File.sameContent(now):
		status.State, status.Reason = StateChanged, fmt.Sprintf("%s was written to after it was published", path)
	default:
		status.State = StateOwned
	}
	return status
}

// Unfinished reports that the run which published the file at path has not made
// it final: it still goes on, or it died and a sweep takes the file away.
func Unfinished(path string, record *Record) bool {
	entries, err := readJournal(filepath.Join(filepath.Dir(path), prefix+record.RunID))
	return err != nil || slices.ContainsFunc(entries, func(e journalEntry) bool { return e.Name == filepath.Base(path) })
}

// checkMissing tells a file that is gone from one that cannot be seen from
// here. record is nil where it is gone too.
func checkMissing(path string, want Identity, record *Record) Status {
	if record != nil && want.RunID != "" && want.RunID != record.RunID {
		record = nil // left by somebody else
	}
	directory := filepath.Dir(path)
	if want.Directory != "" && want.Directory != directory {
		want.Device, want.FileSystem, want.Mark = 0, "", "" // they are another directory's
	}
	switch {
	case record != nil, want.Mark != "" && want.Mark == markOf(directory):
		// This is where it was, whichever host made it.
		return Status{State: StateMissing, Record: record, Reason: fmt.Sprintf("%s is gone", path)}
	case !OnHost(want.Here, want.HostID):
		return Status{State: StateElsewhere, Reason: fmt.Sprintf("%s is not on this host; it was published on another one", path)}
	}
	existing, err := firstExisting(directory)
	if err != nil {
		return Status{State: StateUnknown, Reason: fmt.Sprintf("%s cannot be looked at: %v", path, err)}
	}
	known := want.Device != 0 || want.FileSystem != ""
	device, id, err := fileSystem(existing)
	switch {
	case err != nil:
		return Status{State: StateUnknown, Reason: fmt.Sprintf("the file system of %s cannot be looked at: %v", existing, err)}
	case known && !(Fingerprint{Device: want.Device, FileSystem: want.FileSystem}).sameFileSystem(device, id):
		return Status{State: StateUnknown, Reason: fmt.Sprintf("%s is not there, and %s lies on another file system than the one it was published on; mount that one", path, existing)}
	case existing != directory:
		return Status{State: StateUnknown, Reason: fmt.Sprintf("%s is not there and neither is its directory; mount its file system, or make the directory if it was deleted", path)}
	case want.Mark != "" && !madeSince(directory, want.Created):
		reason := fmt.Sprintf("%s is not there, and %s, which exists, has not the mark of the directory that it was published in; "+
			"mount the right one if this is another", path, directory)
		if birthOf(directory) != nil {
			reason += ", or, if the image was deleted in this one, remove it when it is empty and make it again"
		}
		return Status{State: StateUnknown, Reason: reason}
	}
	return Status{State: StateMissing, Reason: fmt.Sprintf("%s is gone", path)}
}

// unseen is the state of a file that cannot be looked at.
func (i Identity) unseen() State {
	if OnHost(i.Here, i.HostID) {
		return StateUnknown
	}
	return StateElsewhere
}

// firstExisting is the directory, or the first of its parents that is there.
func firstExisting(directory string) (string, error) {
	for {
		info, err := os.Stat(directory)
		if err == nil && info.IsDir() {
			return directory, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !isNotDirectory(err) {
			return "", err
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			return directory, nil
		}
		directory = parent
	}
}

// madeSince reports that the directory was made after the time. One without the
// mark of its file that was there before is that of a clone of the machine.
func madeSince(directory string, created time.Time) bool {
	born := birthOf(directory)
	return born != nil && !created.IsZero() && born.After(created)
}
