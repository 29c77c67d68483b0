package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/contextio"
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
	if _, err := io.CopyBuffer(sum, contextio.NewReader(ctx, file), make([]byte, 1<<20)); err != nil {
		return "", fmt.Errorf("reading %s for its checksum: %w", path, err)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}
