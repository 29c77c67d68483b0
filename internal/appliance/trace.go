//go:build cgo && linux

package appliance

/*
#cgo LDFLAGS: -lguestfs
#include <stdio.h>
#include <time.h>
#include <guestfs.h>

static void
tell (guestfs_h *g, void *opaque, uint64_t event, int event_handle, int flags,
      const char *buf, size_t len, const uint64_t *array, size_t array_len)
{
  struct timespec now;
  clock_gettime (CLOCK_REALTIME, &now);
  // One write: other threads tell of other things.
  dprintf (2, "libguestfs: trace: %lld.%06ld %.*s\n", (long long) now.tv_sec, now.tv_nsec / 1000, (int) len, buf);
}

static void
trace_names (guestfs_h *g)
{
  guestfs_set_event_callback (g, tell, GUESTFS_EVENT_ENTER, 0, NULL);
}
*/
import "C"

import "libguestfs.org/guestfs"

// tracedNames says that the environment asks for a trace (LIBGUESTFS_TRACE).
func tracedNames(handle *guestfs.Guestfs) bool {
	defer holdThread(handle)()
	traced, err := handle.Get_trace()
	return err == nil && traced
}

// traceNames has the name of every call from now on told on the standard error
// stream, with the time, in seconds since 1970. Libguestfs' own trace has their
// arguments, too: what is written into a guest's files may be secret.
func traceNames(handle *guestfs.Guestfs) {
	if pointer := cHandle(handle); pointer != nil {
		C.trace_names((*C.guestfs_h)(pointer))
	}
}
