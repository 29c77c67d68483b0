package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxName is the longest base name that leaves room for the record's name
// within the 255 bytes that Linux file systems allow.
const maxName = 255 - len(".") - len(sidecarSuffix)

// Preflight makes sure, before any work, that files can be published at paths
// and that directory, which may hold none of them, can be written. Missing
// directories are made; made lists them, outermost first, for RemoveEmpty and
// Run.Directories. With overwrite, an existing regular file that nobody has
// locked is no error. On an error nothing is left that it made.
func Preflight(directory string, paths []string, overwrite bool) (made []string, err error) {
	defer func() {
		if err != nil {
			RemoveEmpty(made)
			made = nil
		}
	}()
	finals, err := absolute(paths)
	if err != nil {
		return nil, err
	}
	directory, err = filepath.Abs(directory)
	if err != nil {
		return nil, fmt.Errorf("finding the directory %s: %w", directory, err)
	}
	if err := checkDistinct(finals); err != nil {
		return nil, err
	}
	for _, final := range finals {
		if err := Vacant(final, overwrite); err != nil {
			return nil, err
		}
	}
	directories := []string{directory}
	for _, final := range finals {
		directories = append(directories, filepath.Dir(final))
	}
	for _, d := range directories {
		more, err := makeDirectory(d)
		made = append(made, more...)
		if err != nil {
			return made, err
		}
		if err := checkWritable(d); err != nil {
			return made, err
		}
	}
	return made, checkDistinctFiles(finals)
}

// RemoveEmpty removes those of the directories that Preflight made which are
// still empty, innermost first.
func RemoveEmpty(made []string) {
	for i := len(made) - 1; i >= 0; i-- {
		// rmdir refuses a directory that holds anything, which is the point.
		_ = removeDirectory(made[i])
	}
}

func absolute(paths []string) ([]string, error) {
	finals := make([]string, len(paths))
	for i, path := range paths {
		if path == "" {
			return nil, errors.New("an output path is empty; name a file")
		}
		if strings.HasSuffix(path, string(filepath.Separator)) {
			return nil, fmt.Errorf("output path %s names a directory; add a file name", path)
		}
		final, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("finding output path %s: %w", path, err)
		}
		if len(filepath.Base(final)) > maxName {
			return nil, fmt.Errorf("output path %s: the file name is longer than %d bytes; choose a shorter one", path, maxName)
		}
		finals[i] = final
	}
	return finals, nil
}

// checkDistinct refuses paths that are equal or of which one would have to be
// a directory for the other.
func checkDistinct(finals []string) error {
	seen := map[string]bool{}
	for _, final := range finals {
		if seen[final] {
			return fmt.Errorf("two outputs have the same path %s; give each its own", final)
		}
		seen[final] = true
	}
	for _, final := range finals {
		for parent := filepath.Dir(final); parent != filepath.Dir(parent); parent = filepath.Dir(parent) {
			if seen[parent] {
				return fmt.Errorf("output path %s lies inside output path %s, which is a file", final, parent)
			}
		}
	}
	return nil
}

// checkDistinctFiles finds equal paths that are spelled differently because a
// directory is a symbolic link.
func checkDistinctFiles(finals []string) error {
	seen := map[string]string{}
	for _, final := range finals {
		directory, err := filepath.EvalSymlinks(filepath.Dir(final))
		if err != nil {
			return fmt.Errorf("following the directory of output path %s: %w", final, err)
		}
		resolved := filepath.Join(directory, filepath.Base(final))
		if other, ok := seen[resolved]; ok {
			return fmt.Errorf("output paths %s and %s are the same file; give each its own", other, final)
		}
		seen[resolved] = final
	}
	return nil
}

// Vacant refuses a path that holds something which may not be replaced.
func Vacant(final string, overwrite bool) error {
	info, err := os.Lstat(final)
	switch {
	case errors.Is(err, fs.ErrNotExist), isNotDirectory(err): // the latter is told by makeDirectory
		return nil
	case err != nil:
		if known := Unwritable(filepath.Dir(final), err); known != nil {
			return known
		}
		return fmt.Errorf("looking at output path %s: %w", final, err)
	case info.IsDir():
		return fmt.Errorf("output path %s is a directory; name a file", final)
	case !info.Mode().IsRegular():
		return fmt.Errorf("output path %s exists and is no regular file (%s); choose another path", final, info.Mode().Type())
	case !overwrite:
		return occupied(final)
	}
	return checkNotInUse(final)
}

// OccupiedError says that a file stands where another one must not replace it. It
// satisfies errors.Is(err, fs.ErrExist).
type OccupiedError struct {
	Path string
	// Record is that of the run which made the file, which may be wanted; nil where
	// no run did.
	Record *Record
}

func occupied(final string) error {
	record, err := ReadRecord(final)
	if err != nil {
		record = nil
	}
	return &OccupiedError{Path: final, Record: record}
}

// Error implements error.
func (e *OccupiedError) Error() string {
	if e.Record == nil {
		return fmt.Sprintf("output file %s exists and this program did not make it", e.Path)
	}
	return fmt.Sprintf("output file %s exists; run %s made it on %s", e.Path, e.Record.RunID, e.Record.Created.UTC().Format("2006-01-02 15:04 MST"))
}

// Remedy is what to do about it.
func (e *OccupiedError) Remedy() string {
	if e.Record == nil {
		return "choose another output.filename or output.directory, move the file away, or set overwrite"
	}
	return "if it is what this migration was to make, it is done: import it with Terraform; else choose another output.filename or " +
		"output.directory, remove it, or set overwrite"
}

// Is makes it one of the errors that say that a file exists.
func (*OccupiedError) Is(target error) bool { return target == fs.ErrExist }

// makeDirectory makes directory and its missing parents and lists what it
// made, outermost first.
func makeDirectory(directory string) (made []string, err error) {
	info, err := os.Stat(directory)
	switch {
	case err == nil && info.IsDir():
		return nil, nil
	case err == nil, isNotDirectory(err):
		return nil, fmt.Errorf("output directory %s cannot be made: %s is not a directory", directory, fileInTheWay(directory))
	case !errors.Is(err, fs.ErrNotExist):
		if known := Unwritable(directory, err); known != nil {
			return nil, known
		}
		return nil, fmt.Errorf("looking at output directory %s: %w", directory, err)
	}
	if parent := filepath.Dir(directory); parent != directory {
		if made, err = makeDirectory(parent); err != nil {
			return made, err
		}
	}
	if err := os.Mkdir(directory, 0o755); err != nil {
		if errors.Is(err, fs.ErrExist) { // another run was faster
			return made, nil
		}
		if known := Unwritable(filepath.Dir(directory), err); known != nil {
			return made, fmt.Errorf("output directory %s cannot be made: %w", directory, known)
		}
		return made, fmt.Errorf("output directory %s cannot be made: %w", directory, err)
	}
	return append(made, directory), nil
}

// fileInTheWay is the outermost part of path that is not a directory.
func fileInTheWay(path string) string {
	for parent := filepath.Dir(path); parent != filepath.Dir(parent); parent = filepath.Dir(parent) {
		if info, err := os.Stat(parent); err == nil {
			if !info.IsDir() {
				return parent
			}
			break
		}
	}
	return path
}

// checkWritable makes and removes a directory, which is what a run will do.
// Mode bits alone say nothing about read-only mounts and mapped users.
func checkWritable(directory string) error {
	probe, err := os.MkdirTemp(directory, prefix+"probe-*")
	if err != nil {
		if known := Unwritable(directory, err); known != nil {
			return known
		}
		return fmt.Errorf("output directory %s cannot be written: %w", directory, err)
	}
	// A sweep at the same time may have removed it already.
	if err := removeDirectory(probe); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("output directory %s: removing a test directory: %w", directory, err)
	}
	return nil
}
