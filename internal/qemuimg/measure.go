package qemuimg

import (
	"context"
	"encoding/json"
	"fmt"
)

// Measure computes how many bytes of disk an uncompressed copy in the given
// format takes at once. For vdi, which QEMU does not measure, and which allocates
// in units of 1 MiB, it is a lower bound.
func Measure(ctx context.Context, source Image, format string, layout Layout) (int64, error) {
	filename, err := source.Filename()
	if err != nil {
		return 0, err
	}
	// What a sparse file of another format takes is nearly what qcow2 does.
	// QEMU itself would tell the length of the file.
	measured := "qcow2"
	if layout.fills() {
		measured = format
	}
	args := []string{"measure", "--output=json", "-f", source.Format, "-O", measured}
	c := command{
		action: fmt.Sprintf("measuring %s as %s", source.Path, format),
		args:   append(append(args, Layout{ClusterSize: layout.ClusterSize}.options(format)...), filename),
		limits: &tableLimits,
	}
	stdout, err := c.output(ctx)
	if err != nil {
		return 0, err
	}
	var sizes struct {
		Required       int64 `json:"required"`
		FullyAllocated int64 `json:"fully-allocated"`
	}
	if err := json.Unmarshal(stdout, &sizes); err != nil {
		return 0, fmt.Errorf("%s: qemu-img printed no valid JSON: %w", c.action, err)
	}
	if layout.fills() {
		return sizes.FullyAllocated, nil
	}
	return sizes.Required, nil
}
