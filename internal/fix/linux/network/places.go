package network

import (
	"path"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

// Place is a directory of the guest, whose last part may be a pattern, and the
// pattern of base names in it.
type Place struct{ Directory, Pattern string }

// Files lists the files at a place.
func (p Place) Files(e *edit.Editor) ([]string, error) {
	directories := []string{p.Directory}
	if parent, base := path.Split(p.Directory); strings.Contains(base, "*") {
		var err error
		if directories, err = e.List(path.Clean(parent), base); err != nil {
			return nil, err
		}
	}
	var files []string
	for _, directory := range directories {
		found, err := e.List(directory, p.Pattern)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return files, nil
}

// eachFile gives each file at the places with its text, in their order.
func eachFile(e *edit.Editor, places []Place, do func(name, text string)) error {
	for _, at := range places {
		paths, err := at.Files(e)
		if err != nil {
			return err
		}
		for _, name := range paths {
			text, ok, err := e.Read(name)
			if err != nil {
				return err
			}
			if ok {
				do(name, text)
			}
		}
	}
	return nil
}
