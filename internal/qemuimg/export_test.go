package qemuimg

import (
	"context"
	"fmt"
	"strings"
)

// Compare reads two images in full. Where they differ, detail says where
// first. An image that is longer than the other by zeroes alone is the same.
func Compare(ctx context.Context, a, b Image) (same bool, detail string, err error) {
	first, err := a.Filename()
	if err != nil {
		return false, "", err
	}
	second, err := b.Filename()
	if err != nil {
		return false, "", err
	}
	c := command{
		action: fmt.Sprintf("comparing %s with %s", a.Path, b.Path),
		args:   []string{"compare", "-U", "-f", a.Format, "-F", b.Format, first, second},
	}
	stdout, code, err := c.run(ctx)
	if code == 0 || code == 1 {
		return code == 0, strings.TrimSpace(string(stdout)), nil
	}
	return false, "", err
}
