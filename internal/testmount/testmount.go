//go:build linux

// Package testmount mounts file systems for tests that lack what the ordinary
// one has. A test is skipped where they cannot be mounted: that takes root, and
// for some of them FUSE, a loop device, or a package.
package testmount

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FileSystem is a kind of file system. Directory mounts one and returns a
// directory in it that is removed, with the mount, at the end of the test.
type FileSystem struct {
	Name      string
	Directory func(t *testing.T) string
	// KeepsModes says whether files there have modes of their own.
	KeepsModes bool
	// HidesOpenFiles says whether a file that is deleted while it is open stays
	// in its directory under another name.
	HidesOpenFiles bool
}

// All are the kinds that files can be published on.
func All() []FileSystem {
	return []FileSystem{
		{Name: "ordinary", Directory: func(t *testing.T) string { return t.TempDir() }, KeepsModes: true},
		{Name: "tmpfs", Directory: func(t *testing.T) string { return Tmpfs(t, "size=64m") }, KeepsModes: true},
		{Name: "bindfs", Directory: Bindfs, KeepsModes: true, HidesOpenFiles: true},
		{Name: "exFAT", Directory: ExFAT, HidesOpenFiles: true},
	}
}

// Tmpfs mounts a file system in memory.
func Tmpfs(t *testing.T, options string) string {
	t.Helper()
	at := place(t)
	TmpfsAt(t, at, options)
	return at
}

// TmpfsAt mounts a file system in memory at a directory, until the returned
// function is called or the test ends.
func TmpfsAt(t *testing.T, at, options string) (unmount func()) {
	t.Helper()
	mount(t, at, "mount", "-t", "tmpfs", "-o", options, "tmpfs", at)
	return func() {
		t.Helper()
		run(t, "umount", at)
	}
}

// Bindfs mounts a directory through FUSE: it cannot rename without replacing,
// knows no birth times, and a file that is deleted while it is open stays under
// another name, as on NFS.
func Bindfs(t *testing.T) string {
	t.Helper()
	needs(t, "/dev/fuse")
	behind, at := t.TempDir(), place(t)
	mount(t, at, "bindfs", behind, at)
	return at
}

// ExFAT mounts a new exFAT through FUSE. It lacks what bindfs lacks, hard links
// and modes, too, and numbers its files anew with each mount.
func ExFAT(t *testing.T) string {
	t.Helper()
	needs(t, "/dev/fuse")
	needs(t, "/dev/loop-control")
	image, at := filepath.Join(t.TempDir(), "exfat"), place(t)
	file, err := os.Create(image)
	if err == nil {
		err = file.Truncate(64 << 20)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	run(t, "mkfs.exfat", image)
	device := strings.TrimSpace(run(t, "losetup", "--find", "--show", image))
	// Detached while it is mounted, it goes with the mount.
	defer run(t, "losetup", "--detach", device)
	mount(t, at, "mount.exfat-fuse", device, at)
	return at
}

// ReadOnly makes what is at the directory unwritable for everybody, root
// included, until the returned function is called or the test ends.
func ReadOnly(t *testing.T, directory string) (writable func()) {
	t.Helper()
	mount(t, directory, "mount", "--bind", directory, directory)
	run(t, "mount", "-o", "remount,bind,ro", directory)
	return func() {
		t.Helper()
		run(t, "mount", "-o", "remount,bind,rw", directory)
	}
}

func place(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to mount a file system")
	}
	at := filepath.Join(t.TempDir(), "mount")
	if err := os.Mkdir(at, 0o755); err != nil {
		t.Fatal(err)
	}
	return at
}

func needs(t *testing.T, device string) {
	t.Helper()
	if _, err := os.Stat(device); err != nil {
		t.Skipf("needs %s, to mount a file system", device)
	}
}

// mount mounts, or skips the test where nothing can be mounted at all.
func mount(t *testing.T, at string, command ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to mount a file system")
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", at).CombinedOutput(); err != nil {
		t.Skipf("nothing can be mounted here: %v: %s", err, out)
	}
	run(t, "umount", at)
	run(t, command...)
	t.Cleanup(func() { unmount(t, at) })
}

// unmount waits for processes that are just ending.
func unmount(t *testing.T, at string) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		out, err := exec.Command("umount", at).CombinedOutput()
		if err == nil || exec.Command("mountpoint", "--quiet", at).Run() != nil { // a test may have unmounted it
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Errorf("umount %s: %v: %s", at, err, out)
			_ = exec.Command("umount", "--lazy", at).Run()
			return
		}
	}
}

func run(t *testing.T, command ...string) string {
	t.Helper()
	if _, err := exec.LookPath(command[0]); err != nil {
		t.Skipf("needs the program %s", command[0])
	}
	cmd := exec.Command(command[0], command[1:]...)
	// A file system that goes on in the background must not hold a pipe open.
	out, err := os.CreateTemp(t.TempDir(), "output")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close() //nolint:errcheck // only read again by name
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	said, _ := os.ReadFile(out.Name())
	if err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(command, " "), err, said)
	}
	return string(said)
}
