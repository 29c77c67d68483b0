package drivers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
)

// folders are the names that virtio-win's folders have for versions of Windows, in
// lower case. The first is that of the ISO image, others are those of old packages, or
// what plain ISO 9660, which has no dots in folders, makes of them.
var folders = [][]string{
	{"xp", "wxp", "winxp"},
	{"2k3", "wnet", "win2003"},
	{"2k8", "wlh", "win2008", "vista"},
	{"w7", "win7"},
	{"2k8r2", "win2008r2"},
	{"w8", "win8"},
	{"2k12", "win2012"},
	{"w8.1", "win8.1", "w8_1"},
	{"2k12r2", "win2012r2"},
	{"w10", "win10"},
	{"2k16", "win2016"},
	{"2k19", "win2019"},
	{"w11", "win11"},
	{"2k22", "win2022"},
	{"2k25", "win2025"},
}

// processors are the names of folders for processors, by those of guests.
var processors = map[string][]string{
	"i386": {"x86", "i386"}, "x86_64": {"amd64", "x64"}, "aarch64": {"arm64"},
}

// folderOf is the name of the folder for a version of Windows, or "".
func folderOf(s registry.Software) string {
	client, server := "", ""
	switch [2]int{s.Major, s.Minor} {
	case [2]int{5, 1}:
		client = "xp"
	case [2]int{5, 2}: // XP for 64 bits is a Server 2003, too
		client, server = "2k3", "2k3"
	case [2]int{6, 0}:
		client, server = "2k8", "2k8"
	case [2]int{6, 1}:
		client, server = "w7", "2k8r2"
	case [2]int{6, 2}:
		client, server = "w8", "2k12"
	case [2]int{6, 3}:
		client, server = "w8.1", "2k12r2"
	case [2]int{10, 0}:
		client, server = "w10", fmt.Sprintf("2k%d", s.ServerYear())
		if s.Is11() {
			client = "w11"
		}
	}
	if s.Server() {
		return server
	}
	return client
}

// place is what the path of a driver says of it.
type place struct {
	// version is a name of folders, and arch one of guests. Both are there or
	// neither is.
	version, arch string
	// driver is the folder of the driver, or "" where all drivers of a version lie
	// in one.
	driver string
}

// placeOf takes the path of a folder apart, which ends in DRIVER/VERSION/ARCH or
// ARCH/VERSION.
func placeOf(folder string) place {
	names := strings.Split(strings.ToLower(folder), "/")
	if len(names) < 2 {
		return place{}
	}
	last, before := names[len(names)-1], names[len(names)-2]
	if version, arch := versionNamed(before), archNamed(last); version != "" && arch != "" && len(names) > 2 {
		return place{version, arch, names[len(names)-3]}
	}
	if version, arch := versionNamed(last), archNamed(before); version != "" && arch != "" {
		return place{version: version, arch: arch}
	}
	return place{}
}

func versionNamed(name string) string {
	for _, names := range folders {
		if slices.Contains(names, name) {
			return names[0]
		}
	}
	return ""
}

func archNamed(name string) string {
	for arch, names := range processors {
		if slices.Contains(names, name) {
			return arch
		}
	}
	return ""
}
