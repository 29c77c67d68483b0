package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// directories are where the files of a source may lie: its own directory first, then
// those that the request allows besides. All are absolute and free of symbolic links.
type directories []string

// allowedDirectories are a source's own directory and those that a request names.
func allowedDirectories(own string, named []string) (directories, error) {
	allowed := directories{own}
	for _, directory := range named {
		path, err := filepath.Abs(directory)
		if err == nil {
			path, err = filepath.EvalSymlinks(path)
		}
		if err != nil {
			return nil, fmt.Errorf("source.directories: %w", err)
		}
		allowed = append(allowed, path)
	}
	return allowed, nil
}

// own is the source's own directory.
func (d directories) own() string { return d[0] }

// hold tells by the text of a path alone whether it is in one of the directories or
// below, so that what is elsewhere is not even looked at.
func (d directories) hold(path string) bool {
	return slices.ContainsFunc(d, func(directory string) bool { return lies(filepath.Clean(path), directory) })
}

// lies reports whether path is inside of directory; both are absolute.
func lies(path, directory string) bool {
	return strings.HasPrefix(path, strings.TrimSuffix(directory, "/")+"/")
}

// find is the true path of a file that an image names. The name counts from the image's
// directory; whatever it is, the file has to lie in one of the directories or below, by
// its true path. A missing file satisfies fs.ErrNotExist.
func (d directories) find(of section, name string) (string, error) {
	outside := func(why string) error {
		return refuse(fmt.Sprintf("%s refers to %q, %s", of.name, printable(name), why),
			"put all files of the disk into one directory and let them name each other without a path; or list the directory in "+
				"source.directories, for no file outside of the source's directory is opened else")
	}
	if !of.neighbours {
		return "", refuse(fmt.Sprintf("%s refers to %q, and a disk inside a package has to be one file", of.name, printable(name)),
			"export the package again, or give the disk itself as the source")
	}
	prefix, _, colon := strings.Cut(name, ":")
	if name == "" || strings.ContainsFunc(name, isControl) || colon && !strings.Contains(prefix, "/") {
		return "", outside("which is no file name that could be trusted")
	}
	full := name
	if !filepath.IsAbs(name) {
		// Not filepath.Join: it would cancel ".." against a symbolic link.
		full = filepath.Dir(of.path) + "/" + name
	}
	if !d.hold(full) {
		elsewhere, err := d.elsewhere(name)
		if err != nil {
			return "", err
		}
		full = elsewhere
	}
	if full == "" {
		return "", outside("which lies outside the source's directory")
	}
	path, err := filepath.EvalSymlinks(full)
	if errors.Is(err, fs.ErrNotExist) {
		return "", missing(of.name, filepath.Dir(of.path), printable(name))
	}
	if err != nil {
		return "", err
	}
	if !d.hold(path) {
		return "", outside("which lies outside the source's directory")
	}
	return path, nil
}

// elsewhere finds a file that is named by the path of another host, as a datastore
// has it, in the directories that the request allows: there, or in the folder of
// the same name. It is empty where there is none.
func (d directories) elsewhere(name string) (string, error) {
	if !filepath.IsAbs(name) {
		return "", nil
	}
	clean := filepath.Clean(name)
	base, folder := filepath.Base(clean), filepath.Base(filepath.Dir(clean))
	var found []string
	for _, directory := range d[1:] {
		for _, path := range []string{filepath.Join(directory, base), filepath.Join(directory, folder, base)} {
			if info, err := os.Lstat(path); err == nil && !info.IsDir() && d.hold(path) {
				found = append(found, path)
			}
		}
	}
	if len(found) > 1 {
		return "", refuse(fmt.Sprintf("%q is in several of source.directories: %s", printable(name), strings.Join(found, ", ")),
			"list the one directory alone that has the right file")
	}
	return strings.Join(found, ""), nil
}
