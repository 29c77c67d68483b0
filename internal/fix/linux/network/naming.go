package network

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// cardDrivers drive the network cards that QEMU has, and VMware's, so that the
// rule holds on either side.
var cardDrivers = []string{"virtio_net", "e1000", "e1000e", "igb", "8139cp", "8139too", "vmxnet3"}

// linkRenames is the first systemd that gives a card the name of a .link file
// even where the initramfs has renamed it before.
const linkRenames = 240

// linkRule is the rule by which udev reads .link files.
const linkRule = "/etc/udev/rules.d/80-net-setup-link.rules"

// linksAreIgnored reports whether the guest has put something in the place of that rule
// which reads none, as a link to /dev/null: so its cards keep the names that the kernel or
// other rules give them.
func linksAreIgnored(e *edit.Reader) (bool, error) {
	if _, err := e.Lstat(linkRule); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	text, _, err := e.Read(linkRule)
	return !strings.Contains(text, "net_setup_link"), err
}

// writeNaming makes udev give the name to the card with the hardware address
// or, without one, to any physical card.
func writeNaming(e *edit.Editor, name, mac, description string) error {
	version, err := systemdVersion(e.Reader)
	if err != nil {
		return err
	}
	before, settings, err := linkForAnyCard(e.Reader)
	if err != nil {
		return err
	}
	file, text := linkPath(name, before), linkFile(name, mac)
	for _, setting := range settings {
		text += setting + "\n"
	}
	ignored, err := linksAreIgnored(e.Reader)
	if err != nil {
		return err
	}
	if version < linkRenames || ignored {
		if !e.Exists("/lib/udev") && !e.Exists("/usr/lib/udev") {
			return nil // no udev, no names but the kernel's
		}
		file, text = rulesPath(name), udevRule(name, mac)
	}
	if err := checkNaming(file, text, name, mac); err != nil {
		e.Warn(report.ConcernCardUnknown, fmt.Sprintf("the network card %s gets no file that keeps its name: %v", name, err),
			"write a file /etc/systemd/network/10-NAME.link in the guest, with [Match] MACAddress= and [Link] Name=")
		return nil
	}
	return e.Write(file, text, 0o644, description)
}

// checkNaming reads what was made as udev reads it: it must give the name to the
// card with the address, and to no other. udev passes over an address that is
// none, and the file would then be for every card.
func checkNaming(file, text, name, mac string) error {
	if err := edit.Check(file, "", text, nil); err != nil {
		return err
	}
	if !interfaceName.MatchString(name) {
		return fmt.Errorf("%q is no name that Linux allows", name)
	}
	if mac != "" {
		if _, err := net.ParseMAC(mac); err != nil {
			return fmt.Errorf("%q is no hardware address", mac)
		}
	}
	got := netconf.Card{Name: netconf.LinkName(text), MAC: netconf.LinkAddress(text)}
	if path.Ext(file) == ".rules" {
		rules := netconf.ReadUdevRules(text)
		if len(rules) != 1 || !rules[0].Net {
			return errors.New("it is not one rule for network cards")
		}
		got = netconf.Card{Name: rules[0].Name, MAC: rules[0].MAC}
	}
	if want := (netconf.Card{Name: name, MAC: mac}); got != want {
		return fmt.Errorf("it would give the name %q to %q", got.Name, got.MAC)
	}
	return nil
}

// defaultLink is systemd's own, for what no other file is for: it sets names, and what
// matters to virtual devices alone.
const defaultLink = "99-default.link"

// linkForAnyCard reads the .link file for whatever card there is, the first of them: what
// it sets, and its base name.
func linkForAnyCard(e *edit.Reader) (base string, settings []string, err error) {
	links, err := everyLink(e)
	if err != nil {
		return "", nil, err
	}
	for _, link := range links {
		if strings.Contains(link.base, ownMark) || link.base == defaultLink && !isOwn(e, defaultLink) {
			continue
		}
		if settings, forAny := netconf.LinkForAnyCard(link.text); forAny {
			return link.base, settings, nil
		}
	}
	return "", nil, nil
}

// isOwn reports whether the guest has a file, or drop-ins of one, beside the
// distribution's.
func isOwn(e *edit.Reader, base string) bool {
	return slices.ContainsFunc(networkdDirectories[:2], func(directory string) bool {
		return e.Exists(path.Join(directory, base)) || e.Exists(path.Join(directory, base+".d"))
	})
}

// linkPrefixes sort before each other: udev takes the first file that matches.
var linkPrefixes = []string{"10", "00", "0", "!"}

// linkPath is the .link file that gives a card the name, before another file of the
// guest for any card.
func linkPath(name, before string) string {
	for _, prefix := range linkPrefixes {
		if base := prefix + ownMark + name + ".link"; before == "" || base < before {
			return path.Join(networkdDirectory, base)
		}
	}
	return path.Join(networkdDirectory, linkPrefixes[0]+ownMark+name+".link")
}

func rulesPath(name string) string { return "/etc/udev/rules.d/70" + ownMark + name + ".rules" }

// namingFiles are the files that may give a card the name.
func namingFiles(name string) []string {
	files := []string{rulesPath(name)}
	for _, prefix := range linkPrefixes {
		files = append(files, path.Join(networkdDirectory, prefix+ownMark+name+".link"))
	}
	return files
}

// ownFiles are all of them.
var ownFiles = []string{networkdDirectory + "/*" + ownMark + "*.link", "/etc/udev/rules.d/*" + ownMark + "*.rules"}

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
func systemdVersion(e *edit.Reader) (int, error) {
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
