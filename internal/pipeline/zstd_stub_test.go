//go:build !cgo

package pipeline_test

// zstdIsBuilt: zstd is compressed by a C library.
const zstdIsBuilt = false
