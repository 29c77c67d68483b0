package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/uuid"
)

// WriteFile writes the report to path, whose directory must exist, and replaces
// what is there in one step: readers see the old report or the new one. Its
// mode is 0644 without the umask, and without what guard takes from it before
// anything is in it; guard may be nil.
func (r *Report) WriteFile(path string, guard func(*os.File) error) (err error) {
	encoded, err := r.indented()
	if err != nil {
		return fmt.Errorf("encoding the report: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing the report %s: %w", path, err)
		}
	}()
	directory := filepath.Dir(path)
	// Not by os.CreateTemp, whose files get no mode from the umask.
	temporary, err := os.OpenFile(filepath.Join(directory, ".hyper2kvm-report-"+uuid.NewString()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary.Name()))
		}
	}()
	if err := fill(temporary, encoded, guard); err != nil {
		return err
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return err
	}
	syncDirectory(directory)
	return nil
}

// fill writes content and sees it to the disk.
func fill(file *os.File, content []byte, guard func(*os.File) error) (err error) {
	defer func() { err = errors.Join(err, file.Close()) }()
	if guard != nil {
		if err := guard(file); err != nil {
			return err
		}
	}
	if _, err := file.Write(content); err != nil {
		return err
	}
	return file.Sync()
}

// syncDirectory makes the rename durable. The report is in place whether or not
// the file system can do that, so it cannot fail.
func syncDirectory(directory string) {
	opened, err := os.Open(directory)
	if err != nil {
		return
	}
	_ = opened.Sync()
	_ = opened.Close()
}

// indented is the report as people read it.
func (r *Report) indented() ([]byte, error) {
	compact, err := encode(r)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, compact, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
