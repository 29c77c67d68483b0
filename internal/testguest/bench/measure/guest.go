package measure

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// The guests, as testguest names them.
const (
	flagship      = "debian12-bios-sda1"
	withoutVirtio = "debian12-bios-no-virtio"
)

// guest is the path of a guest's disk, a VMDK that is never written. Building it
// takes minutes; it is cached.
func (b *Bench) guest(ctx context.Context, name string) (string, error) {
	cmd := exec.CommandContext(ctx, b.Testguest, "build", name)
	cmd.Stderr = os.Stderr
	output, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("building the guest %s: %w", name, err)
	}
	return strings.TrimSpace(string(output)), nil
}

// warmGuest is the path of a guest's disk, which is in the page cache.
func (b *Bench) warmGuest(ctx context.Context, name string) (string, error) {
	guest, err := b.guest(ctx, name)
	if err != nil {
		return "", err
	}
	return guest, warm(guest)
}

// warm reads a file, so that all ways find it in the page cache.
func warm(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	_, err = io.Copy(io.Discard, file)
	return err
}
