package qemuimg

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// maxBackingName is how long a backing file's name in a qcow2 header may be.
const maxBackingName = 1023

// CreateOverlay makes a qcow2 image at path that reads from backing and takes
// all writes itself. Size is in bytes; 0 takes that of backing.
func CreateOverlay(ctx context.Context, path string, backing Image, size int64) error {
	name, err := backing.backingName()
	if err != nil {
		return err
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("finding the absolute path of %s: %w", path, err)
	}
	args := []string{"create", "-q", "-f", "qcow2", "-F", backing.Format, "-b", name, path}
	if size > 0 {
		args = append(args, strconv.FormatInt(size, 10))
	}
	c := command{action: fmt.Sprintf("creating the overlay %s of %s", path, backing.Path), args: args, limits: &headerLimits}
	_, err = c.output(ctx)
	return err
}

// backingName is Filename within what a qcow2 header can hold.
func (i Image) backingName() (string, error) {
	name, err := i.Filename()
	if err != nil || len(name) <= maxBackingName {
		return name, err
	}
	if i.namesSuffice() {
		// QEMU then follows the names that the images themselves hold.
		if name, err = (Image{Path: i.Path, Format: i.Format}).Filename(); err != nil || len(name) <= maxBackingName {
			return name, err
		}
	}
	return "", remedy.With(&Error{
		Action: "naming " + i.Path + " as a backing file",
		Err:    fmt.Errorf("its description is %d bytes long, and a qcow2 header holds %d", len(name), maxBackingName),
	}, "move the source, with all its parents in its own directory, to a directory with a shorter path, or consolidate its snapshots first")
}

// namesSuffice reports that QEMU finds the same chain by the names that the
// images hold.
func (i Image) namesSuffice() bool {
	if i.Size > 0 || i.Offset > 0 || i.Standalone || i.Misnamed || len(i.Options) > 0 {
		return false
	}
	return i.Backing == nil || i.Backing.namesSuffice()
}
