//go:build linux

package appliance

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// home is where libguestfs keeps the appliance of this user.
func (h applianceHost) home() string {
	return filepath.Join(h.cache.path, fmt.Sprintf(".guestfs-%d", h.uid))
}

// current says that an appliance was built which supermin takes as it is: all of
// it is newer than the recipe and the database of installed packages.
func (h applianceHost) current(recipe string) bool {
	var newest time.Time
	for _, path := range append([]string{recipe}, h.databases...) {
		if info, err := os.Lstat(path); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	built := filepath.Join(h.home(), "appliance.d")
	for _, name := range []string{"", "kernel", "initrd", "root"} {
		info, err := os.Lstat(filepath.Join(built, name))
		if err != nil || !info.ModTime().After(newest) {
			return false
		}
	}
	return true
}

// remembers says that libguestfs knows this QEMU, so that it writes nothing of it
// to the cache.
func (h applianceHost) remembers() bool {
	info, err := os.Stat(h.qemu)
	return err == nil && exists(filepath.Join(h.home(), fmt.Sprintf("qemu-%d-%d.stat", info.Size(), info.ModTime().Unix())))
}

// exists says that one of the paths does.
func exists(paths ...string) bool {
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			return true
		}
	}
	return false
}
