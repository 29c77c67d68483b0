package qemuimg

import (
	"context"
	"encoding/json"
	"fmt"
)

// vdiBlock is the unit in which VDI allocates, in bytes.
const vdiBlock = 1 << 20

// Measure computes how many bytes an uncompressed copy in the given format
// takes at once, and how many when the guest has filled it. For vdi, which
// QEMU does not measure, required is a lower bound.
func Measure(ctx context.Context, source Image, format string) (required, fullyAllocated int64, err error) {
	filename, err := source.Filename()
	if err != nil {
		return 0, 0, err
	}
	measured := format
	if format == "vdi" {
		measured = "raw"
	}
	c := command{
		action: fmt.Sprintf("measuring %s as %s", source.Path, format),
		args:   []string{"measure", "--output=json", "-f", source.Format, "-O", measured, filename},
		limits: &tableLimits,
	}
	stdout, err := c.output(ctx)
	if err != nil {
		return 0, 0, err
	}
	var sizes struct {
		Required       int64 `json:"required"`
		FullyAllocated int64 `json:"fully-allocated"`
	}
	if err := json.Unmarshal(stdout, &sizes); err != nil {
		return 0, 0, fmt.Errorf("%s: qemu-img printed no valid JSON: %w", c.action, err)
	}
	if format == "vdi" {
		blocks := (sizes.FullyAllocated + vdiBlock - 1) / vdiBlock
		header := vdiBlock + 4*blocks
		return sizes.Required + header, blocks*vdiBlock + header, nil
	}
	return sizes.Required, sizes.FullyAllocated, nil
}
