package qemuimg

import (
	"context"
	"fmt"
	"strings"
)

// Version is the version of the qemu-img that is found on the path, such as
// "7.2.22".
func Version(ctx context.Context) (string, error) {
	c := command{action: "asking qemu-img for its version", args: []string{"--version"}}
	stdout, err := c.output(ctx)
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(string(stdout), "version ")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return "", fmt.Errorf("%s: unexpected answer %q", c.action, shorten(string(stdout)))
	}
	return fields[0], nil
}
