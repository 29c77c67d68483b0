package fix

import "strings"

// editMdadmConf edits mdadm.conf. A DEVICE line that lists disks by name hides
// the array's members when they come under other names; ARRAY lines with a
// UUID need no devices=.
func editMdadmConf(text string, _ bootScope) (string, []finding) {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		t := parseTableLine(line)
		if len(t.fields) < 2 {
			continue
		}
		switch keyword := strings.ToUpper(t.fields[0]); {
		case abbreviates(keyword, "DEVICE"):
			if boundToDisks(t.fields[1:]) {
				end := line[len(strings.TrimRight(line, blanks)):]
				lines[i] = t.fields[0] + " partitions containers" + end
			}
		case abbreviates(keyword, "ARRAY"):
			if strings.Contains(strings.ToLower(line), "uuid=") {
				lines[i] = t.withoutFields(func(f string) bool {
					spec, ok := strings.CutPrefix(strings.ToLower(f), "devices=")
					return ok && boundToDisks(strings.Split(spec, ","))
				})
			}
		}
	}
	return strings.Join(lines, ""), nil
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

// withoutFields gives the line back without the fields that drop names, and
// without the blanks before them.
func (t tableLine) withoutFields(drop func(field string) bool) string {
	var kept tableLine
	for i, field := range t.fields {
		if !drop(field) {
			kept.fields = append(kept.fields, field)
			kept.gaps = append(kept.gaps, t.gaps[i])
		}
	}
	kept.gaps = append(kept.gaps, t.gaps[len(t.gaps)-1])
	return kept.String()
}
