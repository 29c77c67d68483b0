//go:build !linux

package pipeline

import (
	"errors"
	"os"
)

func flushAsync(*os.File) error { return errors.ErrUnsupported }
