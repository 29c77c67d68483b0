//go:build linux

package appliance

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// full is how little room, in bytes, a file system of the host has on which a disk
// image cannot grow any more.
const full = 1 << 20

// fullDirectory is a directory with images whose file system has no room left, or "".
func fullDirectory(images []string) string {
	for _, image := range images {
		directory := filepath.Dir(image)
		var found unix.Statfs_t
		if unix.Statfs(directory, &found) == nil && found.Bavail*uint64(found.Bsize) < full {
			return directory
		}
	}
	return ""
}

// explainFull adds to what failed in the appliance that the host had no room for it.
func explainFull(err error, images []string) error {
	directory := fullDirectory(images)
	if err == nil || directory == "" {
		return err
	}
	return remedy.With(fmt.Errorf("the host has no space left in %s, so that the guest's disks cannot be written: %w", directory, err),
		"make room there, or work in another directory (work_directory, or the output's)")
}

func imagesOf(drives []Drive) []string {
	var images []string
	for _, drive := range drives {
		images = append(images, drive.Path)
	}
	return images
}

// failedWrite finds what a kernel says of a disk that did not take what was written.
// What wrote it need not have heard of that.
var failedWrite = regexp.MustCompile(`(?m)^.*(?:error, dev [a-z]+, sector \d+ op 0x1:\(WRITE\)|lost (?:async |sync )?page write).*$`)

// maxWriteErrors is how many lines of the kernel are told.
const maxWriteErrors = 3

// writeErrors are the lines in which a kernel tells of failed writes, the first ones.
func writeErrors(messages string) []string {
	lines := failedWrite.FindAllString(messages, maxWriteErrors)
	return slices.Clip(lines)
}
