//go:build cgo

package appliance

/*
#cgo LDFLAGS: -lguestfs
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <guestfs.h>

struct console {
  atomic_ullong amount;
  atomic_int kernel;
  const char *word; // the kernel's first
  size_t matched;
  int echo;
};

// Called by the thread that launches. The word's first letter is in it once.
static void
hear (guestfs_h *g, void *opaque, uint64_t event, int event_handle, int flags,
      const char *buf, size_t len, const uint64_t *array, size_t array_len)
{
  struct console *c = opaque;
  for (size_t i = 0; i < len && c->word[c->matched]; i++) {
    if (buf[i] != c->word[c->matched])
      c->matched = 0;
    if (buf[i] == c->word[c->matched])
      c->matched++;
  }
  if (!c->word[c->matched])
    atomic_store (&c->kernel, 1);
  atomic_fetch_add (&c->amount, len);
  // Libguestfs leaves it to who listens.
  if (c->echo && write (2, buf, len) < 0)
    c->echo = 0;
}

static struct console *
new_console (const char *word, int echo)
{
  struct console *c = calloc (1, sizeof *c);
  if (c) {
    c->word = word;
    c->echo = echo;
  }
  return c;
}

static int
listen_to (guestfs_h *g, struct console *c)
{
  return guestfs_set_event_callback (g, hear, GUESTFS_EVENT_APPLIANCE, 0, c);
}

static unsigned long long amount (struct console *c) { return atomic_load (&c->amount); }
static int kernel (struct console *c) { return atomic_load (&c->kernel); }
*/
import "C"

import (
	"unsafe"

	"libguestfs.org/guestfs"
)

// console listens to what an appliance says on its serial console. The binding
// has no call for it.
type console struct {
	handle *guestfs.Guestfs
	c      *C.struct_console
	word   *C.char
	event  C.int
}

// listen starts to listen, before the launch. With echo, what is said goes to
// the standard error stream. It returns nil where it cannot be heard.
func listen(handle *guestfs.Guestfs, echo bool) *console {
	pointer := (*C.guestfs_h)(cHandle(handle))
	if pointer == nil {
		return nil
	}
	aloud := C.int(0)
	if echo {
		aloud = 1
	}
	word := C.CString(firstWord)
	heard := C.new_console(word, aloud)
	if heard != nil {
		if event := C.listen_to(pointer, heard); event >= 0 {
			return &console{handle: handle, c: heard, word: word, event: event}
		}
	}
	C.free(unsafe.Pointer(heard))
	C.free(unsafe.Pointer(word))
	return nil
}

// heard is how much was said, and whether the kernel said something.
func (c *console) heard() (amount uint64, kernel bool) {
	return uint64(C.amount(c.c)), C.kernel(c.c) != 0
}

// close ends the listening. The handle must still be open.
func (c *console) close() {
	C.guestfs_delete_event_callback((*C.guestfs_h)(cHandle(c.handle)), c.event)
	C.free(unsafe.Pointer(c.c))
	C.free(unsafe.Pointer(c.word))
}
