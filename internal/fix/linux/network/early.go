package network

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

// EarlyFiles are the files of this package that an initramfs must have, too. It calls
// cards the same where the kernel's parameters name them: it configures them before the
// guest's own files are there. Where it brings up whatever card there is, that has to have
// its name from the start: Linux before version 6.2 gives no other to a card that is up.
func EarlyFiles(e *edit.Reader) ([]string, error) {
	boot, err := readBootCards(e)
	if err != nil {
		return nil, err
	}
	var early []string
	for _, c := range boot {
		for _, name := range namingFiles(c.name) {
			if c.name != "" && e.Exists(name) && !slices.Contains(early, name) {
				early = append(early, name)
			}
		}
	}
	up, err := bringsUpCards(e)
	if err != nil || !up {
		return early, err
	}
	return early, eachFile(e, ownFiles, func(name, _ string) {
		if !slices.Contains(early, name) {
			early = append(early, name)
		}
	})
}

// clevisTang asks a server on the network to unlock a device; dracut's images bring the
// network up for it without a parameter.
const clevisTang = "/usr/bin/clevis-decrypt-tang"

// bringsUpCards reports whether an initramfs configures the network.
func bringsUpCards(e *edit.Reader) (up bool, err error) {
	if e.Exists(clevisTang) {
		return true, nil
	}
	parameters := func(_, text string) {
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(strings.TrimSpace(line), "#") {
				up = up || slices.ContainsFunc(bootWords(line), bringsUp)
			}
		}
	}
	if err := eachCommandLine(e, parameters); err != nil {
		return false, err
	}
	if err := eachFile(e, dracutFiles, parameters); err != nil {
		return false, err
	}
	err = eachFile(e, initramfsToolsFiles, func(name, text string) {
		up = up || !leftOver.MatchString(name) && bringsUp("ip="+conf.Assignments(text)["IP"])
	})
	return up, err
}

// bringsUp reports whether a parameter has the network configured before the root file
// system is there: dracut.cmdline(7), nfsroot.txt of the kernel.
func bringsUp(word string) bool {
	key, value, _ := strings.Cut(word, "=")
	switch key {
	case "ip":
		return value != "" && value != "none" && value != "off"
	case "rd.neednet":
		return value != "0" && value != "no"
	case "netroot", "nfsroot", "bootdev", "BOOTIF":
		return value != ""
	}
	return false
}

// dracutItems has dracut put the files that an initramfs needs into those that it makes
// later: not every version takes them by itself.
const dracutItems = "/etc/dracut.conf.d/90-hyper2kvm-network.conf"

var dracutPrograms = []string{"/usr/bin/dracut", "/usr/sbin/dracut", "/sbin/dracut"}

// keepEarly keeps those files in the images that dracut makes later.
func keepEarly(e *edit.Editor) error {
	early, err := EarlyFiles(e.Reader)
	if err != nil || len(early) == 0 || !slices.ContainsFunc(dracutPrograms, e.Exists) {
		return err
	}
	return e.Write(dracutItems, "# Written by hyper2kvm: the names of network cards, for an initramfs that configures them.\ninstall_items+=\" "+strings.Join(early, " ")+" \"\n", 0o644,
		"keep the names of network cards in later initramfs images")
}
