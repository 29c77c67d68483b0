//go:build !linux

package pipeline

import (
	"errors"
	"os"
)

func flushAsync(*os.File, int64, int64) error { return errors.ErrUnsupported }
