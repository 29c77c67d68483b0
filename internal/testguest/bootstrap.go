package testguest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

// mirror is where packages come from.
const mirror = "http://deb.debian.org/debian"

// basePackages are in every guest; recipes add kernel, boot loader, network
// and initramfs tools.
var basePackages = []string{
	"systemd-sysv", "udev", "kmod", "dbus", "iproute2", "login", "passwd",
	"util-linux", "procps", "zstd", "openssh-server",
}

const bootstrapTarName = "root.tar"

// bootstrap returns the tarball of the bootstrap, making it if it is not cached.
func bootstrap(ctx context.Context, dir string, b Bootstrap, log io.Writer) (string, error) {
	name := fmt.Sprintf("bootstrap-%s-%s", b.Suite, b.Key())
	folder, err := cached(ctx, dir, name, func(temporary string) error {
		files := maps.Clone(b.Files)
		if files == nil {
			files = map[string]File{}
		}
		files[setupPath] = File{Content: strings.Join(b.Commands, "\n") + "\n", Mode: 0o700}
		overlay := filepath.Join(temporary, "overlay.tar")
		if err := writeTarFile(overlay, files); err != nil {
			return err
		}
		if err := mmdebstrap(ctx, log, mmdebstrapArgs(b, overlay, filepath.Join(temporary, bootstrapTarName))...); err != nil {
			return fmt.Errorf("bootstrapping %s: %w", b.Suite, err)
		}
		return os.Remove(overlay)
	})
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, bootstrapTarName), nil
}

// mmdebstrap makes a root file system. A mirror may be weeks behind a suite: what it
// has is signed all the same. That is how packages are fetched and not which, so that
// no recipe's key has it.
func mmdebstrap(ctx context.Context, log io.Writer, args ...string) error {
	return run(ctx, log, nil, "mmdebstrap", append([]string{`--aptopt=Acquire::Check-Valid-Until "false"`}, args...)...)
}

func mmdebstrapArgs(b Bootstrap, overlay, target string) []string {
	args := []string{"--variant=minbase"}
	for _, folder := range []string{"doc", "man", "info", "locale"} {
		args = append(args, "--dpkgopt=path-exclude=/usr/share/"+folder+"/*")
	}
	packages := append(append([]string{}, basePackages...), b.Packages...)
	return append(args,
		"--include="+strings.Join(packages, ","),
		"--customize-hook=tar-in "+overlay+" /",
		`--customize-hook=chroot "$1" /bin/sh -eux `+setupPath,
		`--customize-hook=rm "$1`+setupPath+`"`,
		string(b.Suite), target, mirror)
}

func writeTarFile(name string, files map[string]File) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	return writeTar(f, files)
}
