package fix

import (
	"bufio"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// Family is a group of distributions that lay out their boot files alike.
type Family string

// The families that fixes tell apart.
const (
	FamilyDebian  Family = "debian" // Debian, Ubuntu and what derives from them
	FamilyRHEL    Family = "rhel"   // RHEL, CentOS, Rocky, AlmaLinux, Oracle, Amazon ...
	FamilyFedora  Family = "fedora"
	FamilySUSE    Family = "suse"
	FamilyArch    Family = "arch"
	FamilyAlpine  Family = "alpine"
	FamilyGentoo  Family = "gentoo"
	FamilyUnknown Family = "unknown"
)

// families maps os-release IDs and libguestfs distribution names.
var families = map[string]Family{
	"debian": FamilyDebian, "ubuntu": FamilyDebian, "linuxmint": FamilyDebian, "kali": FamilyDebian,
	"kalilinux": FamilyDebian, "raspbian": FamilyDebian, "pop": FamilyDebian, "devuan": FamilyDebian,
	"proxmox": FamilyDebian, "neokylin": FamilyRHEL, "openkylin": FamilyDebian,
	"rhel": FamilyRHEL, "centos": FamilyRHEL, "rocky": FamilyRHEL, "almalinux": FamilyRHEL,
	"ol": FamilyRHEL, "oraclelinux": FamilyRHEL, "scientific": FamilyRHEL, "scientificlinux": FamilyRHEL,
	"amzn": FamilyRHEL, "amazonlinux": FamilyRHEL, "circle": FamilyRHEL, "eurolinux": FamilyRHEL,
	"virtuozzo": FamilyRHEL, "cloudlinux": FamilyRHEL, "openeuler": FamilyRHEL, "anolis": FamilyRHEL,
	"redhat-based": FamilyRHEL,
	"fedora":       FamilyFedora,
	"sles":         FamilySUSE, "sled": FamilySUSE, "sles_sap": FamilySUSE, "suse": FamilySUSE,
	"opensuse": FamilySUSE, "opensuse-leap": FamilySUSE, "opensuse-tumbleweed": FamilySUSE,
	"sl-micro": FamilySUSE, "suse-based": FamilySUSE,
	"arch": FamilyArch, "archlinux": FamilyArch, "manjaro": FamilyArch, "endeavouros": FamilyArch,
	"alpine": FamilyAlpine, "alpinelinux": FamilyAlpine,
	"gentoo": FamilyGentoo,
}

// familyFiles are the release files of systems that have no os-release, in the
// order in which they are looked at.
var familyFiles = []struct {
	path   string
	family Family
}{
	{"/etc/fedora-release", FamilyFedora},
	{"/etc/redhat-release", FamilyRHEL},
	{"/etc/SuSE-release", FamilySUSE},
	{"/etc/arch-release", FamilyArch},
	{"/etc/alpine-release", FamilyAlpine},
	{"/etc/gentoo-release", FamilyGentoo},
	{"/etc/debian_version", FamilyDebian},
}

// detectFamily goes by what inspection found, then by os-release, then by the
// older release files.
func detectFamily(files guest.FS, os guest.OS) Family {
	if f, ok := families[strings.ToLower(os.Distro)]; ok {
		return f
	}
	for _, path := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		data, err := files.ReadFile(path)
		if err != nil {
			continue
		}
		if f := familyOfRelease(string(data)); f != FamilyUnknown {
			return f
		}
	}
	for _, file := range familyFiles {
		if _, err := files.Stat(file.path); err == nil {
			return file.family
		}
	}
	return FamilyUnknown
}

// familyOfRelease reads os-release: ID, then ID_LIKE in its order.
func familyOfRelease(text string) Family {
	var id, like string
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), "=")
		switch value = strings.ToLower(strings.Trim(value, `"'`)); key {
		case "ID":
			id = value
		case "ID_LIKE":
			like = value
		}
	}
	for _, name := range append([]string{id}, strings.Fields(like)...) {
		if f, ok := families[name]; ok {
			return f
		}
	}
	return FamilyUnknown
}
