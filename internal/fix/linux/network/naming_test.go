package network

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// TestWriteNamingChecksItsFiles: an address that is none would make the file one
// for every card.
func TestWriteNamingChecksItsFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		systemd, card, mac string
		written            bool
	}{
		"a link":                      {newSystemd, "ens192", "00:50:56:00:00:01", true},
		"a link for any card":         {newSystemd, "ens192", "", true},
		"a rule":                      {oldSystemd, "ens192", "00:50:56:00:00:01", true},
		"a rule for any card":         {oldSystemd, "ens192", "", true},
		"a link, no address":          {newSystemd, "ens192", "00:50:56:xx:00:01", false},
		"a rule, no address":          {oldSystemd, "ens192", "eth", false},
		"a link, another line in it":  {newSystemd, "ens192", "00:50:56:00:00:01\nDriver=x", false},
		"a rule, another match in it": {oldSystemd, "ens192", `00:50:56:00:00:01", NAME="x`, false},
		"a name with a quote":         {oldSystemd, `a"b`, "", false},
		"a name that is too long":     {newSystemd, "a123456789012345", "", false},
	} {
		tree := guesttest.New(t, map[string]string{test.systemd: "", "/lib/udev/x": ""})
		e := edittest.Of(t, tree)
		if err := writeNaming(e, test.card, test.mac, "keep"); err != nil {
			t.Fatal(err)
		}
		changes, warnings := e.Take()
		if written := len(changes) == 1; written != test.written {
			t.Errorf("%s: changes %v", name, changes)
		}
		if told := len(warnings) == 1 && strings.Contains(warnings[0].Message, test.card); told == test.written {
			t.Errorf("%s: warnings %v", name, warnings)
		}
	}
}
