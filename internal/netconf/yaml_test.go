package netconf

import (
	"strings"
	"testing"
)

// TestNetplanNestedWithoutEnd: it must not take all of the time.
func TestNetplanNestedWithoutEnd(t *testing.T) {
	t.Parallel()
	found := readNetplan("50-cloud-init.yaml", "network: "+strings.Repeat("[", 100_000))
	if !strings.Contains(found.Invalid, "nested") {
		t.Errorf("%+v", found)
	}
}
