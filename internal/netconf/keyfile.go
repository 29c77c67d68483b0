package netconf

import (
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// Keyfile is a connection profile of NetworkManager (nm-settings-keyfile(5)).
type Keyfile struct {
	Type      string   // "ethernet", "bridge" ...
	Interface string   // the name that it is for, or ""
	MAC       string   // as hardwareAddress writes it, or ""
	Starts    bool     // it is brought up by itself
	pinned    bool     // it is for the hardware of one machine
	patterns  []string // of names that it is for, where Interface is ""
}

// ReadKeyfile reads a connection profile.
func ReadKeyfile(text string) Keyfile {
	file := conf.ReadINI(text)
	k := Keyfile{
		Type:      file.Value("connection", "type"),
		Interface: file.Value("connection", "interface-name"),
		MAC:       hardwareAddress(file.Value("ethernet", "mac-address")),
		Starts:    file.Value("connection", "autoconnect") != "false",
	}
	if k.MAC == "" {
		k.MAC = hardwareAddress(file.Value("802-3-ethernet", "mac-address"))
	}
	k.Interface, k.patterns = matchedName(k.Interface, strings.Split(file.Value("match", "interface-name"), ";"))
	k.pinned = k.MAC != "" || file.Value("match", "path") != "" || file.Value("match", "driver") != ""
	return k
}

// matchedName reads the names of a match of NetworkManager, of which one has to be
// the card's. A single one that is no pattern is as good as interface-name.
func matchedName(name string, matched []string) (single string, patterns []string) {
	if name != "" {
		return name, nil
	}
	for _, pattern := range matched {
		pattern = matchWord(pattern)
		if pattern != "" && !strings.HasPrefix(pattern, "!") {
			patterns = append(patterns, pattern)
		}
	}
	if len(patterns) == 1 && !isPattern(patterns[0]) {
		return patterns[0], nil
	}
	return "", patterns
}

// matchWord is a word of a list in [match] without what combines it with others.
func matchWord(word string) string { return strings.TrimLeft(strings.TrimSpace(word), "|&") }

// keyfileParents are where a profile names the interface that its own lies on.
// It may be the UUID of a connection instead.
var keyfileParents = []string{"vlan", "macvlan", "vxlan", "ip-tunnel", "pppoe", "macsec", "6lowpan", "ipvlan"}

func isEthernet(kind string) bool { return kind == "ethernet" || kind == "802-3-ethernet" }

func readKeyfile(_, text string) Found {
	file, bad := conf.ParseINI(text)
	k := ReadKeyfile(text)
	var found Found
	if k.Type == "" {
		if len(bad) > 0 {
			found.Invalid = "it is no key file"
		}
		return found // of no connection: NetworkManager ignores it
	}
	for _, section := range keyfileParents {
		if parent := file.Value(section, "parent"); interfaceName.MatchString(parent) {
			found.Ports = append(found.Ports, portNames(parent)...)
		}
	}
	switch {
	case k.Type == "pppoe" && k.Interface != "" && file.Value("pppoe", "parent") == "":
		found.Ports = append(found.Ports, k.Interface) // the card itself, before NetworkManager 1.10 alone
	case !isEthernet(k.Type):
		if k.Interface != "" {
			found.Virtual = append(found.Virtual, k.Interface)
		}
	case file.Has("veth") || file.Has("tun"):
		found.Virtual = append(found.Virtual, k.Interface)
	case k.Interface != "" || k.pinned:
		found.Cards = []Card{{Name: k.Interface, MAC: k.MAC, Idle: !k.Starts}}
	default:
		found.AnyCard = k.Starts && file.Value("match", "kernel-command-line") == ""
	}
	return found
}

// interfaceName is what Linux allows: NAMSIZ is 16 with the zero byte.
var interfaceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}$`)

var (
	keyfilePins      = []string{"path", "driver"}
	ethernetSections = []string{"ethernet", "802-3-ethernet"}
)

func keyfileWildcards(text string) []Wildcards {
	k := ReadKeyfile(text)
	if !isEthernet(k.Type) || len(k.patterns) == 0 {
		return nil
	}
	return []Wildcards{{Patterns: k.patterns}}
}

// unpinKeyfile lets a connection apply to its interface name alone or, without
// one, to any Ethernet card.
func unpinKeyfile(_, text, _ string) (string, error) {
	file := conf.ReadINI(text)
	for _, section := range ethernetSections {
		file = file.Without(section, []string{"mac-address"}, "")
	}
	return file.Without("match", keyfilePins, "").String(), nil
}

func meantInKeyfile(was, is *conf.Entry) bool {
	section, key, _ := strings.Cut(entryKey(was, is), ".")
	return is == nil && (slices.Contains(ethernetSections, section) && key == "mac-address" || section == "match" && slices.Contains(keyfilePins, key))
}
