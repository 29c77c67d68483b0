package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// Checksum is the SHA-256 of the file at path as "sha256:<hex>". It reads all
// of it, and stops with ctx.
func Checksum(ctx context.Context, path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading %s for its checksum: %w", path, err)
	}
	defer file.Close() //nolint:errcheck // opened for reading
	sum := sha256.New()
	if _, err := io.CopyBuffer(sum, &obedient{ctx: ctx, from: file}, make([]byte, 1<<20)); err != nil {
		return "", fmt.Errorf("reading %s for its checksum: %w", path, err)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

// obedient is a reader that ends with its context. Having no other method, it
// makes io.CopyBuffer use the buffer.
type obedient struct {
	ctx  context.Context
	from io.Reader
}

// Read implements io.Reader.
func (r *obedient) Read(data []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.from.Read(data)
}
