// Package distro tells families of Linux distributions apart.
package distro

import (
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// Family is a group of distributions that lay out their boot files alike.
type Family string

// The families that are told apart.
const (
	Debian  Family = "debian" // Debian, Ubuntu and what derives from them
	RHEL    Family = "rhel"   // RHEL, CentOS, Rocky, AlmaLinux, Oracle, Amazon ...
	Fedora  Family = "fedora"
	SUSE    Family = "suse"
	Arch    Family = "arch"
	Alpine  Family = "alpine"
	Gentoo  Family = "gentoo"
	Unknown Family = "unknown"
)

// families maps os-release IDs and libguestfs distribution names.
var families = map[string]Family{
	"debian": Debian, "ubuntu": Debian, "linuxmint": Debian, "kali": Debian,
	"kalilinux": Debian, "raspbian": Debian, "pop": Debian, "devuan": Debian,
	"proxmox": Debian, "neokylin": RHEL, "openkylin": Debian,
	"rhel": RHEL, "centos": RHEL, "rocky": RHEL, "almalinux": RHEL,
	"ol": RHEL, "oraclelinux": RHEL, "scientific": RHEL, "scientificlinux": RHEL,
	"amzn": RHEL, "amazonlinux": RHEL, "circle": RHEL, "eurolinux": RHEL,
	"virtuozzo": RHEL, "cloudlinux": RHEL, "openeuler": RHEL, "anolis": RHEL,
	"redhat-based": RHEL,
	"fedora":       Fedora,
	"sles":         SUSE, "sled": SUSE, "sles_sap": SUSE, "suse": SUSE,
	"opensuse": SUSE, "opensuse-leap": SUSE, "opensuse-tumbleweed": SUSE,
	"sl-micro": SUSE, "suse-based": SUSE,
	"arch": Arch, "archlinux": Arch, "manjaro": Arch, "endeavouros": Arch,
	"alpine": Alpine, "alpinelinux": Alpine,
	"gentoo": Gentoo,
}

// familyFiles are the release files of systems that have no os-release, in the
// order in which they are looked at.
var familyFiles = []struct {
	path   string
	family Family
}{
	{"/etc/fedora-release", Fedora},
	{"/etc/redhat-release", RHEL},
	{"/etc/SuSE-release", SUSE},
	{"/etc/arch-release", Arch},
	{"/etc/alpine-release", Alpine},
	{"/etc/gentoo-release", Gentoo},
	{"/etc/debian_version", Debian},
}

// Files is the guest as detecting needs it.
type Files interface {
	ReadFile(path string) ([]byte, error)
}

// Detect goes by the name that inspection found, then by os-release(5), then by
// the older release files.
func Detect(name string, files Files) Family {
	if f, ok := families[strings.ToLower(name)]; ok {
		return f
	}
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		text, err := files.ReadFile(path)
		if err != nil {
			continue
		}
		if f := familyOf(string(text)); f != Unknown {
			return f
		}
	}
	for _, file := range familyFiles {
		if _, err := files.ReadFile(file.path); err == nil {
			return file.family
		}
	}
	return Unknown
}

// familyOf reads os-release: ID, then ID_LIKE in its order.
func familyOf(osRelease string) Family {
	release := conf.Assignments(osRelease)
	for _, name := range append([]string{release["ID"]}, strings.Fields(release["ID_LIKE"])...) {
		if f, ok := families[strings.ToLower(name)]; ok {
			return f
		}
	}
	return Unknown
}
