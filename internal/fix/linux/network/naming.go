package network

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

// cardDrivers drive the network cards that QEMU has, and VMware's, so that the
// rule holds on either side.
var cardDrivers = []string{"virtio_net", "e1000", "e1000e", "igb", "8139cp", "8139too", "vmxnet3"}

// linkRenames is the first systemd that gives a card the name of a .link file
// even where the initramfs has renamed it before.
const linkRenames = 240

// writeNaming makes udev give the name to the card with the hardware address
// or, without one, to any physical card.
func writeNaming(e *edit.Editor, name, mac, description string) error {
	version, err := systemdVersion(e)
	if err != nil {
		return err
	}
	if version >= linkRenames {
		return e.Write(namingFiles(name)[0], linkFile(name, mac), 0o644, description)
	}
	if !e.Exists("/lib/udev") && !e.Exists("/usr/lib/udev") {
		return nil // no udev, no names but the kernel's
	}
	return e.Write(namingFiles(name)[1], udevRule(name, mac), 0o644, description)
}

// namingFiles are the .link file and the rules that give a card the name.
func namingFiles(name string) []string {
	return []string{"/etc/systemd/network/10" + ownMark + name + ".link", "/etc/udev/rules.d/70" + ownMark + name + ".rules"}
}

const namingComment = "# Written by hyper2kvm: the network card keeps the name it had on the old machine.\n"

const oneCardComment = "# It is for a machine with one card: before you add another, match its MAC address.\n"

func linkFile(name, mac string) string {
	if mac != "" {
		return namingComment + "[Match]\nMACAddress=" + mac + "\nType=ether\n\n[Link]\nName=" + name + "\n"
	}
	// The drivers keep it from virtual devices, which are of type ether too.
	return namingComment + oneCardComment +
		"[Match]\nType=ether\nDriver=" + strings.Join(cardDrivers, " ") + "\n\n[Link]\nName=" + name + "\n"
}

// udevRule comes before udev's own naming (80-net-setup-link.rules) and, on
// older systems, before the rule that would remember the new card under a new
// name (75-persistent-net-generator.rules).
func udevRule(name, mac string) string {
	match := `DRIVERS=="` + strings.Join(cardDrivers, "|") + `"`
	comment := namingComment + oneCardComment
	if mac != "" {
		match, comment = `DRIVERS=="?*", ATTR{address}=="`+mac+`"`, namingComment
	}
	return comment + `SUBSYSTEM=="net", ACTION=="add", ` + match + `, ATTR{type}=="1", NAME="` + name + "\"\n"
}

var systemdLibrary = regexp.MustCompile(`^libsystemd-shared-([0-9]+)`)

// systemdVersion goes by the name of systemd's private library. It is 0 where
// there is none, as before version 231.
func systemdVersion(e *edit.Editor) (int, error) {
	directories := []string{"/usr/lib/systemd", "/lib/systemd", "/usr/lib64/systemd"}
	multiarch, err := e.List("/usr/lib", "*-linux-gnu*")
	if err != nil {
		return 0, err
	}
	for _, directory := range multiarch {
		directories = append(directories, path.Join(directory, "systemd"))
	}
	newest := 0
	for _, directory := range directories {
		files, err := e.List(directory, "libsystemd-shared-*")
		if err != nil {
			return 0, err
		}
		for _, file := range files {
			if m := systemdLibrary.FindStringSubmatch(path.Base(file)); m != nil {
				if version, err := strconv.Atoi(m[1]); err == nil {
					newest = max(newest, version)
				}
			}
		}
	}
	return newest, nil
}
