//go:build cgo && linux

package appliance

import (
	"context"
	"sync"

	"libguestfs.org/guestfs"
)

// connection is the way to the appliance that runs, until it is closed or ctx is
// cancelled.
type connection struct {
	ctx context.Context

	mu     sync.Mutex // one call at a time: the handle must not be closed under one
	handle *guestfs.Guestfs
	closed bool

	drives []Drive
}

// call runs f on the handle. Action and object, a path or device of the guest
// or "", say what f does, for its error.
func (c *connection) call(action, object string, f func(g *guestfs.Guestfs) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return describe(action, object, errClosed)
	}
	if err := c.ctx.Err(); err != nil {
		return describe(action, object, err)
	}
	return describe(action, object, c.locked(f))
}

// locked runs f on the handle with the mutex held.
func (c *connection) locked(f func(g *guestfs.Guestfs) error) error {
	defer holdThread(c.handle)()
	err := f(c.handle)
	if err != nil && c.ctx.Err() != nil {
		// It failed because its appliance was killed.
		return c.ctx.Err()
	}
	return explainFull(cleanError(err), imagesOf(c.drives))
}
