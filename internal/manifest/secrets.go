package manifest

import (
	"slices"
	"strings"
)

// shortestSecret is the length in bytes below which a text is not worth
// masking: "DHCP=no" tells nothing, and masking it would spoil every diff.
const shortestSecret = 8

// Secrets lists the texts of the manifest that nobody may see: passwords, and
// the network files as a whole and line by line. The longest come first, as a
// replacer needs them.
func (m *Manifest) Secrets() []string {
	if m.Configuration == nil {
		return nil
	}
	var secrets []string
	add := func(secret string) {
		if len(secret) >= shortestSecret {
			secrets = append(secrets, secret)
		}
	}
	if users := m.Configuration.Users; users != nil {
		for _, user := range users.Create {
			add(user.Password)
		}
	}
	if network := m.Configuration.Network; network != nil {
		for _, file := range network.SystemdNetworkd {
			add(file.Content)
			for line := range strings.Lines(file.Content) {
				add(strings.TrimSpace(line))
			}
		}
	}
	slices.SortFunc(secrets, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(secrets)
}
