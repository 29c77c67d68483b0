package guest

import (
	"path"
	"strings"
)

// BootMount is what a line of the guest's fstab mounts while it boots, or when
// somebody first looks there.
type BootMount struct {
	Path  string
	Bound string // the directory that a bind mount shows at Path, or ""
	Line  string // without superfluous blanks
}

// BootMounts are the guest's mounts, but for its root, in fstab's order.
func (t Tables) BootMounts() []BootMount {
	var mounts []BootMount
	for _, entry := range t.fstab {
		file := path.Clean(entry.File)
		later := entry.has("noauto") && !entry.has("x-systemd.automount", "comment=systemd.automount")
		if !path.IsAbs(file) || file == "/" || entry.Type == "swap" || later {
			continue
		}
		mount := BootMount{Path: file, Line: strings.Join([]string{entry.Spec, entry.File, entry.Type, strings.Join(entry.Options, ",")}, " ")}
		if entry.has("bind", "rbind") {
			mount.Bound = path.Clean(entry.Spec)
		}
		mounts = append(mounts, mount)
	}
	return mounts
}
