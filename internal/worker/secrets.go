package worker

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// shortestSecret is the length in bytes below which a line of a network file
// is not worth masking: "DHCP=no" tells nothing.
const shortestSecret = 8

// secrets lists the texts of the manifest that must not be shown, as they are
// and as JSON spells them, longest first.
func secrets(m *manifest.Manifest) []string {
	if m == nil || m.Configuration == nil {
		return nil
	}
	var found []string
	add := func(secret string) {
		found = append(found, secret)
		if quoted, err := json.Marshal(secret); err == nil {
			found = append(found, strings.Trim(string(quoted), `"`))
		}
	}
	if users := m.Configuration.Users; users != nil {
		for _, user := range users.Create {
			if user.Password != "" {
				add(user.Password)
			}
		}
	}
	if network := m.Configuration.Network; network != nil {
		for _, file := range network.SystemdNetworkd {
			for line := range strings.Lines(file.Content) {
				if line = strings.TrimSpace(line); len(line) >= shortestSecret {
					add(line)
				}
			}
		}
	}
	// strings.Replacer takes the first match in argument order: the longer of
	// two secrets with one beginning has to come first.
	slices.SortFunc(found, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(found)
}
