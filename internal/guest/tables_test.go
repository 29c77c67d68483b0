package guest

import (
	"strings"
	"testing"
)

func TestSwapFiles(t *testing.T) {
	t.Parallel()
	got := ParseTables("/swapfile none swap sw 0 0\n/dev/sda5 none swap sw 0 0\nUUID=1 none swap sw\n/var/swap swap swap defaults\n/a /b ext4 loop\n", "").SwapFiles()
	if strings.Join(got, " ") != "/swapfile /var/swap" {
		t.Errorf("swap files %q", got)
	}
}
