package devname

import (
	"regexp"
	"strings"
)

// separators end a device's name inside a longer value.
const separators = ":,;=|+ \t\r\n\"'"

// Span is where a device name of the old machine stands in a text.
type Span struct{ From, To int }

// Spans finds the device names of the old machine in a value that may hold more
// than one name, or other things beside it: /dev/sda1:/srv:ext4.
func Spans(text string) []Span {
	var found []Span
	for from := 0; from < len(text); {
		at := strings.Index(text[from:], "/dev/")
		if at < 0 {
			break
		}
		from += at
		end := nameEnd(text, from)
		if begins := from == 0 || strings.ContainsRune(separators, rune(text[from-1])); begins && IsStale(text[from:end]) {
			found = append(found, Span{from, end})
			from = end
			continue
		}
		from++
	}
	return found
}

// slotNumber is what follows a colon within the name of a slot, as in
// pci-0000:03:00.0-scsi-0:0:0:0-part1, or within a device number.
var slotNumber = regexp.MustCompile(`^[0-9a-f]{1,4}([.-][^:,;=|+ \t\r\n"'/]*)?([:,;=|+ \t\r\n"']|$)`)

// nameEnd is the end of the name that begins at from.
func nameEnd(text string, from int) int {
	name := text[from:]
	numbered := strings.HasPrefix(name, "/dev/disk/by-path/") || strings.HasPrefix(name, "/dev/block/")
	for end := from + len("/dev/"); ; end++ {
		next := strings.IndexAny(text[end:], separators)
		if next < 0 {
			return len(text)
		}
		end += next
		if text[end] == ':' && hasColon(text[from:end], text[end+1:]) {
			continue
		}
		if text[end] != ':' || !numbered || partSuffix.MatchString(text[from:end]) || !slotNumber.MatchString(text[end+1:]) {
			return end
		}
	}
}

// hasColon reports whether a colon belongs to a name below /dev/md or /dev/disk/by-id:
// an array of another host is HOST:0, and a serial number may have one.
func hasColon(before, after string) bool {
	if host, ok := strings.CutPrefix(before, "/dev/md/"); ok {
		return !allDigits.MatchString(host) && arrayNumber.MatchString(after)
	}
	if !strings.HasPrefix(before, "/dev/disk/by-id/") || partSuffix.MatchString(before) {
		return false
	}
	return partOfID.MatchString(after) || unitOfUSB.MatchString(before) && arrayNumber.MatchString(after)
}

// HoldsColon reports whether a value that is one device and nothing else is a name of
// the old machine with a colon in it.
func HoldsColon(value string) bool {
	one := strings.HasPrefix(value, "/dev/md/") || strings.HasPrefix(value, "/dev/disk/by-id/")
	return one && IsStale(value) && strings.Contains(value, ":") && !strings.Contains(value, ":/") && !strings.ContainsAny(value, ",;=|+ \t\"'")
}

var (
	allDigits   = regexp.MustCompile(`^[0-9]+$`)
	arrayNumber = regexp.MustCompile(`^[0-9]+([:,;=|+ \t\r\n"']|$)`)
	partOfID    = regexp.MustCompile(`^[^:,;=|+ \t\r\n"'/]*-part[0-9]+([:,;=|+ \t\r\n"']|$)`)
	unitOfUSB   = regexp.MustCompile(`/usb-.*-[0-9]+$`)
)

var partSuffix = regexp.MustCompile(`-part[0-9]+$`)
