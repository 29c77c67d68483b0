//go:build !cgo

package qcow2

import "errors"

func newZstd(int) (compressor, error) {
	return nil, errors.New("this program was built without cgo and cannot compress with zstd: build it with CGO_ENABLED=1, or use zlib")
}
