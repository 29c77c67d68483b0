package edit

import (
	"path"
	"strings"
)

// Find returns the paths in the guest that match a path.Match pattern, of which the
// last two parts may have wildcards, sorted by directory. A directory that is not there
// has none.
func (e *Editor) Find(pattern string) ([]string, error) {
	directory, base := path.Split(pattern)
	directory = path.Clean(directory)
	directories := []string{directory}
	if parent, last := path.Split(directory); strings.ContainsAny(last, "*?[") {
		var err error
		if directories, err = e.List(path.Clean(parent), last); err != nil {
			return nil, err
		}
	}
	var found []string
	for _, directory := range directories {
		paths, err := e.List(directory, base)
		if err != nil {
			return nil, err
		}
		found = append(found, paths...)
	}
	return found, nil
}

// EachFile gives each text file that Find returns, with its text.
func (e *Editor) EachFile(pattern string, do func(name, text string) error) error {
	paths, err := e.Find(pattern)
	if err != nil {
		return err
	}
	for _, name := range paths {
		text, ok, err := e.Read(name)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := do(name, text); err != nil {
			return err
		}
	}
	return nil
}
