package source

import (
	"fmt"
	"io/fs"
	"strings"
)

// refusal is an error that says what to do about it.
type refusal struct {
	message, remedy string
	cause           error
}

func (r *refusal) Error() string { return r.message }

func (r *refusal) Unwrap() error { return r.cause }

// Remedy says what the person who gave the source can do.
func (r *refusal) Remedy() string { return r.remedy }

func refuse(message, remedy string) error { return &refusal{message: message, remedy: remedy} }

// missing is the refusal of an image that needs files which are not there. It
// satisfies fs.ErrNotExist.
func missing(name, directory string, files ...string) error {
	const enough = 20
	message := fmt.Sprintf("%s needs %s, which is missing in %s", name, files[0], directory)
	if n := len(files); n > 1 {
		if n > enough {
			files = append(files[:enough:enough], "...")
		}
		message = fmt.Sprintf("%s needs %d files that are missing in %s: %s", name, n, directory, strings.Join(files, ", "))
	}
	return &refusal{
		message: message,
		remedy:  "copy all files of the disk, with every snapshot and parent, into one directory, or consolidate its snapshots before it is copied",
		cause:   fs.ErrNotExist,
	}
}

// damaged is the refusal of a file whose structures contradict each other.
func damaged(name, what string) error {
	return refuse(name+" is damaged or incomplete: "+what, "copy or export it again from where it came from")
}
