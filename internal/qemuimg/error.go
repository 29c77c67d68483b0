package qemuimg

import (
	"errors"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/imagename"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// ErrNoSpace is what a write that found its file system full satisfies.
var ErrNoSpace = errors.New("no space left on device")

// ErrCorrupt is what an image that fails its own consistency check satisfies.
var ErrCorrupt = errors.New("the image is corrupt")

// ErrUnreplayedLog is what an image satisfies whose log holds writes that are
// not in their place yet, as after a crash.
var ErrUnreplayedLog = errors.New("the image's log was not replayed")

// ErrUnsupported is what an image satisfies that QEMU cannot read although
// nothing says that it is damaged.
var ErrUnsupported = errors.New("QEMU does not support that kind of image")

// Error is a failed run of qemu-img.
type Error struct {
	// Action is what was being done, to which file.
	Action string
	// Stderr is what qemu-img had to say, shortened.
	Stderr string
	Err    error
}

func (e *Error) Error() string {
	if e.Stderr != "" {
		return e.Action + ": " + e.Stderr
	}
	return e.Action + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// causes are messages of QEMU that tell why it failed, with the error that they
// satisfy and what to do about it. The first that fits holds.
var causes = []struct {
	texts  []string
	is     error
	remedy string
}{
	{
		[]string{"No space left on device", "Disk quota exceeded"}, ErrNoSpace,
		"free space in the file system that is written to, or choose another one",
	},
	{
		[]string{"Permission denied"}, nil,
		"give the user who runs the migration access to the file and to every directory above it",
	},
	{
		[]string{"log that needs to be replayed"}, ErrUnreplayedLog,
		"shut the virtual machine down cleanly and copy the disk again, or let QEMU replay the log in a copy of it: qemu-img check -r all COPY",
	},
	{
		[]string{"Is another process using the image"}, nil,
		"another process has the file open: shut the virtual machine down that uses it, and try again",
	},
	{
		[]string{"Cannot allocate memory", "Too many open files"}, nil,
		"the host or a limit on this process is at its end: free memory, raise the limit, or run fewer migrations at once",
	},
	{
		[]string{"points after EOF"}, ErrCorrupt,
		"the file ends before its data: compare its size and checksum with the original's, and copy or export it again",
	},
	{
		[]string{"not supported", "nsupported"}, ErrUnsupported,
		"convert the image with the tools of the program that made it, or try a newer qemu-img",
	},
	{
		[]string{"error while reading", "Could not read", "Input/output error"}, nil,
		"a part of the file cannot be read: look into the kernel's log for errors of its medium or network; " +
			"if there are none, the file is damaged or incomplete: compare it with the original, and copy or export it again where they differ",
	},
}

// newError is an *Error with the remedy of its cause, if that is known.
func newError(action, stderr string, err error) error {
	e := &Error{Action: action, Stderr: shorten(stderr), Err: err}
	for _, cause := range causes {
		if !slices.ContainsFunc(cause.texts, func(text string) bool { return strings.Contains(stderr, text) }) {
			continue
		}
		if cause.is != nil {
			e.Err = errors.Join(cause.is, err)
		}
		return remedy.With(e, cause.remedy)
	}
	return e
}

// maxStderr is how much of a message people get to read, in bytes.
const maxStderr = 600

// shorten joins the lines of a message of qemu-img, without the command's own
// name and with its middle left out where it is long.
func shorten(message string) string {
	var lines []string
	for line := range strings.Lines(imagename.Plain(message)) {
		line = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(line), "qemu-img: "), "qemu-nbd: ")
		if line != "" {
			lines = append(lines, strings.ToValidUTF8(line, "?"))
		}
	}
	joined := strings.Join(lines, "; ")
	if len(joined) <= maxStderr {
		return joined
	}
	half := maxStderr / 2
	return strings.ToValidUTF8(joined[:half], "") + " ... " + strings.ToValidUTF8(joined[len(joined)-half:], "")
}
