package bootloader

import (
	"errors"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// editMdadmFile is EditMdadm for the guest's own file: an array that only the
// names of its disks tell is found.
func editMdadmFile(text string, _ bootScope) (string, []finding) {
	fixed := EditMdadm(text)
	if !sameArrays(text, fixed) {
		return text, []finding{{err: errors.New("its ARRAY lines could not be edited safely"), otherOS: true}}
	}
	var findings []finding
	for _, entry := range mdadmEntries(fixed) {
		for _, word := range entry.words {
			if spec, ok := devicesOption(word); ok && abbreviates(entry.keyword(), "ARRAY") && boundToDisks(strings.Split(spec, ",")) {
				findings = append(findings, finding{where: "ARRAY", param: "devices", spec: spec, err: errNoArrayIdentity})
			}
		}
	}
	return fixed, findings
}

var errNoArrayIdentity = errors.New("nothing else on the line tells which array it is; write its UUID= in place of devices=")

// EditMdadm edits mdadm.conf. A DEVICE line that lists disks by name hides
// the array's members when they come under other names; ARRAY lines with a
// UUID or name need no devices=. A line that begins with a blank goes on with the
// one before it.
func EditMdadm(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for _, entry := range mdadmEntries(text) {
		switch keyword := entry.keyword(); {
		case abbreviates(keyword, "DEVICE"):
			if !boundToDisks(entry.words[1:]) {
				continue
			}
			first := lines[entry.lines[0]]
			end := first[len(strings.TrimRight(first, conf.Blanks)):]
			lines[entry.lines[0]] = entry.words[0] + " partitions containers" + end
			for _, i := range entry.lines[1:] {
				lines[i] = ""
			}
		case abbreviates(keyword, "ARRAY") && slices.ContainsFunc(entry.words, identifiesArray):
			for _, i := range entry.lines {
				lines[i] = withoutDisks(lines[i])
			}
		}
	}
	return strings.Join(lines, "")
}

// withoutDisks takes devices= out of a line. A line that held nothing else goes.
func withoutDisks(line string) string {
	words := mdadmWords(line)
	kept := conf.ParseTableLine(line).WithoutFields(func(f string) bool {
		spec, ok := devicesOption(f)
		return ok && slices.Contains(words, f) && boundToDisks(strings.Split(spec, ","))
	})
	if kept != line && strings.TrimSpace(kept) == "" {
		return ""
	}
	return kept
}

// mdadmEntry is a line of mdadm.conf with those that go on with it.
type mdadmEntry struct {
	lines []int // that have words
	words []string
}

func (e mdadmEntry) keyword() string { return strings.ToUpper(e.words[0]) }

func mdadmEntries(text string) []mdadmEntry {
	var entries []mdadmEntry
	for i, line := range strings.SplitAfter(text, "\n") {
		words := mdadmWords(line)
		switch {
		case len(words) == 0:
		case (line[0] == ' ' || line[0] == '\t') && len(entries) > 0:
			last := &entries[len(entries)-1]
			last.lines, last.words = append(last.lines, i), append(last.words, words...)
		default:
			entries = append(entries, mdadmEntry{lines: []int{i}, words: words})
		}
	}
	return entries
}

// mdadmWords are the words of a line before its comment.
func mdadmWords(line string) []string {
	words := strings.Fields(line)
	if i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "#") }); i >= 0 {
		words = words[:i]
	}
	return words
}

// devicesOption returns the value of devices= of an ARRAY line.
func devicesOption(word string) (string, bool) {
	const option = "devices="
	word = strings.Trim(word, `"'`)
	if len(word) < len(option) || !strings.EqualFold(word[:len(option)], option) {
		return "", false
	}
	return strings.Trim(word[len(option):], `"'`), true
}

// identifiesArray reports whether a word of an ARRAY line tells the array
// whatever its disks are called.
func identifiesArray(word string) bool {
	name, _, ok := strings.Cut(strings.ToLower(strings.Trim(word, `"'`)), "=")
	return ok && slices.Contains([]string{"uuid", "name", "super-minor"}, name)
}

// sameArrays reports whether two texts differ in nothing but DEVICE lines and
// devices=.
func sameArrays(a, b string) bool {
	rest := func(text string) (words []string) {
		for _, entry := range mdadmEntries(text) {
			if abbreviates(entry.keyword(), "DEVICE") {
				continue
			}
			for _, word := range entry.words {
				if _, devices := devicesOption(word); !devices {
					words = append(words, word)
				}
			}
		}
		return words
	}
	return slices.Equal(rest(a), rest(b))
}

// abbreviates reports whether mdadm takes a word for the keyword: three
// letters are enough.
func abbreviates(word, keyword string) bool {
	return len(word) >= 3 && len(word) <= len(keyword) && keyword[:len(word)] == word
}

// boundToDisks reports whether names, which may be patterns, name disks of the
// old machine and nothing that takes in all disks.
func boundToDisks(names []string) bool {
	bound := false
	for _, name := range names {
		switch {
		case strings.HasPrefix(name, "#"):
			return bound
		case strings.EqualFold(name, "partitions"):
			return false
		case strings.HasPrefix(name, "/dev/"):
			bound = true
		}
	}
	return bound
}
