package edit

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"
)

// TestBootFilesHaveAFormat: what a boot loader reads is read again after each edit.
func TestBootFilesHaveAFormat(t *testing.T) {
	t.Parallel()
	for _, f := range bootfile.Files() {
		name := strings.ReplaceAll(f.Pattern, "*", "x")
		if got, ok := formatOf(name); !ok || got.entries == nil {
			t.Errorf("%s, a %s, is of no format that Check knows", name, f.Format)
		}
	}
}
