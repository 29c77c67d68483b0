package pluginprocess

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
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
// by the directory and removes. release removes this process's own. The error
// says why no directory of this host can have the socket.
func OwnSocketDirectory() (release func(), err error) {
	nothing := func() {}
	if os.Getenv(cookieVariable) == "" {
		return nothing, nil // it is not Terraform that starts this
	}
	if given := os.Getenv(socketVariable); given != "" { // whoever starts the provider knows better
		if err := trySocket(given); err != nil {
			return nothing, fmt.Errorf("the socket for Terraform cannot be made in %s, which %s names (%w): unset that variable", given, socketVariable, err)
		}
		return nothing, nil
	}
	return ownSocketDirectory(socketParents())
}

// socketParents are where the directory may be, the best first.
func socketParents() []string {
	parents := []string{os.TempDir()}
	if runtime := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(runtime) {
		parents = append(parents, runtime)
	}
	for _, usual := range []string{"/tmp", "/var/tmp", "/dev/shm"} {
		if !slices.Contains(parents, usual) {
			parents = append(parents, usual)
		}
	}
	return parents
}

// ownSocketDirectory makes it in the first of the parents that can have it.
func ownSocketDirectory(parents []string) (release func(), err error) {
	for _, parent := range parents { // any of them may have served before
		sweepSockets(parent)
	}
	var refused []string
	for _, parent := range parents {
		directory, lock, err := newSocketDirectory(parent)
		if err != nil {
			refused = append(refused, fmt.Sprintf("%s (%v)", parent, err))
			continue
		}
		release = func() {
			_ = os.RemoveAll(directory)
			_ = lock.Close()
		}
		if err = trySocket(directory); err == nil {
			err = os.Setenv(socketVariable, directory)
		}
		if err == nil {
			return release, nil
		}
		release()
		refused = append(refused, fmt.Sprintf("%s (%v)", parent, err))
	}
	return func() {}, fmt.Errorf("the socket for Terraform can be made in none of these directories: %s; "+
		"let TMPDIR name a directory with a short path that this user may write", strings.Join(refused, ", "))
}

// trySocket makes a socket as go-plugin will. Not every file system has such.
func trySocket(directory string) error {
	path := filepath.Join(directory, socketName)
	if len(path) > maxSocketPath {
		return fmt.Errorf("a socket's path there has %d bytes, and %d are possible", len(path), maxSocketPath)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return cause(err)
	}
	return listener.Close()
}

// cause is the innermost error, without the names that it is wrapped in.
func cause(err error) error {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err
}

// newSocketDirectory makes and locks a directory.
func newSocketDirectory(parent string) (string, *flock.Flock, error) {
	// A sweep may take the directory for a dead process's between mkdir and lock.
	for range 10 {
		directory, err := os.MkdirTemp(parent, socketPrefix)
		if err != nil {
			return "", nil, cause(err)
		}
		lock, err := lockDirectory(directory)
		if lock != nil {
			return directory, lock, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			_ = os.Remove(directory)
			return "", nil, cause(err)
		}
	}
	return "", nil, errors.New("other processes take what is made there")
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
