package bootloader

import (
	"strings"
	"testing"
	"time"
)

// A guest may hold a hostile file of any shape.
func TestEditsTakeLinearTime(t *testing.T) {
	t.Parallel()
	start := time.Now()
	for _, unit := range []string{"a", "\"", "'", "\\", "{\n", "linux a root=/dev/sda2\n", "search --fs-uuid x\n", "/", "\n"} {
		long := strings.Repeat(unit, 1<<18/len(unit))
		editGrubConfig(long, testScope)
		editGrubLegacy(long, testScope)
		editSyslinux(long, testScope)
		editGrubenv(padGrubenv(grubenvSignature+long), testScope)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %s", took)
	}
}
