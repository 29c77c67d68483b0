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
	var findings []finding
	for _, line := range conf.MdadmLines(fixed) {
		for _, word := range line.Words {
			if spec, ok := devicesOption(word); ok && line.Is("ARRAY") && boundToDisks(strings.Split(spec, ",")) {
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
	for _, entry := range conf.MdadmLines(text) {
		switch {
		case entry.Is("DEVICE"):
			if !boundToDisks(entry.Words[1:]) {
				continue
			}
			first := lines[entry.Lines[0]]
			end := first[len(strings.TrimRight(first, conf.Blanks)):]
			lines[entry.Lines[0]] = entry.Words[0] + " partitions containers" + end
			for _, i := range entry.Lines[1:] {
				lines[i] = ""
			}
		case entry.Is("ARRAY") && slices.ContainsFunc(entry.Words, identifiesArray):
			for _, i := range entry.Lines {
				lines[i] = withoutDisks(lines[i])
			}
		}
	}
	return strings.Join(lines, "")
}

// withoutDisks takes devices= out of a line. A line that held nothing else goes.
func withoutDisks(line string) string {
	words := conf.MdadmWords(line)
	kept := conf.ParseTableLine(line).WithoutFields(func(f string) bool {
		spec, ok := devicesOption(f)
		return ok && slices.Contains(words, f) && boundToDisks(strings.Split(spec, ","))
	})
	if kept != line && strings.TrimSpace(kept) == "" {
		return ""
	}
	return kept
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

// meantInMdadm: DEVICE lines, and devices= of arrays.
func meantInMdadm(was, is *conf.Entry) bool {
	for _, e := range []*conf.Entry{was, is} {
		if e == nil {
			continue
		}
		line := conf.MdadmLine{Words: []string{e.Key}}
		if _, devices := devicesOption(e.Value); !line.Is("DEVICE") && (!line.Is("ARRAY") || !devices) {
			return false
		}
	}
	return is == nil || is.Value == "partitions" || is.Value == "containers"
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
