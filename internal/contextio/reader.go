// Package contextio reads until a context ends.
package contextio

import (
	"context"
	"io"
)

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(data []byte) (int, error) { return f(data) }

// NewReader reads from r until ctx is done, and then fails with its cause. It
// has no other method than Read, so that io.CopyBuffer uses the buffer.
func NewReader(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(data []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		return r.Read(data)
	})
}
