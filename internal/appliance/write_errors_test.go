//go:build linux

package appliance

import (
	"errors"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testmount"
)

// TestWriteErrors: what was written and is lost is told apart from what could not be
// read or discarded, which whoever asked for it hears of.
func TestWriteErrors(t *testing.T) {
	t.Parallel()
	const quiet = "[    1.0] EXT4-fs (sda1): mounted filesystem\n"
	for line, want := range map[string]bool{
		"[    9.1] critical space allocation error, dev sda, sector 526336 op 0x1:(WRITE) flags 0x4000 phys_seg 5 prio class 2": true,
		"[    9.1] I/O error, dev sdb, sector 2048 op 0x1:(WRITE) flags 0x800 phys_seg 1 prio class 2":                          true,
		"[    9.1] blk_update_request: I/O error, dev sda, sector 64 op 0x1:(WRITE) flags 0x0 phys_seg 1 prio class 0":          true,
		"[    9.1] Buffer I/O error on dev dm-0, logical block 34, lost async page write":                                       true,
		"[    9.1] Buffer I/O error on dev sda1, logical block 1, lost sync page write":                                         true,
		"[    9.1] I/O error, dev sda, sector 0 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 2":                            false,
		"[    9.1] critical target error, dev sda, sector 0 op 0x3:(DISCARD) flags 0x800 phys_seg 1 prio class 2":               false,
		"[    9.1] Buffer I/O error on dev sr0, logical block 0, async page read":                                               false,
	} {
		if got := writeErrors(quiet + line + "\n" + quiet); (len(got) == 1 && got[0] == line) != want || len(got) > 1 {
			t.Errorf("%s: %q", line, got)
		}
	}
	many := strings.Repeat("lost async page write\n", 9)
	if got := writeErrors(many); len(got) != maxWriteErrors {
		t.Errorf("of many: %q", got)
	}
}

func TestExplainFull(t *testing.T) {
	t.Parallel()
	roomy, narrow := t.TempDir()+"/a.qcow2", testmount.Tmpfs(t, "size=512k")
	cause := errors.New("input/output error")
	if err := explainFull(cause, []string{roomy}); !errors.Is(err, cause) || err.Error() != cause.Error() {
		t.Errorf("with room: %v", err)
	}
	if err := explainFull(nil, []string{narrow + "/a.qcow2"}); err != nil {
		t.Errorf("where nothing failed: %v", err)
	}
	err := explainFull(cause, []string{roomy, narrow + "/b.qcow2"})
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), "no space left in "+narrow) || remedy.Of(err) == "" {
		t.Errorf("without room: %v, %q", err, remedy.Of(err))
	}
}
