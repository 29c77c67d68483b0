package netconf

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// otherHypervisors are the values of ConditionVirtualization= in systemd.unit(5)
// that a machine of KVM does not have, those of containers aside.
var otherHypervisors = []string{
	"vmware", "oracle", "microsoft", "xen", "parallels", "bhyve", "qnx", "acrn", "apple", "bochs", "uml", "zvm", "powervm", "amazon", "google", "sre",
}

// machineID is an ID of a machine of 128 bits, by systemd or by its firmware.
var machineID = regexp.MustCompile(`^(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$`)

// IsMachineID reports whether a condition on the host is one on the machine's ID,
// and not on its name.
func IsMachineID(value string) bool { return machineID.MatchString(value) }

// IsOfOtherMachine reports whether a condition of systemd (Virtualization, Host or
// Firmware) is one that the old machine may meet and the new one does not. Names of
// hosts and the way the firmware starts are the same on both.
func IsOfOtherMachine(key, value string) bool {
	value, not := strings.CutPrefix(strings.TrimPrefix(strings.TrimSpace(value), "|"), "!")
	switch key {
	case "Virtualization":
		if not {
			return value == "kvm"
		}
		return slices.Contains(otherHypervisors, value)
	case "Host":
		return !not && IsMachineID(value)
	case "Firmware":
		return strings.HasPrefix(value, "smbios-field(") && strings.Contains(value, "QEMU") == not
	}
	return false
}

// cardProperties are those of udev that cards of one machine have. What ID_PATH
// tells in full is a slot.
var cardProperties = []string{
	"ID_PATH", "ID_PATH_TAG", "ID_NET_NAME", "ID_NET_NAME_PATH", "ID_NET_NAME_SLOT", "ID_NET_NAME_MAC", "ID_NET_NAME_ONBOARD", "ID_NET_LABEL_ONBOARD", "ID_VENDOR_ID",
	"ID_MODEL_ID", "ID_VENDOR_FROM_DATABASE", "ID_MODEL_FROM_DATABASE", "ID_OUI_FROM_DATABASE",
}

var fullPath = regexp.MustCompile(`^pci-[0-9a-f:.]+$`)

func isOldProperty(property string) bool {
	key, value, _ := strings.Cut(strings.Trim(property, `"`), "=")
	switch {
	case key == "ID_NET_DRIVER":
		return !isVirtioDriver(value)
	case key == "ID_PATH" && fullPath.MatchString(value):
		return false
	}
	return slices.Contains(cardProperties, key)
}

// isVirtioDriver reports whether a pattern matches the driver of the new machine's
// card.
func isVirtioDriver(pattern string) bool {
	ok, _ := path.Match(pattern, "virtio_net")
	return ok
}

// unmetInNetworkd lists the conditions of [Match] that unpinNetworkd leaves.
func unmetInNetworkd(text string) []string {
	var unmet []string
	for _, l := range conf.ReadINI(text) {
		if l.Section != "Match" {
			continue
		}
		is := IsOfOtherMachine(l.Key, l.Value)
		switch l.Key {
		case "Property":
			is = slices.ContainsFunc(strings.Fields(l.Value), isOldProperty)
		case "Driver":
			is = isOtherDriver(strings.Fields(l.Value))
		}
		if is {
			unmet = append(unmet, l.Key+"="+l.Value)
		}
	}
	return unmet
}

// isOtherDriver reports whether the driver of the new machine's card is none of those
// that a card has to have.
func isOtherDriver(drivers []string) bool {
	return len(drivers) > 0 && !strings.HasPrefix(drivers[0], "!") && !slices.ContainsFunc(drivers, isVirtioDriver)
}

// unmetInNetplan lists the drivers of cards that unpinNetplan leaves, as where several
// are told apart by their addresses besides.
func unmetInNetplan(text string) (unmet []string) {
	for _, c := range netplanEthernets(text) {
		var drivers []string
		if match := c.match["driver"]; match != nil {
			drivers = append(drivers, strings.Fields(c.document.text(match.Value))...)
			for _, item := range c.document.items(match.Value) {
				drivers = append(drivers, c.document.text(item))
			}
		}
		if isOtherDriver(drivers) {
			unmet = append(unmet, "driver: "+strings.Join(drivers, " "))
		}
		if passed := matchWords(c.passedText("match.driver")); isOtherDriver(passed) {
			unmet = append(unmet, "match.driver: "+strings.Join(passed, " "))
		}
	}
	slices.Sort(unmet)
	return slices.Compact(unmet)
}

// unmetInKeyfile lists the drivers and slots that unpinKeyfile leaves.
func unmetInKeyfile(text string) (unmet []string) {
	file := conf.ReadINI(text)
	if drivers := matchWords(file.Value("match", "driver")); isOtherDriver(drivers) {
		unmet = append(unmet, "driver="+strings.Join(drivers, ";"))
	}
	if slot := file.Value("match", "path"); slot != "" {
		unmet = append(unmet, "path="+slot)
	}
	return unmet
}

// matchWords are those of a list in [match] of NetworkManager.
func matchWords(list string) []string {
	words := strings.FieldsFunc(list, func(r rune) bool { return r == ';' || r == ' ' })
	for n, word := range words {
		words[n] = matchWord(word)
	}
	return words
}

// unmetInLink lists what ties a .link file, which is not edited, to the old machine's
// card. One that does no more than name the card is no loss: the card is named anew.
func unmetInLink(text string) []string {
	file := conf.ReadINI(text)
	sets := func(l conf.INILine) bool {
		return l.Key != "" && l.Section != "Match" && l.Key != "Name" && l.Key != "NamePolicy" && l.Key != "AlternativeNamesPolicy" && l.Key != "Description"
	}
	if !slices.ContainsFunc(file, sets) {
		return nil
	}
	unmet := unmetInNetworkd(text)
	for _, key := range []string{"MACAddress", "PermanentMACAddress", "Path"} {
		if values := file.Words("Match", key); len(values) > 0 && !strings.HasPrefix(values[0], "!") {
			unmet = append(unmet, key+"="+strings.Join(values, " "))
		}
	}
	// The kernel's own name is meant.
	if names := file.Words("Match", "OriginalName"); len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool {
		return strings.HasPrefix(name, "!") || isPattern(name) || !IsCardName(name) || strings.HasPrefix(name, "eth")
	}) {
		unmet = append(unmet, "OriginalName="+strings.Join(names, " "))
	}
	return unmet
}
