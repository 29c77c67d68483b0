//go:build linux

package appliance

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// applianceHost is where libguestfs looks for what it makes the appliance of, and
// where it puts it.
type applianceHost struct {
	path          []string // of libguestfs' own part, in this order; empty if not known
	boot, modules string   // where hosts have their kernels
	supermin      []string // which builds the appliance: one of these
	databases     []string // of installed packages: with a newer one it is built again
	cache, build  directory
	sockets       directory
	qemu          string // "" where there is none
	uid           int
	measure       func(path string) (fileSystem, error)
}

// applianceKind is how libguestfs comes by its appliance.
type applianceKind int

const (
	noAppliance     applianceKind = iota
	fixedAppliance                // made elsewhere, with its kernel
	recipeAppliance               // built once of this host's files
)

// check says all that keeps the appliance from being built and started.
func (h applianceHost) check() (lacks []error) {
	kind, recipe := h.search()
	if kind == noAppliance && len(h.path) > 0 {
		lacks = append(lacks, missing("libguestfs has no appliance in "+strings.Join(h.path, ":"),
			"install libguestfs completely (Debian, Ubuntu: libguestfs0; Fedora, RHEL: libguestfs-appliance), or let LIBGUESTFS_PATH name a fixed appliance"))
	}
	if kind == recipeAppliance && !slices.ContainsFunc(h.supermin, executable) {
		lacks = append(lacks, missing("supermin, which builds the appliance, is not installed",
			"install it (Debian, Ubuntu, Fedora, RHEL: supermin)"))
	}
	needs := needs{build: blockSize, works: kind != fixedAppliance}
	if !h.remembers() {
		needs.cache = memoSize
	}
	// One that is installed yet will be built, too.
	if kind == noAppliance || kind == recipeAppliance && !h.current(recipe) {
		chosen, err := h.kernel()
		if err != nil {
			lacks = append(lacks, err)
		}
		needs = needsOf(chosen)
	}
	return append(lacks, h.checkDirectories(needs)...)
}

// search returns the first appliance on the path, as libguestfs does.
func (h applianceHost) search() (kind applianceKind, recipe string) {
	for _, at := range h.path {
		if at == "" {
			at = "."
		}
		in := func(names ...string) bool {
			for _, name := range names {
				if !exists(filepath.Join(at, name)) {
					return false
				}
			}
			return true
		}
		switch {
		case in("supermin.d/base.tar.gz", "supermin.d/packages"):
			return recipeAppliance, filepath.Join(at, "supermin.d")
		case in("README.fixed", "kernel", "initrd", "root"), in("vmlinuz."+machine(), "initramfs."+machine()+".img"):
			return fixedAppliance, at
		}
	}
	return noAppliance, ""
}

func executable(path string) bool { return unix.Access(path, unix.X_OK) == nil }

// machine is libguestfs' name of this machine's processor.
func machine() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	default:
		return runtime.GOARCH
	}
}
