package guest

import (
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// OS is an operating system found on the guest's disks. What is not known is
// empty or 0.
type OS struct {
	Root              string // where / lies: /dev/sda1, /dev/vg0/root, btrfsvol:/dev/sda2/@
	Type              string // linux, windows, freebsd ...
	Distro            string // debian, ubuntu, rhel, fedora, opensuse ...
	Product           string // for people: "Debian GNU/Linux 12 (bookworm)"
	Version           string // as precise as the system tells: "12.4"
	Major, Minor      int
	Arch              string // x86_64, aarch64 ...
	Hostname          string
	PackageFormat     string // deb, rpm, pacman ...
	PackageManagement string // apt, dnf, yum, zypper ...
	Clock             string // what a Windows takes the machine's clock for: utc, localtime
	Osinfo            string // libosinfo short id: debian12
	SubvolumeID       int64  // of the btrfs subvolume that Root is, where there are several systems

	// Tables are for what has to be known before it is mounted.
	Tables Tables
}

// ReadRelease makes what is known of a Linux system as precise as its own
// /etc/os-release and /etc/debian_version, each empty where there is none.
func (o *OS) ReadRelease(osRelease, debianVersion string) {
	if product := conf.Assignments(osRelease)["PRETTY_NAME"]; product != "" {
		o.Product = product
	}
	if version := releaseVersion(osRelease, debianVersion); version != "" {
		o.Version = version
	}
}

// releaseVersion returns the most precise version that a Linux system's own
// files tell, or "". Debian keeps its point release out of os-release.
func releaseVersion(osRelease, debianVersion string) string {
	version := conf.Assignments(osRelease)["VERSION_ID"]
	// Only a release has a number there; testing and derivatives such as
	// Ubuntu have a name ("trixie/sid").
	debianVersion = strings.TrimSpace(debianVersion)
	if version != "" && strings.HasPrefix(debianVersion, version+".") {
		return debianVersion
	}
	return version
}
