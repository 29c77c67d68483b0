package guest

import (
	"bytes"
	"debug/elf"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// distros are libguestfs' names of distributions, by the ID in os-release(5).
// Those that it does not tell by that are not here.
var distros = map[string]string{
	"alpine": "alpinelinux", "altlinux": "altlinux", "arch": "archlinux", "centos": "centos", "debian": "debian", "fedora": "fedora",
	"kali": "kalilinux", "mageia": "mageia", "ol": "oraclelinux", "opensuse": "opensuse", "rhel": "rhel", "sled": "sles", "sles": "sles",
	"ubuntu": "ubuntu", "void": "voidlinux",
}

// rolling are distributions without versions.
var rolling = map[string]bool{"archlinux": true, "voidlinux": true}

// packages are the format and the manager of a distribution's packages.
var packages = map[string]struct{ format, manager string }{
	"alpinelinux": {"apk", "apk"}, "altlinux": {"rpm", "apt"}, "archlinux": {"pacman", "pacman"}, "centos": {"rpm", ""}, "debian": {"deb", "apt"},
	"fedora": {"rpm", ""}, "kalilinux": {"deb", "apt"}, "mageia": {"rpm", "urpmi"}, "opensuse": {"rpm", "zypper"}, "oraclelinux": {"rpm", ""},
	"rhel": {"rpm", ""}, "sles": {"rpm", "zypper"}, "ubuntu": {"deb", "apt"}, "voidlinux": {"xbps", "xbps"},
}

var (
	firstVersion  = regexp.MustCompile(`^[^0-9]*([0-9]+)(?:\.([0-9]+))?`)
	centosVersion = regexp.MustCompile(`CentOS.*release ([0-9]+)(?:\.([0-9]+))?`)
)

// Describe adds what a Linux system's own files tell of it. It says whether its
// distribution is known by them.
func (o *OS) Describe(on Files) (known bool) {
	f := signs{on}
	f.readRelease(o)
	o.Arch, o.Hostname = f.architecture(), f.hostname()
	return o.Distro != "" && (o.Major != 0 || o.Minor != 0 || rolling[o.Distro])
}

// readRelease finds out what a Linux system is.
func (f signs) readRelease(system *OS) {
	osRelease, debianVersion := f.smallFile("/etc/os-release"), f.smallFile("/etc/debian_version")
	fields := conf.Assignments(osRelease)
	system.Distro = distros[fields["ID"]]
	if strings.HasPrefix(fields["ID"], "opensuse-") {
		system.Distro = "opensuse"
	}
	system.Product = fields["PRETTY_NAME"]
	setVersion(system, firstVersion.FindStringSubmatch(fields["VERSION_ID"]))
	// These keep their point releases elsewhere.
	switch {
	case system.Distro == "debian" && system.Minor == 0:
		setVersion(system, firstVersion.FindStringSubmatch(firstLine(debianVersion)))
	case system.Distro == "centos" && system.Minor == 0:
		setVersion(system, centosVersion.FindStringSubmatch(firstLine(f.smallFile("/etc/centos-release"))))
	}
	if system.Major != 0 || system.Minor != 0 {
		system.Version = fmt.Sprintf("%d.%d", system.Major, system.Minor)
	}
	system.ReadRelease(osRelease, debianVersion)
	known := packages[system.Distro]
	system.PackageFormat, system.PackageManagement = known.format, known.manager
	if known.format == "rpm" && known.manager == "" {
		system.PackageManagement = f.redHatManager(system)
	}
	system.Osinfo = osinfo(*system)
}

func setVersion(system *OS, match []string) {
	if match == nil {
		return
	}
	system.Major, _ = strconv.Atoi(match[1])
	system.Minor, _ = strconv.Atoi(match[2])
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// redHatManager is the package manager of the distributions that have changed it.
func (f signs) redHatManager(system *OS) string {
	switch {
	case system.Distro == "fedora" && system.Major >= 22 && f.isFileBehind("/usr/bin/dnf"), system.Distro != "fedora" && system.Major >= 8:
		return "dnf"
	case system.Distro == "fedora" && system.Major >= 1, system.Major >= 5:
		return "yum"
	case system.Major >= 2:
		return "up2date"
	}
	return ""
}

// osinfo is the short id that libosinfo has for a system, as libguestfs guesses it.
func osinfo(system OS) string {
	d, major, minor := system.Distro, system.Major, system.Minor
	switch {
	case d == "":
		return ""
	case d == "centos" && major >= 8, d == "debian" && major >= 4, d == "fedora", d == "mageia", d == "sles" && minor == 0:
		return fmt.Sprintf("%s%d", d, major)
	case d == "centos" && major == 7:
		return "centos7.0"
	case d == "sles":
		return fmt.Sprintf("sles%dsp%d", major, minor)
	case d == "ubuntu":
		return fmt.Sprintf("ubuntu%d.%02d", major, minor)
	case rolling[d]:
		return d
	case d == "altlinux" && major >= 8:
		return fmt.Sprintf("alt%d.%d", major, minor)
	case major > 0 || minor > 0:
		return fmt.Sprintf("%s%d.%d", d, major, minor)
	}
	return ""
}

// architectures are libguestfs' names of what programs run on.
var architectures = map[elf.Machine]string{
	elf.EM_386: "i386", elf.EM_486: "i486", elf.EM_X86_64: "x86_64", elf.EM_AARCH64: "aarch64", elf.EM_ARM: "arm",
	elf.EM_S390: "s390x", elf.EM_PPC: "ppc", elf.EM_RISCV: "riscv64", elf.EM_IA_64: "ia64", elf.EM_LOONGARCH: "loongarch64",
}

// architecture is that of the programs that every system has.
func (f signs) architecture() string {
	for _, name := range []string{"/bin/bash", "/bin/ls", "/bin/echo", "/bin/rm", "/bin/sh"} {
		info, err := f.Stat(name)
		if err != nil || !info.Mode.IsRegular() || info.Size > 64<<20 {
			continue
		}
		data, err := f.ReadFile(name)
		if err != nil {
			continue
		}
		program, err := elf.NewFile(bytes.NewReader(data))
		if err != nil {
			continue
		}
		if program.Machine == elf.EM_PPC64 {
			return map[elf.Data]string{elf.ELFDATA2LSB: "ppc64le", elf.ELFDATA2MSB: "ppc64"}[program.Data]
		}
		return architectures[program.Machine]
	}
	return ""
}

// hostname is the name that a Linux system gives itself.
func (f signs) hostname() string {
	for _, name := range []string{"/etc/HOSTNAME", "/etc/hostname"} {
		if line := firstLine(f.smallFile(name)); line != "" {
			return line
		}
	}
	return conf.Assignments(f.smallFile("/etc/sysconfig/network"))["HOSTNAME"]
}
