package testguest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Key is an SSH key pair.
type Key struct {
	File   string // of the private key
	Public string // the line of the .pub file
}

// NewKey makes a key pair without a passphrase in a directory.
func NewKey(ctx context.Context, directory string) (Key, error) {
	file := filepath.Join(directory, "key")
	out, err := exec.CommandContext(ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test@host", "-f", file).CombinedOutput()
	if err != nil {
		return Key{}, fmt.Errorf("making an SSH key (Debian: openssh-client): %w: %s", err, out)
	}
	public, err := os.ReadFile(file + ".pub")
	return Key{File: file, Public: strings.TrimSpace(string(public))}, err
}

// FreePort is a TCP port of the host's loopback address that nobody listens on.
func FreePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.Join(fmt.Errorf("%v is no TCP address", listener.Addr()), listener.Close())
	}
	return address.Port, listener.Close()
}

// Login is an account of a running guest, reached over a Forward.
type Login struct {
	User string
	Key  Key
	Port int // the Forward's host port
}

// sshFailed is the exit status of ssh where it could not log in.
const sshFailed = 255

// Run runs a script in the account's shell and returns all that it prints. It
// tries to log in until ctx ends: sshd may be up later than the login prompt.
func (l Login) Run(ctx context.Context, script string) (string, error) {
	var last error
	for {
		out, err := exec.CommandContext(ctx, "ssh", "-i", l.Key.File, "-p", strconv.Itoa(l.Port),
			"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
			"-o", "LogLevel=ERROR", "-o", "ConnectTimeout=20", l.User+"@127.0.0.1", script).CombinedOutput()
		var exit *exec.ExitError
		if err == nil || errors.As(err, &exit) && exit.ExitCode() > 0 && exit.ExitCode() != sshFailed {
			return string(out), err
		}
		if ctx.Err() == nil {
			last = fmt.Errorf("logging in as %s: %w: %s", l.User, err, out)
		}
		select {
		case <-ctx.Done():
			return "", errors.Join(ctx.Err(), last)
		case <-time.After(time.Second):
		}
	}
}
