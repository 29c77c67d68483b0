//go:build unix

package semaphore

import "syscall"

// noFollow keeps a symbolic link, which somebody else may have put there, from
// being opened, and the opening of a named pipe from waiting for its other end.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
