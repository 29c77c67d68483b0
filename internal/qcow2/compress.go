package qcow2

import (
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/deflate"
)

// Compression is how clusters are compressed.
type Compression string

// The compressions. Every version of QEMU reads zlib, 5.1 and later read zstd.
const (
	Zlib Compression = "zlib"
	Zstd Compression = "zstd"
)

// The levels that take least time for images that are not larger than those of
// qemu-img: internal/adr/0012-compressed-qcow2-is-written-here.md.
const (
	defaultZlibLevel = deflate.DefaultLevel
	defaultZstdLevel = 3
)

// compressor compresses one cluster after another.
type compressor interface {
	// compress writes src to dst and returns how many bytes it takes; 0 where
	// that would be limit or more. dst has bound(len(src)) bytes.
	compress(dst, src []byte, limit int) (int, error)
}

// bound is what a compressor may use for a cluster, in bytes.
func bound(cluster int64) int64 { return cluster + cluster/128 + 1024 }

func newCompressor(c Compression, level int) (compressor, error) {
	switch c {
	case Zlib, "":
		if level == 0 {
			level = defaultZlibLevel
		}
		encoder, err := deflate.NewEncoder(level)
		return zlib{encoder}, err
	case Zstd:
		if level == 0 {
			level = defaultZstdLevel
		}
		if level < 1 || level > 9 {
			return nil, fmt.Errorf("zstd level %d is not in the range 1 to 9", level)
		}
		return newZstd(level)
	default:
		return nil, fmt.Errorf("qcow2 images are not compressed with %q: use %s or %s", c, Zlib, Zstd)
	}
}

type zlib struct{ encoder *deflate.Encoder }

func (z zlib) compress(dst, src []byte, limit int) (int, error) {
	return copy(dst, z.encoder.Encode(src, limit)), nil
}
