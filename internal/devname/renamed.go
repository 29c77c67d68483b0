package devname

import (
	"regexp"
	"strings"
)

// Renamed reports whether a text differs from what it was in nothing but device
// names of the old machine, which may have become other names.
func Renamed(was, is string) bool {
	from, at, old := 0, 0, ""
	for _, span := range oldNames(was) {
		piece := was[from:span.From]
		end := at
		if from > 0 {
			// The piece before a name follows what stands in the place of the one
			// before it.
			length, ok := nameLength(is[at:], old, piece)
			if !ok {
				return false
			}
			end += length
		}
		if !strings.HasPrefix(is[end:], piece) {
			return false
		}
		from, at, old = span.To, end+len(piece), was[span.From:span.To]
	}
	if from == 0 {
		return was == is
	}
	name, ok := strings.CutSuffix(is[at:], was[from:])
	return ok && (name == old || replacement.MatchString(name))
}

// replacement is a name that is written in the place of another: a tag or a path.
var replacement = regexp.MustCompile(`^(?:(?:PART)?(?:UUID|LABEL)=|/dev/)[A-Za-z0-9_.:+@/=-]+$`)

// nameLength is how much of a text is the old name, or one in its place, before
// the piece that follows.
func nameLength(text, old, piece string) (length int, ok bool) {
	if strings.HasPrefix(text, old+piece) {
		return len(old), true
	}
	for end := 1; end <= len(text); end++ {
		if strings.HasPrefix(text[end:], piece) && replacement.MatchString(text[:end]) {
			return end, true
		}
		if strings.IndexByte(" \t\r\n\"'", text[end-1]) >= 0 {
			break
		}
	}
	return 0, false
}

var (
	// oldName is a path, or the number of a device that a parameter has.
	oldName      = regexp.MustCompile(`(?:btrfsvol:)?/dev/[^:,;|\s"'\x1f]+|=(?:0x)?[0-9A-Fa-f]{3,5}\b|=[0-9]{1,3}:[0-9]{1,6}\b`)
	nameVariable = regexp.MustCompile(`^/dev/[^/]*\$|^\$`)
)

// oldNames finds the names in a whole text of configuration, be it a value, a
// command or a line.
func oldNames(text string) []Span {
	var found []Span
	for _, at := range oldName.FindAllStringIndex(text, -1) {
		from, to := at[0], at[1]
		if text[from] == '=' {
			if _, ok := Numbered(text[from+1 : to]); ok {
				found = append(found, Span{from + 1, to})
			}
			continue
		}
		if strings.HasPrefix(text[from:], "/dev/") {
			word := text // up to the mark between words
			if i := strings.IndexByte(text[from:], '\x1f'); i >= 0 {
				word = text[:from+i]
			}
			to = nameEnd(word, from)
		}
		if spec := text[from:to]; IsStale(spec) || Classify(spec) == Removable || nameVariable.MatchString(spec) {
			found = append(found, Span{from, to})
		}
	}
	return found
}
