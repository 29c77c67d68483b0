package initrd

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

// spaceMargin is what a file system is left with, in bytes.
const spaceMargin = 1 << 20

// appendTo puts data behind a guest file whose bytes are in original. The file
// is written anew and swapped in, and only where there is no room for that,
// added to where it lies. The room is asked for after a failure alone.
func appendTo(e *edit.Editor, name string, original *os.File, size int64, data []byte) error {
	if _, err := original.Seek(0, io.SeekStart); err != nil {
		return err
	}
	err := e.Upload(name, io.MultiReader(original, bytes.NewReader(data)), 0o600)
	if err == nil {
		return nil
	}
	directory, added := path.Dir(name), int64(len(data))
	known, full := e.SpaceFor(directory, size+added+spaceMargin)
	if !known || full == nil {
		return fmt.Errorf("cannot write %s in the guest: %w", name, err)
	}
	if _, tooFull := e.SpaceFor(directory, added+spaceMargin); tooFull != nil {
		return tooFull
	}
	if !e.CanRun() {
		return full
	}
	if err := e.AppendInPlace(name, data); err != nil {
		return fmt.Errorf("cannot append to %s in the guest: %w", name, err)
	}
	return nil
}
