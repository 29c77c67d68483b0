package guest

import (
	"path"
	"slices"
	"strings"
)

// WantedMount is a file system that the guest's fstab has mounted at boot.
type WantedMount struct {
	Path, Spec, Type string
	// NoFail says that the guest goes on without it.
	NoFail bool
}

// madeTypes are file systems that need neither a disk nor a network.
var madeTypes = []string{"tmpfs", "none"}

// WantedMounts lists what is mounted at boot and lies on a disk, in memory or in
// another file system of the guest. What comes over a network is left out.
func (t Tables) WantedMounts() []WantedMount {
	var wanted []WantedMount
	for _, entry := range t.fstab {
		local := isLocal(entry) || entry.has("bind", "rbind", "loop") || slices.Contains(madeTypes, entry.Type)
		if !local || !path.IsAbs(entry.File) || entry.has("noauto", "_netdev", "x-systemd.automount") || isRemovable(entry.Spec) {
			continue
		}
		wanted = append(wanted, WantedMount{Path: path.Clean(entry.File), Spec: entry.Spec, Type: entry.Type, NoFail: entry.has("nofail", "nobootwait")})
	}
	return wanted
}

// WantedSwaps lists the swap areas that are used after a boot, as fstab names them.
func (t Tables) WantedSwaps() []string {
	var areas []string
	for _, entry := range t.fstab {
		if entry.Type == "swap" && !entry.has("noauto") {
			areas = append(areas, entry.Spec)
		}
	}
	return areas
}

// IsOnDisk says that file systems of a type lie on a disk.
func IsOnDisk(fsType string) bool { return localTypes[fsType] }

// isRemovable tells the drives that need have nothing in them.
func isRemovable(spec string) bool {
	for _, prefix := range []string{"/dev/sr", "/dev/cdrom", "/dev/scd", "/dev/dvd", "/dev/fd"} {
		if strings.HasPrefix(spec, prefix) {
			return true
		}
	}
	return false
}
