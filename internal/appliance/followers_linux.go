//go:build cgo

package appliance

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// followersTime is long enough for QEMU to write down what it has in memory.
const followersTime = 30 * time.Second

// followers are processes that QEMU has started, as file descriptors. There are
// some where QEMU is a script that starts QEMU and stays. Libguestfs ends the
// script, and the disks are not complete before the last of them has ended.
type followers []int

func followersOf(pid int) followers {
	var found followers
	for _, child := range childrenOf(pid) {
		if fd, err := unix.PidfdOpen(child, 0); err == nil {
			found = append(found, fd)
		}
		found = append(found, followersOf(child)...)
	}
	return found
}

// end asks them to end and waits for that, or kills them.
func (f followers) end(limit time.Duration) error {
	for _, fd := range f {
		_ = unix.PidfdSendSignal(fd, unix.SIGTERM, nil, 0) // it may have ended
	}
	deadline := time.Now().Add(limit)
	var late error
	for _, fd := range f {
		if !awaitEnd(fd, deadline) {
			_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
			late = fmt.Errorf("what the appliance's QEMU has started did not end within %s", limit)
		}
		late = errors.Join(late, unix.Close(fd))
	}
	return late
}

func awaitEnd(fd int, deadline time.Time) bool {
	for {
		polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(polled, max(0, int(time.Until(deadline).Milliseconds())))
		if !errors.Is(err, unix.EINTR) {
			return n > 0
		}
	}
}
