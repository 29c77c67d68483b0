package inject

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// countingFS tells how often the guest was asked what, and how long it took.
type countingFS struct {
	guest.FS
	calls map[string]int
	spent map[string]time.Duration
}

func newCountingFS(real guest.FS) *countingFS {
	return &countingFS{FS: real, calls: map[string]int{}, spent: map[string]time.Duration{}}
}

func (c *countingFS) String() string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(c.calls)) {
		lines = append(lines, fmt.Sprintf("%s %d in %s", name, c.calls[name], c.spent[name].Round(time.Millisecond)))
	}
	return strings.Join(lines, ", ")
}

func (c *countingFS) count(name string) func() {
	start := time.Now()
	return func() {
		c.calls[name]++
		c.spent[name] += time.Since(start)
	}
}

func (c *countingFS) ReadFile(name string) ([]byte, error) {
	defer c.count("ReadFile")()
	return c.FS.ReadFile(name)
}

func (c *countingFS) WriteFile(name string, data []byte, perm fs.FileMode) error {
	defer c.count("WriteFile")()
	return c.FS.WriteFile(name, data, perm)
}

func (c *countingFS) Stat(name string) (guest.FileInfo, error) {
	defer c.count("Stat")()
	return c.FS.Stat(name)
}

func (c *countingFS) Lstat(name string) (guest.FileInfo, error) {
	defer c.count("Lstat")()
	return c.FS.Lstat(name)
}

func (c *countingFS) Readlink(name string) (string, error) {
	defer c.count("Readlink")()
	return c.FS.Readlink(name)
}

func (c *countingFS) ReadDir(name string) ([]string, error) {
	defer c.count("ReadDir")()
	return c.FS.ReadDir(name)
}

func (c *countingFS) MkdirAll(name string, perm fs.FileMode) error {
	defer c.count("MkdirAll")()
	return c.FS.MkdirAll(name, perm)
}

func (c *countingFS) Symlink(target, link string) error {
	defer c.count("Symlink")()
	return c.FS.Symlink(target, link)
}

func (c *countingFS) Chmod(name string, perm fs.FileMode) error {
	defer c.count("Chmod")()
	return c.FS.Chmod(name, perm)
}

func (c *countingFS) Chown(name string, uid, gid int) error {
	defer c.count("Chown")()
	return c.FS.Chown(name, uid, gid)
}
