package blockfs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"syscall"
)

// maxLinks is how many symbolic links one path may go through, as in Linux, and
// maxDepth how many directories.
const (
	maxLinks = 40
	maxDepth = 256
)

// Tree is file systems that are mounted on each other. Symbolic links stay inside
// it. It serves one goroutine at a time.
type Tree struct {
	mounts map[string]FS
	// made are the directories that the file systems do not have, by the one that
	// they are in.
	made map[string][]string
	// directories are those that were read, by their path without links.
	directories map[string]*directory
}

type directory struct {
	Node
	folds   bool
	names   []string
	entries map[string]Entry // by the name, in lower case where it folds
	nodes   map[string]Node
}

// NewTree mounts root on / .
func NewTree(root FS) *Tree {
	return &Tree{mounts: map[string]FS{"/": root}, made: map[string][]string{}, directories: map[string]*directory{}}
}

// Mount mounts a file system on a directory, which must be there.
func (t *Tree) Mount(name string, mounted FS) error {
	node, resolved, err := t.Walk(name, true)
	switch {
	case err != nil:
		return err
	case !node.Info().Mode.IsDir():
		return &fs.PathError{Op: "mount", Path: name, Err: syscall.ENOTDIR}
	}
	t.mounts[resolved] = mounted
	hidden := func(known string) bool {
		return known == resolved || strings.HasPrefix(known, strings.TrimSuffix(resolved, "/")+"/")
	}
	maps.DeleteFunc(t.directories, func(known string, _ *directory) bool { return hidden(known) })
	maps.DeleteFunc(t.made, func(known string, _ []string) bool { return hidden(known) })
	return nil
}

// MakeDirectory adds an empty directory to the tree, and those that it lies in,
// for something to be mounted on. The file systems stay as they are. What is there
// already is no error.
func (t *Tree) MakeDirectory(name string) error {
	_, _, err := t.Walk(name, true)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, _, atLink := t.Walk(name, false); atLink == nil {
		return err // a link that leads nowhere
	}
	if err := t.MakeDirectory(path.Dir(name)); err != nil {
		return err
	}
	_, parent, err := t.Walk(path.Dir(name), true)
	if err != nil {
		return err
	}
	t.made[parent] = append(t.made[parent], path.Base(name))
	delete(t.directories, parent)
	return nil
}

// emptyDirectory is a directory that no file system has.
type emptyDirectory struct{}

// Info implements Node.
func (emptyDirectory) Info() Info { return Info{Mode: fs.ModeDir | 0o755} }

// ReadDir implements Node.
func (emptyDirectory) ReadDir() ([]Entry, error) { return nil, nil }

// Open implements Node.
func (emptyDirectory) Open(Entry) (Node, error) { return nil, fs.ErrNotExist }

// Readlink implements Node.
func (emptyDirectory) Readlink() (string, error) { return "", syscall.EINVAL }

// ReadAt implements Node.
func (emptyDirectory) ReadAt([]byte, int64) (int, error) { return 0, syscall.EISDIR }

// Walk finds what an absolute path names, and its path without links. With
// follow, a link at its end is followed, too.
func (t *Tree) Walk(name string, follow bool) (found Node, resolved string, err error) {
	found, resolved, err = t.walk(name, follow)
	if err != nil {
		return nil, "", &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return found, resolved, nil
}

func (t *Tree) walk(name string, follow bool) (found Node, resolved string, err error) {
	pending := strings.Split(name, "/")
	at := []string{}
	links := 0
	for len(pending) > 0 {
		part := pending[0]
		pending = pending[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			at = at[:max(len(at)-1, 0)]
			continue
		}
		parent, err := t.directory("/" + strings.Join(at, "/"))
		if err != nil {
			return nil, "", err
		}
		node, written, err := parent.child(part)
		if err != nil {
			return nil, "", err
		}
		last := !slices.ContainsFunc(pending, func(p string) bool { return p != "" && p != "." })
		switch {
		case node.Info().Mode.Type() == fs.ModeSymlink && (follow || !last):
			if links++; links > maxLinks {
				return nil, "", syscall.ELOOP
			}
			target, err := node.Readlink()
			if err != nil {
				return nil, "", err
			}
			if strings.HasPrefix(target, "/") {
				at = at[:0]
			}
			pending = append(strings.Split(target, "/"), pending...)
			continue
		case last:
			resolved = "/" + path.Join(append(slices.Clone(at), written)...)
			if mounted, ok := t.mounts[resolved]; ok {
				node, err = mounted.Root()
			}
			return node, resolved, err
		case !node.Info().Mode.IsDir():
			return nil, "", syscall.ENOTDIR
		}
		if at = append(slices.Clone(at), written); len(at) > maxDepth {
			return nil, "", syscall.ENAMETOOLONG
		}
	}
	resolved = "/" + strings.Join(at, "/")
	directory, err := t.directory(resolved)
	if err != nil {
		return nil, "", err
	}
	return directory.Node, resolved, nil
}

// directory reads a directory by its path without links.
func (t *Tree) directory(resolved string) (*directory, error) {
	if known, ok := t.directories[resolved]; ok {
		return known, nil
	}
	var node Node
	var err error
	folds := false
	if mounted, ok := t.mounts[resolved]; ok {
		node, err = mounted.Root()
		folds = mounted.FoldsCase()
	} else {
		var parent *directory
		if parent, err = t.directory(path.Dir(resolved)); err == nil {
			node, _, err = parent.child(path.Base(resolved))
			folds = parent.folds
		}
	}
	if err != nil {
		return nil, err
	}
	if !node.Info().Mode.IsDir() {
		return nil, syscall.ENOTDIR
	}
	entries, err := node.ReadDir()
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", resolved, err)
	}
	read := &directory{Node: node, folds: folds, entries: map[string]Entry{}, nodes: map[string]Node{}}
	for _, entry := range entries {
		if entry.Name == "" || strings.ContainsAny(entry.Name, "/\x00") {
			continue // nothing finds it
		}
		key := read.key(entry.Name)
		if _, twice := read.entries[key]; !twice {
			read.entries[key] = entry
			read.names = append(read.names, entry.Name)
		}
	}
	for _, name := range t.made[resolved] {
		read.entries[read.key(name)], read.nodes[read.key(name)] = Entry{Name: name}, emptyDirectory{}
		read.names = append(read.names, name)
	}
	slices.Sort(read.names)
	t.directories[resolved] = read
	return read, nil
}

func (d *directory) key(name string) string {
	if d.folds {
		return strings.ToLower(name)
	}
	return name
}

// child reads what the directory has under a name, and how it is written there.
func (d *directory) child(name string) (node Node, written string, err error) {
	key := d.key(name)
	entry, ok := d.entries[key]
	if !ok {
		return nil, "", syscall.ENOENT
	}
	if node, ok = d.nodes[key]; !ok {
		if node, err = d.Open(entry); err != nil {
			return nil, "", err
		}
		d.nodes[key] = node
	}
	return node, entry.Name, nil
}

// List returns the names in a directory, sorted.
func (t *Tree) List(name string) ([]string, error) {
	_, resolved, err := t.Walk(name, true)
	if err != nil {
		return nil, err
	}
	read, err := t.directory(resolved)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return slices.Clone(read.names), nil
}

// FS is the tree for what takes one of io/fs, with the paths of that. It has
// Lstat and ReadLink.
func (t *Tree) FS() fs.FS { return treeFS{t} }

type treeFS struct{ tree *Tree }

var _ interface {
	fs.ReadDirFS
	fs.ReadLinkFS
} = treeFS{}

func (f treeFS) walk(op, name string, follow bool) (Node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	node, _, err := f.tree.Walk("/"+name, follow)
	if err != nil {
		var cause *fs.PathError
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return node, nil
}

// Open implements fs.FS.
func (f treeFS) Open(name string) (fs.File, error) {
	node, err := f.walk("open", name, true)
	if err != nil {
		return nil, err
	}
	opened := &file{info: fileInfo{path.Base(name), node.Info()}, name: name, tree: f}
	opened.SectionReader = io.NewSectionReader(node, 0, node.Info().Size)
	return opened, nil
}

// Lstat implements fs.ReadLinkFS.
func (f treeFS) Lstat(name string) (fs.FileInfo, error) {
	node, err := f.walk("lstat", name, false)
	if err != nil {
		return nil, err
	}
	return fileInfo{path.Base(name), node.Info()}, nil
}

// ReadLink implements fs.ReadLinkFS.
func (f treeFS) ReadLink(name string) (string, error) {
	node, err := f.walk("readlink", name, false)
	if err != nil {
		return "", err
	}
	target, err := node.Readlink()
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: cmp.Or(err, fs.ErrInvalid)}
	}
	return target, nil
}

// ReadDir implements fs.ReadDirFS.
func (f treeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if _, err := f.walk("readdir", name, true); err != nil {
		return nil, err
	}
	names, err := f.tree.List("/" + name)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	entries := make([]fs.DirEntry, 0, len(names))
	for _, child := range names {
		info, err := f.Lstat(path.Join(name, child))
		if err != nil {
			return entries, err
		}
		entries = append(entries, fs.FileInfoToDirEntry(info))
	}
	return entries, nil
}
