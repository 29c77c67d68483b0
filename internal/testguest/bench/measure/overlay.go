package measure

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// overlayOf is the trimmed overlay that a migration converts, kept by a run
// that fixes and does not convert. The disk is qcow2 and lies beside it.
func (b *Bench) overlayOf(ctx context.Context, base string) (string, error) {
	folder := b.path("overlay")
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		return "", err
	}
	below := filepath.Join(folder, "base.qcow2")
	if err := os.Rename(base, below); err != nil {
		return "", err
	}
	b.logf("making the overlay that is converted")
	m := migration{sourceType: "qcow2", source: below, pipeline: object{"inspect": object{}, "fix": object{}}, directory: folder}
	if _, err := b.migrate(ctx, m); err != nil {
		return "", err
	}
	found, err := filepath.Glob(filepath.Join(folder, "*.overlay.qcow2"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("the fixed overlay is not in %s: found %v", folder, found)
	}
	if err := warm(below); err != nil {
		return "", err
	}
	return found[0], warm(found[0])
}

// guestAsQCOW2 is a copy of the guest's disk.
func (b *Bench) guestAsQCOW2(ctx context.Context) (string, error) {
	guest, err := b.guest(ctx, flagship)
	if err != nil {
		return "", err
	}
	copied := b.path("copy.qcow2")
	return copied, b.plain(ctx, "qemu-img", "convert", "-f", "vmdk", "-O", "qcow2", "-W", "-m", "16", guest, copied)
}
