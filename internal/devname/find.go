package devname

import "strings"

// separators end a device's name inside a longer value.
const separators = ":,;=|+ \t\r\n\"'"

// Span is where a device name of the old machine stands in a text.
type Span struct{ From, To int }

// Spans finds the device names of the old machine in a value that may hold more
// than one name, or other things beside it: /dev/sda1:/srv:ext4. A name that
// itself has colons, as those of slots, is taken as long as it can be, where known
// says whether a name is that of a device.
func Spans(text string, known func(spec string) bool) []Span {
	var found []Span
	for from := 0; from < len(text); {
		at := strings.Index(text[from:], "/dev/")
		if at < 0 {
			break
		}
		from += at
		if from > 0 && !strings.ContainsRune(separators, rune(text[from-1])) {
			from++
			continue
		}
		end := nameEnd(text, from, known)
		if end < 0 {
			from++
			continue
		}
		found = append(found, Span{from, end})
		from = end
	}
	return found
}

// nameEnd is the end of the stale name that begins at from, or -1.
func nameEnd(text string, from int, known func(string) bool) int {
	stale := -1
	end := from + len("/dev/")
	for {
		next := strings.IndexAny(text[end:], separators)
		if next < 0 {
			end = len(text)
		} else {
			end += next
		}
		if spec := text[from:end]; IsStale(spec) {
			if known(spec) {
				return end
			}
			if stale < 0 || strings.HasPrefix(spec, "/dev/disk/by-path/") && next < 0 {
				stale = end
			}
		}
		// No other names than those of slots have a colon in them.
		if next < 0 || text[end] != ':' || !strings.HasPrefix(text[from:], "/dev/disk/by-") && !strings.HasPrefix(text[from:], "/dev/block/") {
			return stale
		}
		end++
	}
}
