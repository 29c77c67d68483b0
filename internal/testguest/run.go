package testguest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
)

// aptPackages names the Debian package of each program that is run.
var aptPackages = map[string]string{
	"mmdebstrap": "mmdebstrap",
	"guestfish":  "guestfish",
	"qemu-img":   "qemu-utils",
	"libvirtd":   "libvirt-daemon dnsmasq-base",
	"virtlogd":   "libvirt-daemon",
	"virsh":      "libvirt-clients",
}

// findProgram returns a program's path or an error that says how to get it.
func findProgram(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	// Users' PATH need not have the folder of daemons.
	if daemon, failed := exec.LookPath("/usr/sbin/" + name); failed == nil {
		return daemon, nil
	}
	return "", fmt.Errorf("%w: install it, on Debian: apt-get install %s", err, aptPackages[name])
}

// run runs a program to its end. Everything it prints goes to log; the end of
// it is in the error. The program's whole process group dies with ctx.
func run(ctx context.Context, log io.Writer, env []string, name string, args ...string) error {
	path, err := findProgram(name)
	if err != nil {
		return err
	}
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout = io.MultiWriter(log, &output)
	cmd.Stderr = cmd.Stdout
	if err := boot.RunOwned(cmd); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return fmt.Errorf("%s: %w: %s", name, err, tail(output.String(), 2000))
	}
	return nil
}

// tail returns the last bytes of text, from the start of a line where possible.
func tail(text string, limit int) string {
	text = strings.TrimSpace(text)
	if len(text) <= limit {
		return text
	}
	text = text[len(text)-limit:]
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		text = text[i+1:]
	}
	return "... " + text
}
