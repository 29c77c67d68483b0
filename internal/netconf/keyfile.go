package netconf

import "github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"

// Keyfile is a connection profile of NetworkManager (nm-settings-keyfile(5)).
type Keyfile struct {
	Type      string // "ethernet", "bridge" ...
	Interface string // the name that it is for, or ""
	MAC       string // as hardwareAddress writes it, or ""
	Starts    bool   // it is brought up by itself
	pinned    bool   // it is for the hardware of one machine
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
	k.pinned = k.MAC != "" || file.Value("match", "path") != "" || file.Value("match", "driver") != ""
	return k
}

func keyfileCards(_, text string) []Card {
	k := ReadKeyfile(text)
	if k.Type != "ethernet" && k.Type != "802-3-ethernet" || k.Interface == "" && !k.pinned {
		return nil
	}
	return []Card{{Name: k.Interface, MAC: k.MAC, Idle: !k.Starts}}
}

// unpinKeyfile lets a connection apply to its interface name alone or, without
// one, to any Ethernet card.
func unpinKeyfile(_, text, _ string) string {
	file := conf.ReadINI(text)
	for _, section := range []string{"ethernet", "802-3-ethernet"} {
		file = file.Without(section, []string{"mac-address"}, "")
	}
	return file.Without("match", []string{"path", "driver"}, "").String()
}
