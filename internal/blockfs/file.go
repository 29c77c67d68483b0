package blockfs

import (
	"io"
	"io/fs"
	"time"
)

// file is an open file or directory of a tree.
type file struct {
	*io.SectionReader
	name    string
	info    fileInfo
	tree    treeFS
	entries []fs.DirEntry // those of a directory that were not given out
	listed  bool
}

// Stat implements fs.File.
func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }

// Close implements fs.File.
func (*file) Close() error { return nil }

// ReadDir implements fs.ReadDirFile.
func (f *file) ReadDir(n int) ([]fs.DirEntry, error) {
	if !f.listed {
		entries, err := f.tree.ReadDir(f.name)
		if err != nil {
			return nil, err
		}
		f.entries, f.listed = entries, true
	}
	given := f.entries
	if n > 0 {
		if len(given) == 0 {
			return nil, io.EOF
		}
		given = given[:min(n, len(given))]
	}
	f.entries = f.entries[len(given):]
	return given, nil
}

// fileInfo is Info with a name. Times are not read.
type fileInfo struct {
	name string
	info Info
}

func (i fileInfo) Name() string      { return i.name }
func (i fileInfo) Size() int64       { return i.info.Size }
func (i fileInfo) Mode() fs.FileMode { return i.info.Mode }
func (fileInfo) ModTime() time.Time  { return time.Time{} }
func (i fileInfo) IsDir() bool       { return i.info.Mode.IsDir() }
func (i fileInfo) Sys() any          { return i.info }
