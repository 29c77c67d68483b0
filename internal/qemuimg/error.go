package qemuimg

import (
	"errors"
	"strings"
)

// ErrNoSpace is what a write that found its file system full satisfies.
var ErrNoSpace = errors.New("no space left on device")

// ErrCorrupt is what an image that fails its own consistency check satisfies.
var ErrCorrupt = errors.New("the image is corrupt")

// Error is a failed run of qemu-img.
type Error struct {
	// Action is what was being done, to which file.
	Action string
	// Stderr is what qemu-img had to say, shortened.
	Stderr string
	Err    error

	remedy string
}

func (e *Error) Error() string {
	if e.Stderr != "" {
		return e.Action + ": " + e.Stderr
	}
	return e.Action + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Remedy says what to do about the error; it may be empty.
func (e *Error) Remedy() string { return e.remedy }

func newError(action, stderr string, err error) *Error {
	e := &Error{Action: action, Stderr: shorten(stderr), Err: err}
	switch {
	case strings.Contains(stderr, "No space left on device"), strings.Contains(stderr, "Disk quota exceeded"):
		e.Err = errors.Join(ErrNoSpace, err)
		e.remedy = "free space in the file system that is written to, or choose another one"
	case strings.Contains(stderr, "Permission denied"):
		e.remedy = "give the user who runs the migration access to the file and to every directory above it"
	case strings.Contains(stderr, "error while reading"), strings.Contains(stderr, "Could not read"):
		e.remedy = "the source is damaged or incomplete, or the medium under it fails; copy or export it again"
	}
	return e
}

// maxStderr is how much of a message people get to read, in bytes.
const maxStderr = 600

// shorten joins the lines of a message of qemu-img, without the command's own
// name and with its middle left out where it is long.
func shorten(message string) string {
	var lines []string
	for line := range strings.Lines(message) {
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
