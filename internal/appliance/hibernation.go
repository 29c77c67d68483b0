package appliance

import (
	"bytes"
	"errors"
	"fmt"
)

// ErrHibernated says that the guest's memory is on its disk: it goes on from
// there with what it remembers of its file systems, so they must not change.
var ErrHibernated = errors.New("the guest is hibernated")

func hibernatedIn(area string) error {
	return fmt.Errorf("%w: its memory is kept in the swap area %s; start it once more, shut it down, and take its disk again", ErrHibernated, area)
}

// suspendMark is what the kernel writes over a swap area's own mark, at the
// end of its first page. The last letters differ by what wrote the image:
// S1SUSPEND is the kernel's, ULSUSPEND that of programs.
const (
	suspendMarkOffset = 4096 - 10
	suspendMarkLength = 9
)

func isSuspendMark(data []byte) bool {
	return bytes.HasPrefix(data, []byte("S1SUSPEND")) || bytes.HasPrefix(data, []byte("ULSUSPEND"))
}
