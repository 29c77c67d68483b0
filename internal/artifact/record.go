package artifact

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// recordVersion is the version of the record's JSON.
const recordVersion = 1

// maxRecord is more than any record needs, in bytes.
const maxRecord = 1 << 20

// Record is the ownership record that lies beside a published file as
// ".<name>.hyper2kvm.json". Callers give ManifestDigest, Origin and Tools;
// publishing fills in the rest.
type Record struct {
	Version int    `json:"version"`
	RunID   string `json:"run_id"`
	// HostID is the id that the host was given, or else HostID of the package.
	HostID  string    `json:"host_id,omitempty"`
	Created time.Time `json:"created"`
	// ManifestDigest is a digest of the manifest that led to the file, without
	// its secrets: a digest of them could be guessed at.
	ManifestDigest string `json:"manifest_digest,omitempty"`
	// Origin is what whoever takes the file over has to know of the run. It is
	// the caller's, and must hold no secrets.
	Origin json.RawMessage `json:"origin,omitempty"`
	// Tools are names and versions of the programs that made it.
	Tools map[string]string `json:"tools,omitempty"`
	// File is the file as it was published.
	File Fingerprint `json:"file"`
	// Mark is that of the directory that the file was published in.
	Mark string `json:"directory_mark,omitempty"`
	// Directories were made for the file, outermost first.
	Directories []string `json:"directories,omitempty"`
}

// Identity is what must be remembered elsewhere (in state) to judge a file
// whose record has gone with it. The zero value leaves only the record to
// judge by.
type Identity struct {
	RunID      string    `json:"run_id,omitempty"`
	HostID     string    `json:"host_id,omitempty"`
	Device     uint64    `json:"device,omitempty"`
	FileSystem string    `json:"file_system,omitempty"`
	Mark       string    `json:"directory_mark,omitempty"`
	Created    time.Time `json:"created,omitzero"`
	// Directory is the path of the directory that Device, FileSystem and Mark are
	// of, as the caller names it. Empty, they are of every file's.
	Directory string `json:"directory,omitempty"`
	// Here is the id that the host which asks was given, or empty. It is not
	// remembered.
	Here string `json:"-"`
}

// Identity is the part of the record that Check and Delete ask for.
func (r *Record) Identity() Identity {
	return Identity{
		RunID: r.RunID, HostID: r.HostID, Device: r.File.Device, FileSystem: r.File.FileSystem, Mark: r.Mark, Created: r.Created,
	}
}

// RecordPath is the path of the record that belongs to the file at path.
func RecordPath(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+sidecarSuffix)
}

// ReadRecord reads the record of the file at path. Without one the error
// satisfies errors.Is(err, fs.ErrNotExist); the file itself is not looked at.
func ReadRecord(path string) (*Record, error) {
	sidecar := RecordPath(path)
	if info, err := os.Lstat(sidecar); err != nil {
		return nil, fmt.Errorf("reading the ownership record of %s: %w", path, err)
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("ownership record %s is no regular file (%s)", sidecar, info.Mode().Type())
	}
	file, err := os.Open(sidecar)
	if err != nil {
		return nil, fmt.Errorf("reading the ownership record of %s: %w", path, err)
	}
	defer file.Close() //nolint:errcheck // opened for reading
	var record Record
	if err := json.NewDecoder(io.LimitReader(file, maxRecord)).Decode(&record); err != nil {
		return nil, fmt.Errorf("ownership record %s is damaged: %w", sidecar, err)
	}
	if record.Version != recordVersion || record.RunID == "" {
		return nil, fmt.Errorf("ownership record %s has version %d, this program knows version %d; use the program that made it", sidecar, record.Version, recordVersion)
	}
	return &record, nil
}

// writeRecord writes the record of the file at path to a new file, which nobody
// may read who may not read that one.
func writeRecord(to string, record Record, path string) error {
	readers, err := readersOf(path)
	if err != nil {
		return err
	}
	return writeSynced(to, record, 0o644, readers)
}

// readersOf are those who may read the file at path.
func readersOf(path string) (Readers, error) {
	of, err := os.Lstat(path)
	if err != nil {
		return Readers{}, err
	}
	var readers Readers
	readers.Add(of)
	return readers, nil
}

// guardRecord is Guard for a file that tells of another. Where the file system
// keeps no modes, that one is exposed as this one is.
func (r Readers) guardRecord(file *os.File) error {
	err := r.Guard(file)
	var exposed *ExposedError
	if errors.As(err, &exposed) {
		return nil
	}
	return err
}

// writeSynced writes a new file and flushes it to the disk.
func writeSynced(path string, value any, mode fs.FileMode, readers Readers) error {
	data, err := encode(value)
	if err != nil {
		return err
	}
	if err := removeFile(path); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if err := fill(file, data, readers.guardRecord); err != nil {
		return errors.Join(err, removeFile(path))
	}
	return nil
}

func encode(value any) ([]byte, error) {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(data, '\n'), nil
}

// removeRecord removes the record of path if run wrote it.
func removeRecord(path, run string) error {
	record, err := ReadRecord(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if record.RunID != run {
		return nil
	}
	return removeFile(RecordPath(path))
}

// removeFile removes a file that may be gone already.
func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
