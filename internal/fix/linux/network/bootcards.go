package network

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// eachCommandLine gives each file that has parameters of kernels, and of unified kernel
// images the parameters that are in them.
func eachCommandLine(e *edit.Reader, do func(name, text string)) error {
	var patterns []string
	for _, f := range bootfile.Where(func(f bootfile.File) bool { return f.CommandLine }) {
		patterns = append(patterns, f.Pattern)
	}
	if err := eachFile(e, patterns, do); err != nil {
		return err
	}
	images, err := menu.UnifiedImages(e)
	if err != nil {
		return err
	}
	for _, image := range images {
		// One that cannot be read is told where the boot configuration is verified.
		if cmdline, err := menu.UnifiedCmdline(e, image); err == nil {
			do(image, cmdline)
		}
	}
	return nil
}

// bootCard is a card that a kernel command line names.
type bootCard struct {
	file, parameter string
	name            string // or "" where mac tells it
	mac             string // lower case, or ""
}

type bootCards []bootCard

// readBootCards finds the cards that the initramfs is told to configure. The
// kernel's parameters are in words of their own in all of these files.
func readBootCards(e *edit.Reader) (bootCards, error) {
	var found bootCards
	err := eachCommandLine(e, func(name, text string) {
		found = append(found, searchBootFile(name, text)...)
	})
	if err != nil {
		return nil, err
	}
	err = eachFile(e, dracutFiles, func(name, text string) {
		found = append(found, searchBootFile(name, text)...)
	})
	if err != nil {
		return nil, err
	}
	err = eachFile(e, initramfsToolsFiles, func(name, text string) {
		if !leftOver.MatchString(name) {
			found = append(found, searchInitramfsTools(name, text)...)
		}
	})
	return found, err
}

// dracutFiles may have parameters for the images that dracut makes, initramfsToolsFiles the
// same for those of initramfs-tools as variables of a shell: with them a server is reached
// that is unlocked from afar (initramfs.conf(5)).
var (
	dracutFiles         = []string{"/etc/dracut.conf", "/etc/dracut.conf.d/*.conf"}
	initramfsToolsFiles = []string{"/etc/initramfs-tools/initramfs.conf", "/etc/initramfs-tools/conf.d/*"}
)

// searchInitramfsTools reads IP= and, where that is set, DEVICE=.
func searchInitramfsTools(name, text string) (found bootCards) {
	set := conf.Assignments(text)
	if set["IP"] == "" || set["IP"] == "none" || set["IP"] == "off" {
		return nil
	}
	for _, word := range []string{"ip=" + set["IP"], "bootdev=" + set["DEVICE"]} {
		for _, c := range parameterCards(word) {
			c.file, c.parameter = name, word
			if !slices.Contains(found, c) {
				found = append(found, c)
			}
		}
	}
	return found
}

func searchBootFile(name, text string) bootCards {
	var found bootCards
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, word := range bootWords(line) {
			for _, c := range parameterCards(word) {
				c.file, c.parameter = name, word
				if !slices.Contains(found, c) {
					found = append(found, c)
				}
			}
		}
	}
	return found
}

// bootWords are the words of a line that may be parameters. Quotes end one just as blanks
// do, and the first may stand right behind the key of the file: CMDLINE=ip=...
func bootWords(line string) []string {
	words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(conf.Blanks+`"'`, r) })
	for i, word := range words {
		if _, rest, ok := strings.Cut(word, "="); len(parameterCards(word)) == 0 && !bringsUp(word) && ok && strings.Contains(rest, "=") {
			words[i] = rest
		}
	}
	return words
}

// parameterCards reads one parameter of dracut.cmdline(7) or of the kernel's
// nfsroot.txt.
func parameterCards(word string) []bootCard {
	key, value, ok := strings.Cut(word, "=")
	if !ok {
		return nil
	}
	fields := splitOutsideBrackets(value)
	named := func(names ...string) []bootCard {
		var cards []bootCard
		for _, name := range names {
			if bootInterface.MatchString(name) {
				cards = append(cards, bootCard{name: name})
			}
		}
		return cards
	}
	switch key {
	case "ip":
		switch {
		case len(fields) >= 2 && !isAddress(fields[0]):
			return named(fields[0])
		case len(fields) >= 6:
			return named(fields[5])
		}
	case "bootdev", "ksdevice":
		if key == "ksdevice" && (value == "link" || value == "bootif" || value == "ibft") {
			return nil
		}
		return named(value)
	case "ifname":
		if name, mac, ok := strings.Cut(value, ":"); ok {
			return []bootCard{{name: name, mac: strings.ToLower(mac)}}
		}
	case "BOOTIF":
		if mac := strings.ToLower(strings.ReplaceAll(value, "-", ":")); len(mac) >= 17 {
			return []bootCard{{mac: mac[len(mac)-17:]}}
		}
	case "vlan", "bond", "bridge", "team":
		if len(fields) >= 2 {
			return named(strings.Split(fields[1], ",")...)
		}
	case "rd.route":
		if len(fields) >= 3 {
			return named(fields[2])
		}
	case "fcoe", "rd.fcoe":
		return named(fields[0])
	}
	return nil
}

var bootInterface = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,14}$`)

func isAddress(text string) bool {
	_, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return err == nil || text == ""
}

// splitOutsideBrackets splits at colons, of which IPv6 addresses in brackets
// have their own.
func splitOutsideBrackets(text string) []string {
	var fields []string
	depth, start := 0, 0
	for i, r := range text {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case r == ':' && depth == 0:
			fields = append(fields, text[start:i])
			start = i + 1
		}
	}
	return append(fields, text[start:])
}

// names are the cards that parameters name; those of bonds and the like that
// the initramfs makes by itself are not among them, unless they look like cards.
func (b bootCards) names() []string {
	var names []string
	for _, c := range b {
		if netconf.IsCardName(c.name) && !slices.Contains(names, c.name) {
			names = append(names, c.name)
		}
	}
	return names
}

func (b bootCards) warn(e *edit.Editor) {
	for _, c := range b {
		if c.mac != "" {
			e.Warn(report.ConcernOldCard, fmt.Sprintf("%s: the kernel parameter %s names the hardware address of the old machine's network card", c.file, c.parameter),
				"give the new machine's network card that address, or correct the parameter in the guest")
		}
	}
}
