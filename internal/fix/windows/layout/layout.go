// Package layout finds the files of a Windows guest. Names in it have no case, and
// whoever looks for one has to find out how it is written.
package layout

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// Directories lists directories of a guest.
type Directories interface {
	// ReadDir lists the base names in a directory.
	ReadDir(path string) ([]string, error)
}

// Layout is where a Windows has what belongs to it, as it is written there.
type Layout struct {
	// Root is %SystemRoot%: /Windows.
	Root string
	// System and Software are its hives.
	System, Software string
	// ProgramData is where programs keep what all users share.
	ProgramData string
}

// Find finds them. What is not there is an error that is fs.ErrNotExist, but for
// ProgramData, which Windows makes.
func Find(files Directories) (Layout, error) {
	for _, root := range guest.WindowsRoots {
		config, err := Locate(files, root+"/system32/config")
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Layout{}, err
		}
		found := Layout{Root: path.Dir(path.Dir(config))}
		if found.System, err = Locate(files, config+"/SYSTEM"); err != nil {
			return Layout{}, err
		}
		if found.Software, err = Locate(files, config+"/SOFTWARE"); err != nil {
			return Layout{}, err
		}
		found.ProgramData, err = Locate(files, "/ProgramData")
		if errors.Is(err, fs.ErrNotExist) {
			found.ProgramData, err = "/ProgramData", nil
		}
		return found, err
	}
	return Layout{}, fmt.Errorf("the guest has no %s: %w", "Windows/System32/config", fs.ErrNotExist)
}

// Locate is a guest path as it is written in the guest. Of one that is not there the
// error is fs.ErrNotExist.
func Locate(files Directories, name string) (string, error) {
	at := "/"
	for part := range strings.SplitSeq(strings.Trim(path.Clean(name), "/"), "/") {
		names, err := files.ReadDir(at)
		if err != nil {
			return "", fmt.Errorf("cannot list %s in the guest: %w", at, err)
		}
		// The very name goes before one that differs in case.
		n := slices.Index(names, part)
		if n < 0 {
			n = slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, part) })
		}
		if n < 0 {
			return "", fmt.Errorf("there is no %s in the guest: %w", name, fs.ErrNotExist)
		}
		at = path.Join(at, names[n])
	}
	return at, nil
}
