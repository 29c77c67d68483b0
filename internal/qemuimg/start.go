package qemuimg

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ReadStart returns the first length bytes of what a guest sees of an image,
// whose virtual size must not be less. For all but raw images it needs a
// directory to write to for a moment, which the caller removes: files that QEMU
// had open may stay there, on FUSE until the file system hears of their end.
func ReadStart(ctx context.Context, image Image, length int64, directory string) ([]byte, error) {
	if image.Format == "raw" {
		return readAt(image, length)
	}
	filename, err := image.Filename()
	if err != nil {
		return nil, err
	}
	directory, err = os.MkdirTemp(directory, "start-")
	if err != nil {
		return nil, fmt.Errorf("making a directory for the start of %s: %w", image.Path, err)
	}
	defer func() { _ = os.RemoveAll(directory) }()
	copied := filepath.Join(directory, "start.raw")
	c := command{
		action: "reading the start of " + image.Path,
		args:   []string{"dd", "-f", image.Format, "-O", "raw", fmt.Sprintf("bs=%d", length), "count=1", "if=" + filename, "of=" + copied},
		limits: &headerLimits,
	}
	if _, err := c.output(ctx); err != nil {
		return nil, err
	}
	return os.ReadFile(copied)
}

// readAt reads the start of a raw image where it lies.
func readAt(image Image, length int64) ([]byte, error) {
	file, err := os.Open(image.Path)
	if err != nil {
		return nil, fmt.Errorf("reading the start of %s: %w", image.Path, err)
	}
	defer func() { _ = file.Close() }()
	start := make([]byte, length)
	if _, err := io.ReadFull(io.NewSectionReader(file, image.Offset, length), start); err != nil {
		return nil, fmt.Errorf("reading the start of %s: %w", image.Path, err)
	}
	return start, nil
}
