// Package qemuimgtest compares images for tests.
package qemuimgtest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
)

// Compare reads two images in full. Where they differ, detail says where
// first. An image that is longer than the other by zeroes alone is the same.
func Compare(ctx context.Context, a, b qemuimg.Image) (same bool, detail string, err error) {
	first, err := a.Filename()
	if err != nil {
		return false, "", err
	}
	second, err := b.Filename()
	if err != nil {
		return false, "", err
	}
	var messages strings.Builder
	cmd := exec.CommandContext(ctx, "qemu-img", "compare", "-U", "-f", a.Format, "-F", b.Format, first, second)
	cmd.Stderr = &messages
	stdout, err := cmd.Output()
	var exit *exec.ExitError
	if err == nil || errors.As(err, &exit) && exit.ExitCode() == 1 {
		return err == nil, strings.TrimSpace(string(stdout)), nil
	}
	return false, "", fmt.Errorf("comparing %s with %s: %w: %s", a.Path, b.Path, err, messages.String())
}
