package pluginprocess

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

const (
	// socketVariable is where go-plugin looks for the directory of the socket on
	// which it serves Terraform (its EnvUnixSocketDir).
	socketVariable = "PLUGIN_UNIX_SOCKET_DIR"
	// cookieVariable is what a provider is started with, to serve Terraform.
	cookieVariable = "TF_PLUGIN_MAGIC_COOKIE"
	// socketPrefix begins the names of the directories for such sockets.
	socketPrefix = "hyper2kvm-plugin-"
	// maxSocketPath is the length in bytes that an address may have on Linux, and
	// socketName the longest name that go-plugin gives.
	maxSocketPath = 107
	socketName    = "plugin4294967295"
)

// OwnSocketDirectory lets go-plugin make its socket in a directory of this
// process alone, which is locked while the process lives. go-plugin removes a
// socket when it ends in order; what killed providers left, the next one finds
// by the directory and removes. release removes this process's own. Where no
// such directory can be made, the socket is where go-plugin puts it.
func OwnSocketDirectory() (release func()) {
	nothing := func() {}
	if os.Getenv(socketVariable) != "" || os.Getenv(cookieVariable) == "" {
		return nothing // whoever starts the provider knows better, or it is not Terraform
	}
	parent := os.TempDir()
	sweepSockets(parent)
	directory, lock := newSocketDirectory(parent)
	if lock == nil {
		return nothing
	}
	release = func() {
		_ = os.RemoveAll(directory)
		_ = lock.Close()
	}
	if len(filepath.Join(directory, socketName)) > maxSocketPath || os.Setenv(socketVariable, directory) != nil {
		release()
		return nothing
	}
	return release
}

// newSocketDirectory makes and locks a directory. The lock is nil if it cannot.
func newSocketDirectory(parent string) (string, *flock.Flock) {
	// A sweep may take the directory for a dead process's between mkdir and lock.
	for range 10 {
		directory, err := os.MkdirTemp(parent, socketPrefix)
		if err != nil {
			return "", nil
		}
		lock, err := lockDirectory(directory)
		if lock != nil {
			return directory, lock
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			_ = os.Remove(directory)
			return "", nil
		}
	}
	return "", nil
}

// lockDirectory returns nil without an error when another process has the lock.
func lockDirectory(directory string) (*flock.Flock, error) {
	lock := flock.New(directory, flock.SetFlag(os.O_RDONLY))
	locked, err := lock.TryLock()
	if err != nil || !locked {
		return nil, errors.Join(err, lock.Close())
	}
	held, err := lock.Stat()
	if err == nil {
		var named fs.FileInfo
		if named, err = os.Lstat(directory); err == nil && !os.SameFile(held, named) {
			err = fs.ErrNotExist // removed between open and lock
		}
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// sweepSockets removes the socket directories of processes that were killed.
// What it may not remove is another user's.
func sweepSockets(parent string) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !entry.IsDir() || !strings.HasPrefix(entry.Name(), socketPrefix) {
			continue
		}
		directory := filepath.Join(parent, entry.Name())
		lock, err := lockDirectory(directory)
		if err != nil || lock == nil {
			continue
		}
		_ = os.RemoveAll(directory)
		_ = lock.Close()
	}
}
