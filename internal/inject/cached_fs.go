package inject

import (
	"io/fs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// cachedFS remembers what was read. Planning asks the same questions over and
// over, each answer costs a round trip to the appliance, and nothing changes
// before the plan is applied.
type cachedFS struct {
	guest.FS
	files   map[string]answer[[]byte]
	stats   map[string]answer[guest.FileInfo]
	lstats  map[string]answer[guest.FileInfo]
	targets map[string]answer[string]
	names   map[string]answer[[]string]
}

type answer[T any] struct {
	value T
	err   error
}

func newCachedFS(real guest.FS) *cachedFS {
	return &cachedFS{
		FS:      real,
		files:   map[string]answer[[]byte]{},
		stats:   map[string]answer[guest.FileInfo]{},
		lstats:  map[string]answer[guest.FileInfo]{},
		targets: map[string]answer[string]{},
		names:   map[string]answer[[]string]{},
	}
}

func ask[T any](cache map[string]answer[T], name string, read func(string) (T, error)) (T, error) {
	if a, ok := cache[name]; ok {
		return a.value, a.err
	}
	value, err := read(name)
	cache[name] = answer[T]{value, err}
	return value, err
}

// ReadFile implements guest.FS.
func (c *cachedFS) ReadFile(name string) ([]byte, error) { return ask(c.files, name, c.FS.ReadFile) }

// Stat implements guest.FS.
func (c *cachedFS) Stat(name string) (guest.FileInfo, error) { return ask(c.stats, name, c.FS.Stat) }

// Lstat implements guest.FS. One answer serves Stat too where it is no link.
func (c *cachedFS) Lstat(name string) (guest.FileInfo, error) {
	info, err := ask(c.lstats, name, c.FS.Lstat)
	if err == nil && info.Mode&fs.ModeSymlink == 0 {
		c.stats[name] = answer[guest.FileInfo]{info, nil}
	}
	return info, err
}

// Readlink implements guest.FS.
func (c *cachedFS) Readlink(name string) (string, error) {
	return ask(c.targets, name, c.FS.Readlink)
}

// ReadDir implements guest.FS.
func (c *cachedFS) ReadDir(name string) ([]string, error) { return ask(c.names, name, c.FS.ReadDir) }
