//go:build linux

package appliance

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// explainBuild turns the error of a launch into why supermin could not build the
// appliance, if it was that: of what supermin and its programs said, the line that
// tells most.
func explainBuild(err error, said string) error {
	if !strings.Contains(err.Error(), "supermin") {
		return err
	}
	reason, errno := buildReason(said)
	if reason == "" {
		return fmt.Errorf("the appliance could not be built: %w", err)
	}
	what := "the appliance could not be built: " + reason
	if errno != syscall.ENOSPC && errno != syscall.EDQUOT {
		return errors.New(what)
	}
	cache, build, _ := chosenDirectories(os.Geteuid(), nil)
	variables := "TMPDIR or LIBGUESTFS_CACHEDIR"
	if strings.Contains(reason, ".guestfs-") {
		variables = "LIBGUESTFS_CACHEDIR"
	} else if strings.Contains(reason, ".tmpdir/") {
		variables = "TMPDIR"
	}
	return missing(what,
		fmt.Sprintf("free space in %s and %s, or let %s name a directory with more", cache, build, variables))
}

// buildErrors are the causes that a message of a build may end with, those first
// that explain others.
var buildErrors = []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EACCES, syscall.EPERM, syscall.EIO, syscall.ENOENT}

// buildReason returns the first line that names a cause which the system gave, or
// else the first; errno is 0 where none is named.
func buildReason(said string) (reason string, errno syscall.Errno) {
	var lines []string
	for line := range strings.Lines(said) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, strings.TrimPrefix(strings.TrimPrefix(line, "supermin: "), "error: "))
		}
	}
	for _, errno := range buildErrors {
		for _, line := range lines {
			if strings.Contains(strings.ToLower(line), errno.Error()) {
				return line, errno
			}
		}
	}
	if len(lines) == 0 {
		return "", 0
	}
	return lines[0], 0
}
