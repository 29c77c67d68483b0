package manifest

import (
	"errors"
	"io"
	"os"
	"slices"
)

func (f Fix) checkDrivers(c *collector) {
	if !slices.Contains(BlockDrivers, f.BlockDriver) {
		c.add("pipeline.fix.block_driver", "unknown block driver %q: %s", f.BlockDriver, oneOf(string(f.BlockDriver), BlockDrivers))
	}
	if hasControl(f.VirtioWin) {
		c.add("pipeline.fix.virtio_win", "%q holds a control character", f.VirtioWin)
	}
}

// checkHost looks whether the drivers are there. What they are is known when the
// guest is.
func (f Fix) checkHost(c *collector) {
	const path = "pipeline.fix.virtio_win"
	if f.VirtioWin == "" || !f.Enabled {
		return
	}
	file, err := os.Open(f.VirtioWinPath())
	if err != nil {
		c.add(path, "virtio-win cannot be opened: %v: name its ISO image, or a directory with its content, on the host that migrates", err)
		return
	}
	defer func() { _ = file.Close() }()
	switch info, err := file.Stat(); {
	case err != nil:
		c.add(path, "virtio-win cannot be used: %v", err)
	case info.IsDir():
		if _, err := file.Readdirnames(1); err != nil && !errors.Is(err, io.EOF) {
			c.add(path, "virtio-win cannot be read: %v", err)
		}
	case !isDisk(info.Mode()):
		c.add(path, "%s is neither an ISO image nor a directory", f.VirtioWinPath())
	}
}
