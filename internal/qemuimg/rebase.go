package qemuimg

import (
	"context"
	"fmt"
)

// Rebase lets the qcow2 image at path read from backing instead. Nothing is
// copied: a guest must see the same in backing as in what was there before.
func Rebase(ctx context.Context, path string, backing Image) error {
	name, err := backing.backingName()
	if err != nil {
		return err
	}
	c := command{
		action: fmt.Sprintf("laying %s over %s", path, backing.Path),
		args:   []string{"rebase", "-q", "-u", "-f", "qcow2", "-F", backing.Format, "-b", name, path},
		limits: &headerLimits,
	}
	_, err = c.output(ctx)
	return err
}
