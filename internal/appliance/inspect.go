//go:build cgo && linux

package appliance

import (
	"fmt"
	"slices"
	"strings"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// Inspect looks for operating systems on the disks by libguestfs' inspection. None
// is no error. What was mounted is not mounted any more afterwards.
func (s *Session) Inspect() ([]guest.OS, error) {
	var systems []guest.OS
	err := s.call("inspect the disks", "", func(g *guestfs.Guestfs) error {
		if err := s.unmount(g); err != nil {
			return err
		}
		roots, err := g.Inspect_os()
		if err != nil {
			return err
		}
		for _, root := range roots {
			systems = append(systems, readOS(g, root))
		}
		if len(roots) < 2 && !slices.ContainsFunc(roots, isSubvolume) {
			return nil
		}
		devices, err := s.listDevices(g)
		if err != nil {
			return err
		}
		for i, root := range roots {
			systems[i].Root = devices.RootByOrder(root, uuidByKernelName(g))
		}
		numberSubvolumes(g, devices, systems)
		return nil
	})
	return systems, err
}

// subvolumePrefix is what libguestfs begins the name of a root on btrfs with.
const subvolumePrefix = "btrfsvol:"

func isSubvolume(root string) bool { return strings.HasPrefix(root, subvolumePrefix) }

// uuidByKernelName tells the UUID of the file system on a device by the appliance's own
// name for it; empty where it cannot be told.
func uuidByKernelName(g *guestfs.Guestfs) func(device string) string {
	return func(device string) string {
		uuid, err := g.Debug("sh", []string{"blkid -o value -s UUID " + device})
		if err != nil {
			return ""
		}
		return strings.TrimSpace(uuid)
	}
}

// readOS collects what the inspection found. Every single thing may be unknown.
func readOS(g *guestfs.Guestfs, root string) guest.OS {
	text := func(get func(string) (string, error)) string {
		value, err := get(root)
		if err != nil || value == "unknown" {
			return ""
		}
		return value
	}
	found := guest.OS{
		Root:              root,
		Type:              text(g.Inspect_get_type),
		Distro:            text(g.Inspect_get_distro),
		Product:           text(g.Inspect_get_product_name),
		Arch:              text(g.Inspect_get_arch),
		Hostname:          text(g.Inspect_get_hostname),
		PackageFormat:     text(g.Inspect_get_package_format),
		PackageManagement: text(g.Inspect_get_package_management),
		Osinfo:            text(g.Inspect_get_osinfo),
	}
	if major, err := g.Inspect_get_major_version(root); err == nil {
		found.Major = major
	}
	if minor, err := g.Inspect_get_minor_version(root); err == nil {
		found.Minor = minor
	}
	if found.Major != 0 || found.Minor != 0 {
		found.Version = fmt.Sprintf("%d.%d", found.Major, found.Minor)
	}
	switch found.Type {
	case "linux":
		readSystemFiles(g, &found)
	case "windows":
		readRegistry(g, &found)
	}
	return found
}

// readSystemFiles adds what the system's own files tell.
func readSystemFiles(g *guestfs.Guestfs, found *guest.OS) {
	if err := g.Mount_ro(found.Root, "/"); err != nil {
		return
	}
	defer func() { _ = g.Umount_all() }()
	// A separate /usr leaves /etc/os-release dangling: then it is not there.
	osRelease, _ := readFile(g, "/etc/os-release")
	debianVersion, _ := readFile(g, "/etc/debian_version")
	found.ReadRelease(string(osRelease), string(debianVersion))
	fstab, _ := readFile(g, "/etc/fstab")
	crypttab, _ := readFile(g, "/etc/crypttab")
	found.Tables = guest.ParseTables(string(fstab), string(crypttab))
}
