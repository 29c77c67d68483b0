//go:build cgo

package qcow2

import (
	"fmt"

	"github.com/DataDog/zstd"
)

type zstandard struct {
	context zstd.Ctx
	level   int
}

func newZstd(level int) (compressor, error) {
	return &zstandard{zstd.NewCtx(), level}, nil
}

func (z *zstandard) compress(dst, src []byte, limit int) (int, error) {
	out, err := z.context.CompressLevel(dst, src, z.level)
	if err != nil || len(out) >= limit {
		return 0, err
	}
	if &out[0] != &dst[0] {
		return 0, fmt.Errorf("zstd needs more than %d bytes for a cluster of %d", len(dst), len(src))
	}
	return len(out), nil
}
