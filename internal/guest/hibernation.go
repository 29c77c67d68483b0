package guest

import "bytes"

// The mark that the kernel writes over a swap area's own mark, at the
// end of its first page. The last letters differ by what wrote the image:
// S1SUSPEND is the kernel's, ULSUSPEND that of programs.
const (
	SuspendMarkOffset = 4096 - 10
	SuspendMarkLength = 9
)

// IsSuspendMark says that a mark in that place is one of a suspended system.
func IsSuspendMark(data []byte) bool {
	return bytes.HasPrefix(data, []byte("S1SUSPEND")) || bytes.HasPrefix(data, []byte("ULSUSPEND"))
}
