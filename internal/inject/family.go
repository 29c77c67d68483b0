package inject

import "strings"

// family is a group of distributions with the same habits.
type family string

const (
	familyDebian family = "debian"
	familyRedHat family = "redhat"
	familySUSE   family = "suse"
	familyAlpine family = "alpine"
	familyArch   family = "arch"
	familyOther  family = "other"
)

var families = map[string]family{
	"debian": familyDebian, "ubuntu": familyDebian, "linuxmint": familyDebian, "kali": familyDebian,
	"rhel": familyRedHat, "fedora": familyRedHat, "centos": familyRedHat, "rocky": familyRedHat,
	"almalinux": familyRedHat, "ol": familyRedHat, "oraclelinux": familyRedHat, "amzn": familyRedHat,
	"suse": familySUSE, "opensuse": familySUSE, "sles": familySUSE, "sled": familySUSE,
	"opensuse-leap": familySUSE, "opensuse-tumbleweed": familySUSE,
	"alpine": familyAlpine, "alpinelinux": familyAlpine, "arch": familyArch, "archlinux": familyArch,
}

// detectFamily goes by os-release(5) and, for systems older than that file, by
// the inspected distribution.
func detectFamily(osRelease, distro string) family {
	values := parseAssignments(osRelease)
	names := append([]string{values["ID"]}, strings.Fields(values["ID_LIKE"])...)
	for _, name := range append(names, distro) {
		if f, ok := families[strings.ToLower(name)]; ok {
			return f
		}
	}
	return familyOther
}

// parseAssignments reads simple shell assignments: KEY=value or KEY="value".
func parseAssignments(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		value = strings.TrimSpace(value)
		if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		values[strings.TrimSpace(key)] = value
	}
	return values
}
