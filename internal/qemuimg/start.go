package qemuimg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ReadStart returns the first length bytes of what a guest sees of an image,
// whose virtual size must not be less. It needs a directory to write to for a
// moment.
func ReadStart(ctx context.Context, image Image, length int64, directory string) (_ []byte, err error) {
	node, err := image.node()
	if err != nil {
		return nil, err
	}
	window, err := json.Marshal(map[string]any{"driver": "raw", "offset": 0, "size": length, "file": node})
	if err != nil {
		return nil, fmt.Errorf("describing %s to QEMU: %w", image.Path, err)
	}
	directory, err = os.MkdirTemp(directory, "start-")
	if err != nil {
		return nil, fmt.Errorf("making room for the start of %s: %w", image.Path, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(directory)) }()
	copied := filepath.Join(directory, "start.raw")
	c := command{
		action: "reading the start of " + image.Path,
		args:   []string{"dd", "-f", "raw", "-O", "raw", fmt.Sprintf("bs=%d", length), "count=1", "if=json:" + string(window), "of=" + copied},
		limits: &headerLimits,
	}
	if _, err := c.output(ctx); err != nil {
		return nil, err
	}
	return os.ReadFile(copied)
}
