package testguest

import (
	"context"
	"fmt"
	"io"
)

// CopyOut copies the files of a guest whose paths match a shell pattern into a
// directory. The guest's disks are only read.
func CopyOut(ctx context.Context, disks []BootDisk, pattern, directory string) error {
	args := []string{"--ro"}
	for _, disk := range disks {
		args = append(args, "--format="+disk.FormatName(), "--add", disk.Path)
	}
	args = append(args, "--inspector", "glob", "copy-out", pattern, directory)
	if err := run(ctx, io.Discard, applianceEnv, "guestfish", args...); err != nil {
		return fmt.Errorf("copying %s out of a guest: %w", pattern, err)
	}
	return nil
}
