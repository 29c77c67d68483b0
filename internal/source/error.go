package source

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// refuse says why the source is invalid, and what the person who gave it can do.
func refuse(message, what string) error { return remedy.With(errors.New(message), what) }

// missingFilesError is the message of files that are not there.
type missingFilesError string

func (m missingFilesError) Error() string { return string(m) }

// Is makes it satisfy fs.ErrNotExist.
func (m missingFilesError) Is(target error) bool { return target == fs.ErrNotExist }

// missing is the error of an image that needs files which are not there. It
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
	return remedy.With(missingFilesError(message),
		"copy all files of the disk, with every snapshot and parent, into one directory, or consolidate its snapshots before it is copied")
}

// damaged is the error of a file whose structures contradict each other.
func damaged(name, what string) error {
	return refuse(name+" is damaged or incomplete: "+what, "copy or export it again from where it came from")
}
