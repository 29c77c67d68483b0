package appliance

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var (
	// ErrDamaged says that a file system is inconsistent.
	ErrDamaged = errors.New("it is damaged")
	// ErrNotChecked says that nobody knows whether it is.
	ErrNotChecked = errors.New("it was not checked")
)

// checker is a program that reads a file system and repairs nothing.
type checker struct {
	command string
	damaged []string // exit statuses that mean damage
	// unable matches reports of a checker that gave up.
	unable *regexp.Regexp
}

var (
	checkExt = checker{command: "e2fsck -f -n", damaged: []string{"4", "12"}}
	checkXFS = checker{command: "xfs_repair -n", damaged: []string{"1"}, unable: regexp.MustCompile(`(?i)memory|cannot alloc`)}
)

// checkers are the file systems that are checked. btrfs and FAT are not: btrfs
// has checksums and no quick check, and FAT's marks every file system that was
// not unmounted.
var checkers = map[string]checker{"ext2": checkExt, "ext3": checkExt, "ext4": checkExt, "xfs": checkXFS}

// verdict reads what the checker said.
func (c checker) verdict(status, report string) error {
	report = lastLines(report)
	for _, damaged := range c.damaged {
		if status == damaged && (c.unable == nil || !c.unable.MatchString(report)) {
			return fmt.Errorf("%w (%s): %s", ErrDamaged, c.command, report)
		}
	}
	if status == "0" {
		return nil
	}
	return fmt.Errorf("%w: %s ended with status %s: %s", ErrNotChecked, c.command, status, report)
}

// maxReportLines is how much of a checker's report is shown: the beginning
// lists phases, and a damaged file system fills pages.
const maxReportLines = 12

// checkNoise are lines of reports that tell nothing.
var checkNoise = regexp.MustCompile(`^(e2fsck [0-9.]+ .*|Pass [0-9].*|Phase [0-9].*|Fix\?? no|Clear\?? no|\s*- .*|\s*)$`)

func lastLines(report string) string {
	var lines []string
	for line := range strings.Lines(report) {
		if line = strings.TrimRight(line, " \n"); !checkNoise.MatchString(line) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	if len(lines) > maxReportLines {
		left := len(lines) - maxReportLines
		lines = append(lines[:maxReportLines], fmt.Sprintf("and %d more lines", left))
	}
	return strings.Join(lines, "; ")
}
