package bootable

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// warnContent tells of parameters of an entry that its root file system does not meet:
// the program that is started on it, and its type. What follows depends on what made
// the initramfs: some look for themselves, others stop, and a kernel alone stops.
func (g *Guest) warnContent(e judged, told map[string]bool) {
	warn := func(parameter, problem, better string) {
		if told[parameter] {
			return
		}
		told[parameter] = true
		g.edit.Warn(report.ConcernMenuUncertain, fmt.Sprintf("%s: %s: %s: %s", e.File, e.Name(), parameter, problem), better)
	}
	root, ok := g.rootOf(e)
	if !ok {
		return
	}
	if program := g.missingInit(e, root); program != "" {
		warn("init="+program, "the guest has no such program: where the initramfs does not look for another, and without one, nothing is started",
			"remove init= from the kernel parameters in the guest, and take its disks again")
	}
	if types, ok := e.Parameter("rootfstype"); ok && !mountsAs(types, root.FSType) {
		warn("rootfstype="+types, "the root file system has "+root.FSType+": where the initramfs does not look for itself, and without one, it is not mounted",
			"write rootfstype="+root.FSType+" into the kernel parameters in the guest, or remove it, and take its disks again")
	}
	usr, _ := e.Parameter("mount.usr")
	if types, ok := e.Parameter("mount.usrfstype"); ok {
		if d, found := g.judge.devices.Resolve(usr); found && !mountsAs(types, d.FSType) {
			warn("mount.usrfstype="+types, "that of /usr has "+d.FSType+", and is not mounted",
				"write mount.usrfstype="+d.FSType+" into the kernel parameters in the guest, or remove it, and take its disks again")
		}
	}
}

// rootOf is the device that an entry mounts at /.
func (g *Guest) rootOf(e judged) (guest.Device, bool) {
	for _, key := range []string{"real_root", "root"} {
		if spec, given := e.Parameter(key); given && spec != "" {
			return g.judge.devices.Resolve(spec)
		}
	}
	return guest.Device{}, false
}

// missingInit is the program that init= names and that the root file system, which is
// this guest's, does not have; or nothing. Where a root is put together from others, as
// by OSTree, or the program lies on what may not be mounted here, nobody can tell.
func (g *Guest) missingInit(e judged, root guest.Device) string {
	program, given := e.Parameter("init")
	composed := func(p string) bool {
		key, _, _ := strings.Cut(p, "=")
		return slices.Contains([]string{"ostree", "systemd.volatile", "boot", "overlayroot", "loop", "rd.live.image", "rd.live.overlay", "subroot"}, key)
	}
	if !given || !path.IsAbs(program) || strings.Contains(program, "$") || slices.ContainsFunc(e.Parameters, composed) ||
		!g.judge.devices.HasRoot || root.Name != g.judge.devices.Root.Name || e.otherSystem != "" || strings.HasPrefix(program, "/nix/") || strings.HasPrefix(program, "/gnu/") {
		return ""
	}
	if g.edit.Exists(program) {
		return ""
	}
	return program
}

// mountsAs reports whether a file system may be mounted as one of the types, with commas
// between them: what nobody has looked into may.
func mountsAs(types, content string) bool {
	known := []string{"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "reiserfs"}
	if !slices.Contains(known, content) {
		return true
	}
	for kind := range strings.SplitSeq(types, ",") {
		switch {
		case !slices.Contains(known, kind), kind == content: // auto, and what is not known
			return true
		case kind == "ext4" && strings.HasPrefix(content, "ext"), kind == "ext3" && content == "ext2":
			return true
		}
	}
	return false
}
