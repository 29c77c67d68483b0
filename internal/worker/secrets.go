package worker

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// secrets lists the texts of the manifest that must not be shown, as they are
// and as JSON spells them, longest first: of two secrets with one beginning,
// strings.Replacer takes the one that is named first.
func secrets(m *manifest.Manifest) []string {
	var spelled []string
	for _, secret := range m.Secrets() {
		spelled = append(spelled, secret)
		if quoted, err := json.Marshal(secret); err == nil {
			spelled = append(spelled, strings.Trim(string(quoted), `"`))
		}
	}
	slices.SortFunc(spelled, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(spelled)
}
