package edit

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"unicode/utf16"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// HiveWriter writes the hives of a Windows guest.
type HiveWriter interface {
	// WriteHive makes changes to the hive of a guest path, where it lies.
	WriteHive(path string, changes []registry.Change) error
}

// Hive is a hive of a guest.
type Hive struct {
	// Path is its guest path.
	Path string
	// Name is what Windows calls it, and Loaded the key that it has there:
	// HKEY_LOCAL_MACHINE\SYSTEM.
	Name, Loaded string
}

var errNoHives = errors.New("the registry of this guest cannot be written here")

// EditHive changes a hive as plan says, after a backup of the values that it had, and
// records the changes as a diff. A hive that is dirty or damaged is not touched, which is
// registry.ErrDirty or registry.ErrDamaged. What was written is read again: where
// it has anything that was not meant, or lacks what was, that is an error, and the
// guest must be thrown away.
func (e *Editor) EditHive(h Hive, description string, plan func(*registry.Edited) error) error {
	return e.ReadHive(h.Path, func(hive *registry.Hive) error {
		if err := hive.Sound(); err != nil {
			return err
		}
		edited := registry.Edit(hive)
		if err := plan(edited); err != nil {
			return err
		}
		changes := edited.Changes()
		if len(changes) == 0 {
			return nil
		}
		if e.hives == nil {
			return errNoHives
		}
		if err := e.keepValues(h, hive, changes); err != nil {
			return err
		}
		if err := e.fs.change(h.Path, true, func() error { return e.hives.WriteHive(h.Path, changes) }); err != nil {
			return e.explainFull(h.Path, err)
		}
		e.Record(report.Change{Path: h.Path, Action: report.ActionModified, Description: description, Diff: registry.Diff(h.Loaded, changes)})
		return e.verifyHive(h, edited)
	})
}

// verifyHive reads a hive that was written.
func (e *Editor) verifyHive(h Hive, wanted *registry.Edited) error {
	return e.ReadHive(h.Path, func(hive *registry.Hive) error {
		if err := hive.Sound(); err != nil {
			return fmt.Errorf("after it was written: %w", err)
		}
		differences, err := registry.Compare(wanted, hive)
		if err != nil {
			return fmt.Errorf("after it was written: %w", err)
		}
		if len(differences) > 0 {
			return fmt.Errorf("after it was written, it is not what it was to be:\n%s", registry.Diff(h.Loaded, differences))
		}
		return nil
	})
}

// keepValues writes what takes the changes of a hive back. A copy of the hive is not
// made: a hive holds keys.
func (e *Editor) keepValues(h Hive, before registry.Reader, changes []registry.Change) error {
	if e.backups.off {
		return nil
	}
	text, err := registry.Undo(before, h.Loaded, changes)
	if err != nil {
		return err
	}
	// That of another run stays.
	name := path.Join(e.backups.at, h.Name+".reg")
	for n := 2; ; n++ {
		_, err := e.fs.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return fmt.Errorf("cannot back up %s in the guest: %w", h.Path, err)
		}
		name = path.Join(e.backups.at, h.Name+"-"+strconv.Itoa(n)+".reg")
	}
	// regedit takes UTF-16 with a mark.
	data := []byte{0xFF, 0xFE}
	for _, unit := range utf16.Encode([]rune(text)) {
		data = append(data, byte(unit), byte(unit>>8))
	}
	if err := e.makeParents(name); err != nil {
		return err
	}
	if err := e.fs.WriteFile(name, data, 0o600); err != nil {
		return fmt.Errorf("cannot back up %s in the guest: %w", h.Path, e.explainFull(name, err))
	}
	e.backups.kept = true
	return nil
}
