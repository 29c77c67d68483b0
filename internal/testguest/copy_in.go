package testguest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// CopyIn writes files, by their paths, into the guest on a disk, with the modes
// that they have there or 0644.
func CopyIn(ctx context.Context, disk BootDisk, files map[string]File) error {
	work, err := os.MkdirTemp("", "copy-in-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }() // in the system's folder for temporary files
	args := []string{"--rw", "--format=" + disk.FormatName(), "--add", disk.Path, "--inspector"}
	for n, name := range slices.Sorted(maps.Keys(files)) {
		local := filepath.Join(work, fmt.Sprint(n))
		if err := os.WriteFile(local, []byte(files[name].Content), 0o600); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
		mode := files[name].Mode
		if mode == 0 {
			mode = 0o644
		}
		if n > 0 {
			args = append(args, ":")
		}
		args = append(args, "mkdir-p", path.Dir(name), ":", "upload", local, name, ":", "chmod", fmt.Sprintf("0%o", mode), name)
	}
	if err := run(ctx, io.Discard, applianceEnv, "guestfish", args...); err != nil {
		return fmt.Errorf("copying files into a guest: %w", err)
	}
	return nil
}
