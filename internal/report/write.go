package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// WriteFile writes the report to path, whose directory must exist, and replaces
// what is there in one step: readers see the old report or the new one. Its
// mode is 0644.
func (r *Report) WriteFile(path string) (err error) {
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
	temporary, err := os.CreateTemp(directory, ".hyper2kvm-report-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary.Name()))
		}
	}()
	if err := fill(temporary, encoded); err != nil {
		return err
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return err
	}
	syncDirectory(directory)
	return nil
}

// fill writes content, makes it readable for everybody and sees it to the disk.
func fill(file *os.File, content []byte) (err error) {
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.Write(content); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil {
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
