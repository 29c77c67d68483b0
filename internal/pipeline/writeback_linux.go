package pipeline

import (
	"os"

	"golang.org/x/sys/unix"
)

// flushAsync begins to write what is new in the file to its disk. It must not wait:
// the kernel tells a failed write once to whoever has waited for it, and that has to
// be the one who publishes the file.
func flushAsync(file *os.File) error {
	return unix.SyncFileRange(int(file.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE)
}
