//go:build !linux

package artifact

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// addSystem adds nothing: migrations run on Linux only, and elsewhere the
// package serves validate and plan.
func (f *Fingerprint) addSystem(string) error { return nil }

func fileSystem(string) (device uint64, id string, err error) { return 0, "", nil }

func birthOf(string) *time.Time { return nil }

func setMark(string, string) error { return errors.ErrUnsupported }

func getMark(string) string { return "" }

func renameNoReplace(from, to string) error { return linkNoReplace(from, to) }

func locked(string) (bool, error) { return false, nil }

func isNotEmpty(err error) bool { return errors.Is(err, syscall.ENOTEMPTY) }

func isNotDirectory(err error) bool { return errors.Is(err, syscall.ENOTDIR) }

func unlinkDirectory(path string) error { return os.Remove(path) }

func groupOf(fs.FileInfo) uint32 { return noGroup }
