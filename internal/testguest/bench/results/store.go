package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Store is the folder that holds the sections.
type Store struct{ Dir string }

// Load reads a section. It is nil where nothing of it was measured.
func (s Store) Load(name string) (*Section, error) {
	data, err := os.ReadFile(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	section := &Section{}
	if err := json.Unmarshal(data, section); err != nil {
		return nil, fmt.Errorf("%s: %w; remove it to measure anew", s.path(name), err)
	}
	return section, nil
}

// Resume reads a section in order to go on with it, or begins it: what was
// measured on another machine or with another engine does not count.
func (s Store) Resume(name string, machine Machine) (section *Section, discarded bool, err error) {
	section, err = s.Load(name)
	if err != nil {
		return nil, false, err
	}
	if section != nil && section.Machine.Same(machine) {
		return section, false, nil
	}
	return &Section{Name: name, Machine: machine}, section != nil, nil
}

// Save writes a section so that at any moment it is there whole.
func (s Store) Save(section *Section) error {
	data, err := json.MarshalIndent(section, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return err
	}
	temporary := s.path(section.Name) + ".new"
	if err := os.WriteFile(temporary, append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, s.path(section.Name))
}

// Remove forgets a section.
func (s Store) Remove(name string) error {
	if err := os.Remove(s.path(name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (s Store) path(name string) string { return filepath.Join(s.Dir, name+".json") }
