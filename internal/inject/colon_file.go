package inject

import "strings"

// colonFile is a file of lines with fields separated by colons, as passwd(5),
// shadow(5), group(5), gshadow(5) and subuid(5). Lines that it does not touch
// stay byte for byte.
type colonFile struct {
	lines []string
	width int
}

// parseColonFile reads such a file. width is the number of fields in a line.
func parseColonFile(text string, width int) *colonFile {
	f := &colonFile{width: width}
	for line := range strings.Lines(text) {
		f.lines = append(f.lines, strings.TrimSuffix(line, "\n"))
	}
	return f
}

// String is the file's text.
func (f *colonFile) String() string {
	if len(f.lines) == 0 {
		return ""
	}
	return strings.Join(f.lines, "\n") + "\n"
}

// isEntry reports whether a line is no comment and no NIS entry ("+", "-").
func isEntry(line string) bool {
	return line != "" && !strings.ContainsAny(line[:1], "#+- \t") && strings.Contains(line, ":")
}

// fields splits a line and fills it up to the file's width.
func (f *colonFile) fields(line string) []string {
	fields := strings.Split(line, ":")
	for len(fields) < f.width {
		fields = append(fields, "")
	}
	return fields
}

func (f *colonFile) index(name string) int {
	for i, line := range f.lines {
		if isEntry(line) && strings.HasPrefix(line, name+":") {
			return i
		}
	}
	return -1
}

// find returns the fields of the first entry called name.
func (f *colonFile) find(name string) ([]string, bool) {
	i := f.index(name)
	if i < 0 {
		return nil, false
	}
	return f.fields(f.lines[i]), true
}

// set replaces the first entry of that name or adds one: before NIS entries,
// which take over all names after them.
func (f *colonFile) set(fields ...string) {
	line := strings.Join(fields, ":")
	if i := f.index(fields[0]); i >= 0 {
		f.lines[i] = line
		return
	}
	at := len(f.lines)
	for i, old := range f.lines {
		if strings.HasPrefix(old, "+") || strings.HasPrefix(old, "-") {
			at = i
			break
		}
	}
	f.lines = append(f.lines[:at:at], append([]string{line}, f.lines[at:]...)...)
}

// remove deletes every entry called name.
func (f *colonFile) remove(name string) {
	kept := f.lines[:0:0]
	for _, line := range f.lines {
		if !isEntry(line) || !strings.HasPrefix(line, name+":") {
			kept = append(kept, line)
		}
	}
	f.lines = kept
}

// entries returns the fields of every entry.
func (f *colonFile) entries() [][]string {
	var all [][]string
	for _, line := range f.lines {
		if isEntry(line) {
			all = append(all, f.fields(line))
		}
	}
	return all
}

// hideField returns a function for change.show that hides the field with that
// index, unless it only says that there is no password.
func hideField(index int) func(string) string {
	return func(text string) string {
		f := parseColonFile(text, 0)
		for i, line := range f.lines {
			fields := strings.Split(line, ":")
			if index < len(fields) && !isNoPassword(fields[index]) {
				fields[index] = "(hidden)"
				f.lines[i] = strings.Join(fields, ":")
			}
		}
		return f.String()
	}
}

// isNoPassword reports whether a password field holds no hash.
func isNoPassword(field string) bool {
	return strings.Trim(field, "!*x") == ""
}
