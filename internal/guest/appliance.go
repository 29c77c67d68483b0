package guest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// applianceFiles are the directories from which the appliance is made.
type applianceFiles struct {
	path          []string // where libguestfs looks for its part
	boot, modules string   // where hosts have their kernels
	cache         string   // where an appliance that was made is kept
}

// check says why there can be no appliance: it is made once, of this host's
// files, which needs a kernel that this user can read.
func (a applianceFiles) check() error {
	recipe := false
	for _, directory := range a.path {
		if exists(filepath.Join(directory, "README.fixed")) {
			return nil // one that was made elsewhere and brings its kernel
		}
		recipe = recipe || exists(filepath.Join(directory, "supermin.d"))
	}
	if !recipe {
		return &lack{
			what:   "libguestfs has no appliance in " + strings.Join(a.path, ":"),
			remedy: "install libguestfs completely (Debian, Ubuntu: libguestfs0; Fedora, RHEL: libguestfs-appliance), or let LIBGUESTFS_PATH name a fixed appliance",
		}
	}
	if os.Getenv("SUPERMIN_KERNEL") != "" || exists(filepath.Join(a.cache, "appliance.d", "kernel")) {
		return nil
	}
	kernels := a.kernels()
	if slices.ContainsFunc(kernels, readable) {
		return nil
	}
	if len(kernels) > 0 {
		return &lack{
			what:   "the appliance needs a kernel, and this user may not read " + kernels[len(kernels)-1],
			remedy: "make it readable, as root: chmod 0644 " + filepath.Join(a.boot, "vmlinuz-*") + "; or run as root",
		}
	}
	return &lack{
		what:   "the appliance needs a kernel, and there is none in " + a.boot,
		remedy: "install one, whether or not this host runs it (Debian: linux-image-cloud-amd64; Ubuntu: linux-image-virtual; Fedora, RHEL: kernel-core)",
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
