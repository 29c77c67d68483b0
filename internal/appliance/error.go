//go:build cgo && linux

package appliance

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"syscall"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/imagename"
)

var (
	errClosed = errors.New("the session is closed")
	errLaunch = errors.New("the appliance's QEMU ended or its kernel did not come up (libguestfs-test-tool shows the details)")
	errDied   = errors.New("the libguestfs appliance ended unexpectedly: its QEMU died or was killed")

	errNoRegularFile = errors.New("it is no regular file")
)

// maxMessage bounds what is quoted of a program's output, in bytes.
const maxMessage = 2000

// cleanError turns an error of the binding into one that says the cause alone:
// the caller adds what was tried, and on what.
func cleanError(err error) error {
	var failure *guestfs.GuestfsError
	if !errors.As(err, &failure) {
		return err
	}
	message, _, _ := strings.Cut(failure.Errmsg, "\nTo see full error messages you may need to enable debugging")
	message = strings.TrimSpace(imagename.Plain(message))
	for _, sign := range []string{"closed the connection unexpectedly", "unexpected end of file when reading from daemon", "call launch before using"} {
		if strings.Contains(message, sign) {
			return errDied
		}
	}
	if endsWith(message, failure.Errno) {
		return failure.Errno
	}
	if fileCalls[failure.Op] {
		for _, errno := range fileErrors {
			if endsWith(message, errno) {
				return errno
			}
		}
	}
	if strings.Contains(message, "guestfs_launch failed") {
		return errLaunch
	}
	message = strings.TrimPrefix(message, failure.Op+": ")
	// The daemon calls what it runs by an internal name: "command_out", "sh_out".
	message = internalName.ReplaceAllString(message, "")
	// Inside the appliance the guest's root is /sysroot.
	message = strings.ReplaceAll(message, "/sysroot/", "/")
	message = strings.ReplaceAll(message, "/sysroot", "/")
	if len(message) > maxMessage {
		message = "..." + message[len(message)-maxMessage:]
	}
	if message == "" {
		message = "libguestfs gave no reason"
	}
	if failure.Errno != 0 {
		return &causeError{message, failure.Errno}
	}
	return errors.New(message)
}

// fileCalls fail with a text alone where the appliance runs a program for them.
var fileCalls = map[string]bool{"ln_s": true, "rm_rf": true}

var fileErrors = []syscall.Errno{
	syscall.ENOENT, syscall.EEXIST, syscall.EISDIR, syscall.ENOTDIR, syscall.ELOOP, syscall.EROFS, syscall.ENOSPC,
}

func endsWith(message string, errno syscall.Errno) bool {
	return errno != 0 && strings.HasSuffix(strings.ToLower(message), errno.Error())
}

var internalName = regexp.MustCompile(`^[a-z0-9_]+_(?:out|stub): `)

// causeError is a message with the errno that came with it.
type causeError struct {
	message string
	errno   syscall.Errno
}

func (e *causeError) Error() string { return e.message }
func (e *causeError) Unwrap() error { return e.errno }

// describe adds what was tried to an error.
func describe(action, object string, err error) error {
	if err == nil {
		return nil
	}
	if object == "" {
		return fmt.Errorf("%s: %w", action, err)
	}
	return fmt.Errorf("%s %s in the guest: %w", action, object, err)
}
