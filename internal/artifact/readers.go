package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
)

// noGroup is the group of a file whose group is not known.
const noGroup = math.MaxUint32

// Readers are those who may read each of some files. Who else could not must not
// be able to read what is made of them. The directories of the files do not
// count, nor do access control lists. The zero value is everybody.
type Readers struct {
	files []access
}

// access is a file's mode and the group that it is for.
type access struct {
	mode  fs.FileMode
	group uint32
}

// Add narrows the readers to those who may read a file, too.
func (r *Readers) Add(file fs.FileInfo) {
	r.files = append(r.files, access{file.Mode().Perm(), groupOf(file)})
}

// Limit takes from the mode of a file of that group what the readers may not do.
// The owner may always read and write.
func (r Readers) Limit(mode fs.FileMode, group uint32) fs.FileMode {
	for _, f := range r.files {
		mode &= f.limit(group)
	}
	return mode | 0o600
}

// limit is what a file of that group may allow. Of two different groups each may
// be among the others of the other file, so that only what both its group and its
// others may do can be allowed to anybody.
func (a access) limit(group uint32) fs.FileMode {
	if a.group == group && group != noGroup {
		return a.mode
	}
	both := a.mode >> 3 & a.mode & 0o7
	return 0o700 | both<<3 | both
}

// ExposedError says that a file may be read by others than it should, because its
// file system does not keep modes.
type ExposedError struct {
	Path       string
	Mode, Want fs.FileMode
}

func (e *ExposedError) Error() string {
	return fmt.Sprintf("the mode of %s is %04o where %04o is wanted, and its file system does not let it be changed", e.Path, e.Mode, e.Want)
}

// Guard takes from the mode of an open file what the readers may not do. Where
// the file system keeps no modes, the error is an *ExposedError.
func (r Readers) Guard(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return r.setMode(file, info.Mode().Perm())
}

// Allow gives an open file the mode, whoever may read the source. Where the file
// system keeps no modes, the error is an *ExposedError, as far as more may read it.
func Allow(file *os.File, mode fs.FileMode) error { return Readers{}.setMode(file, mode) }

// Hide is Guard for the owner alone.
func Hide(file *os.File) error { return Readers{}.setMode(file, 0o600) }

// setMode gives the file the mode without what the readers may not do.
func (r Readers) setMode(file *os.File, mode fs.FileMode) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	now, want := info.Mode().Perm(), r.Limit(mode, groupOf(info))
	if want == now {
		return nil
	}
	changed := file.Chmod(want)
	if info, err = file.Stat(); err != nil {
		return err
	}
	if now = info.Mode().Perm(); now&^want == 0 {
		return nil
	}
	if changed != nil && !errors.Is(changed, fs.ErrPermission) && !isUnsupported(changed) {
		return changed
	}
	return &ExposedError{Path: file.Name(), Mode: now, Want: want}
}
