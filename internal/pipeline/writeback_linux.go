package pipeline

import (
	"os"

	"golang.org/x/sys/unix"
)

// flushAsync begins to write what is new in a part of the file to its disk. It must not
// wait for that: the kernel tells a failed write once to whoever has waited for it, and
// that has to be the one who publishes the file.
func flushAsync(file *os.File, offset, length int64) error {
	return unix.SyncFileRange(int(file.Fd()), offset, length, unix.SYNC_FILE_RANGE_WRITE)
}
