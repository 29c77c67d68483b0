package testguest

import (
	"archive/tar"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// overlayFiles returns every file that the recipe adds to the bootstrap, by
// absolute path. What the recipe itself lists wins.
func overlayFiles(r Recipe) map[string]File {
	files := map[string]File{
		"/etc/hostname":   {Content: r.Hostname + "\n"},
		"/etc/hosts":      {Content: "127.0.0.1\tlocalhost\n127.0.1.1\t" + r.Hostname + "\n"},
		"/etc/fstab":      {Content: r.Layout.fstab(r.Name)},
		"/etc/machine-id": {Content: strings.ReplaceAll(deriveUUID(r.Name, "machine-id"), "-", "") + "\n", Mode: 0o444},
		"/usr/local/sbin/testguest-probe": {
			Content: probeScript, Mode: 0o755,
		},
		"/etc/systemd/system/" + probeUnitName: {Content: probeUnit},
		setupPath:                              {Content: setupScript(r), Mode: 0o700},
	}
	switch r.loader() {
	case GRUB:
		files["/etc/default/grub"] = File{Content: r.grubDefault()}
	case SystemdBoot:
		files["/etc/kernel/cmdline"] = File{Content: r.kernelCommandLine() + "\n"}
	}
	if text := r.Layout.crypttab(); text != "" {
		files["/etc/crypttab"] = File{Content: text, Mode: 0o600}
	}
	maps.Copy(files, r.Files)
	return files
}

// writeTar writes files as a tar archive owned by root, with the folders that
// they lie in.
func writeTar(w io.Writer, files map[string]File) error {
	archive := tar.NewWriter(w)
	made := map[string]bool{"/": true}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !path.IsAbs(name) || path.Clean(name) != name {
			return fmt.Errorf("file %q: not a clean absolute path", name)
		}
		for _, dir := range parents(name) {
			if made[dir] {
				continue
			}
			made[dir] = true
			header := &tar.Header{Typeflag: tar.TypeDir, Name: "." + dir + "/", Mode: 0o755, ModTime: time.Unix(1, 0)}
			// These folders have modes of their own in the bootstrap.
			if dir == "/root" {
				header.Mode = 0o700
			}
			if err := archive.WriteHeader(header); err != nil {
				return fmt.Errorf("adding folder %s: %w", dir, err)
			}
		}
		file := files[name]
		mode := file.Mode
		if mode == 0 {
			mode = 0o644
		}
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: "." + name, Mode: mode,
			Size: int64(len(file.Content)), ModTime: time.Unix(1, 0),
		}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("adding %s: %w", name, err)
		}
		if _, err := io.WriteString(archive, file.Content); err != nil {
			return fmt.Errorf("adding %s: %w", name, err)
		}
	}
	return archive.Close()
}

// parents returns the folders above name, outermost first.
func parents(name string) []string {
	var dirs []string
	for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) {
		dirs = append(dirs, dir)
	}
	slices.Reverse(dirs)
	return dirs
}
