// Package ini reads files in the syntax of systemd.syntax(7), which the key
// files of NetworkManager share.
package ini

import "strings"

// File is the sections of a file in their order. A section or a key may occur
// more than once.
type File []Section

// Section is one [section].
type Section struct {
	Name    string
	Entries []Entry
}

// Entry is one key and its value, both without blanks around them.
type Entry struct{ Key, Value string }

// Parse reads what it can: a line that is no section, entry or comment is
// reported by its number in bad, from 1, and left out.
func Parse(text string) (file File, bad []int) {
	number, pending := 0, ""
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if before, ok := strings.CutSuffix(line, `\`); ok {
			pending += before + " "
			continue
		}
		line, pending = pending+line, ""
		if line[0] == '[' && line[len(line)-1] == ']' {
			file = append(file, Section{Name: line[1 : len(line)-1]})
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || len(file) == 0 {
			bad = append(bad, number)
			continue
		}
		last := &file[len(file)-1]
		last.Entries = append(last.Entries, Entry{strings.TrimSpace(key), strings.TrimSpace(value)})
	}
	return file, bad
}

// Has reports whether there is a section of that name.
func (f File) Has(section string) bool {
	for _, s := range f {
		if s.Name == section {
			return true
		}
	}
	return false
}

// HasKey reports whether any section has one of the keys.
func (f File) HasKey(keys ...string) bool {
	for _, s := range f {
		for _, e := range s.Entries {
			for _, key := range keys {
				if e.Key == key {
					return true
				}
			}
		}
	}
	return false
}

// Words returns all words of a key; an empty value resets the list.
func (f File) Words(section, key string) []string {
	var words []string
	for _, s := range f {
		for _, e := range s.Entries {
			if s.Name != section || e.Key != key {
				continue
			}
			if e.Value == "" {
				words = nil
			}
			words = append(words, strings.Fields(e.Value)...)
		}
	}
	return words
}

// Value returns a key's last value.
func (f File) Value(section, key string) string {
	value := ""
	for _, s := range f {
		for _, e := range s.Entries {
			if s.Name == section && e.Key == key {
				value = e.Value
			}
		}
	}
	return value
}
