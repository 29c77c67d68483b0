//go:build unix

package turn

import "syscall"

// noFollow keeps a symbolic link, which somebody else may have put there, from
// being opened.
const noFollow = syscall.O_NOFOLLOW
