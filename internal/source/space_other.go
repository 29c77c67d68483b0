//go:build !linux

package source

import "math"

// freeSpace bounds nothing: migrations run on Linux only.
func freeSpace(string) (int64, error) { return math.MaxInt64 / 2, nil }
