package guest

import (
	"path"
	"strings"
)

// BootMount is what a guest mounts while it boots, or when somebody first looks there.
type BootMount struct {
	Path string
	Spec string // what is mounted, as a device or a share; "" where nothing tells
	// Bound is the directory that a bind mount shows at Path, or "".
	Bound string
	// File of the guest says so, in Line, which has no superfluous blanks.
	File, Line string
}

// BootMounts are the mounts of the guest's fstab, but for its root, in their order.
func (t Tables) BootMounts() []BootMount {
	var mounts []BootMount
	for _, entry := range t.fstab {
		file := path.Clean(entry.File)
		later := entry.has("noauto") && !entry.has("x-systemd.automount", "comment=systemd.automount")
		if !path.IsAbs(file) || file == "/" || entry.Type == "swap" || later {
			continue
		}
		mount := BootMount{
			Path: file, Spec: entry.Spec, File: "/etc/fstab",
			Line: strings.Join([]string{entry.Spec, entry.File, entry.Type, strings.Join(entry.Options, ",")}, " "),
		}
		if entry.has("bind", "rbind") {
			mount.Bound = path.Clean(entry.Spec)
		}
		mounts = append(mounts, mount)
	}
	return mounts
}
