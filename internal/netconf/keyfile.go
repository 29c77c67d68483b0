package netconf

import (
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// KeyfileCards reads a NetworkManager keyfile of an Ethernet connection.
func KeyfileCards(_, text string) []Card {
	lines := conf.ReadINI(text)
	switch lines.Value("connection", "type") {
	case "ethernet", "802-3-ethernet":
	default:
		return nil
	}
	name := lines.Value("connection", "interface-name")
	mac := lines.Value("ethernet", "mac-address")
	if mac == "" {
		mac = lines.Value("802-3-ethernet", "mac-address")
	}
	if name == "" && mac == "" && lines.Value("match", "path") == "" && lines.Value("match", "driver") == "" {
		return nil
	}
	return []Card{{Name: name, MAC: strings.ToLower(mac), Idle: lines.Value("connection", "autoconnect") == "false"}}
}

// UnpinKeyfile lets a connection apply to its interface name alone or, without
// one, to any Ethernet card.
func UnpinKeyfile(_, text, _ string) string {
	lines := conf.ReadINI(text)
	for _, section := range []string{"ethernet", "802-3-ethernet"} {
		lines = lines.Without(section, []string{"mac-address"}, "")
	}
	return lines.Without("match", []string{"path", "driver"}, "").String()
}
