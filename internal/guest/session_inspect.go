//go:build cgo && linux

package guest

import (
	"fmt"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// Inspect looks for operating systems on the disks. None is no error. What was
// mounted is not mounted any more afterwards.
func (s *Session) Inspect() ([]OS, error) {
	var systems []OS
	err := s.call("inspect the disks", "", func(g *guestfs.Guestfs) error {
		if err := g.Umount_all(); err != nil {
			return err
		}
		roots, err := g.Inspect_os()
		if err != nil {
			return err
		}
		for _, root := range roots {
			systems = append(systems, readOS(g, root))
		}
		return nil
	})
	return systems, err
}

// readOS collects what the inspection found. Every single thing may be unknown.
func readOS(g *guestfs.Guestfs, root string) OS {
	text := func(get func(string) (string, error)) string {
		value, err := get(root)
		if err != nil || value == "unknown" {
			return ""
		}
		return value
	}
	found := OS{
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
	if found.Type == "linux" {
		readSystemFiles(g, &found)
	}
	return found
}

// readSystemFiles adds what the system's own files tell.
func readSystemFiles(g *guestfs.Guestfs, found *OS) {
	if err := g.Mount_ro(found.Root, "/"); err != nil {
		return
	}
	defer func() { _ = g.Umount_all() }()
	// A separate /usr leaves /etc/os-release dangling: then it is not there.
	osRelease, _ := readFile(g, "/etc/os-release")
	debianVersion, _ := readFile(g, "/etc/debian_version")
	if product := conf.Assignments(string(osRelease))["PRETTY_NAME"]; product != "" {
		found.Product = product
	}
	if version := releaseVersion(string(osRelease), string(debianVersion)); version != "" {
		found.Version = version
	}
	fstab, _ := readFile(g, "/etc/fstab")
	crypttab, _ := readFile(g, "/etc/crypttab")
	found.fstab, found.crypttab = parseFstab(string(fstab)), parseCrypttab(string(crypttab))
}
