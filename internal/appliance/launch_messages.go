//go:build cgo && linux

package appliance

/*
#include <stdint.h>
#include <unistd.h>
#include <guestfs.h>

static void
write_message (guestfs_h *g, void *opaque, uint64_t event, int event_handle,
               int flags, const char *buf, size_t buf_len,
               const uint64_t *array, size_t array_len)
{
  while (buf_len > 0) {
    ssize_t n = write ((int) (intptr_t) opaque, buf, buf_len);
    if (n <= 0)
      return;
    buf += n;
    buf_len -= n;
  }
}

static int
write_messages (guestfs_h *g, int fd)
{
  return guestfs_set_event_callback (g, write_message,
                                     GUESTFS_EVENT_APPLIANCE,
                                     0, (void *) (intptr_t) fd);
}

static void
stop_messages (guestfs_h *g, int callback)
{
  guestfs_delete_event_callback (g, callback);
}
*/
import "C"

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
	"libguestfs.org/guestfs"
)

// launchHandle launches. Where the appliance could not be built, the error says
// what supermin said of it, which libguestfs keeps to itself.
func launchHandle(handle *guestfs.Guestfs) error {
	verbose, err := handle.Get_verbose()
	said := func() string { return "" }
	if err == nil && !verbose { // else the messages are wanted where they go
		var stop func()
		said, stop = hear(handle)
		defer stop()
	}
	err = cleanError(handle.Launch())
	if err == nil {
		return nil
	}
	return explainBuild(err, said())
}

// hear keeps, until stop, what the programs say that libguestfs runs on the host.
// The binding has no call for that.
func hear(handle *guestfs.Guestfs) (said func() string, stop func()) {
	said, stop = func() string { return "" }, func() {}
	pointer := cHandle(handle)
	if pointer == nil {
		return said, stop
	}
	// In memory: the disk may be what is full.
	descriptor, err := unix.MemfdCreate("libguestfs-messages", unix.MFD_CLOEXEC)
	if err != nil {
		return said, stop
	}
	file := os.NewFile(uintptr(descriptor), "libguestfs-messages")
	g := (*C.guestfs_h)(pointer)
	callback := C.write_messages(g, C.int(descriptor))
	if callback == -1 {
		_ = file.Close()
		return said, stop
	}
	said = func() string {
		text, _ := io.ReadAll(io.NewSectionReader(file, 0, 1<<20))
		return string(text)
	}
	stop = func() {
		C.stop_messages(g, callback)
		_ = file.Close()
	}
	return said, stop
}
