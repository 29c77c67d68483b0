package bootloader

import (
	"regexp"
	"strings"
)

var (
	lvmFilter  = regexp.MustCompile(`(?ms)^[ \t]*(?:global_)?filter[ \t]*=[ \t]*\[.*?\]`)
	lvmPattern = regexp.MustCompile(`"a(.)([^"]*)"`)
)

// EditLVMFilters edits the device filters of lvm.conf. Where they accept disks by
// SCSI names, the same pattern for virtio names is put beside it: a filter that
// rejects all other names would hide the guest's volume groups.
func EditLVMFilters(text string) string {
	return lvmFilter.ReplaceAllStringFunc(text, func(filter string) string {
		return lvmPattern.ReplaceAllStringFunc(filter, func(pattern string) string {
			twin := regexp.MustCompile(`/(sd|hd|xvd)`).ReplaceAllString(pattern, "/vd")
			if twin == pattern || strings.Contains(filter, twin) {
				return pattern
			}
			return pattern + ", " + twin
		})
	})
}
