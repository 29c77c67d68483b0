// Package conf reads configuration texts without losing a byte of them: each
// format once, for whoever reads or edits a guest's files. It reads no files and
// knows nothing of a guest.
package conf

import (
	"slices"
	"strings"
)

// INI is the lines of a file in the syntax of systemd.syntax(7), which the
// key files of NetworkManager share. A section or a key may occur more than
// once. The lines' texts, one after the other, are the whole file.
type INI []INILine

// INILine is one line or, where a backslash at its end lets it go on, several.
// Comments and blank lines have no key; nor has the head of a section.
type INILine struct {
	Text    string // with its line ends
	Section string // the section that it is in; of a head, its own
	Head    bool
	// Key and Value have no blanks around them. The parts of a value that goes
	// over several lines stand between blanks.
	Key, Value string
}

// ParseINI reads what it can: a line that is no section, entry or comment is
// reported by its number in bad, from 1, and has no key.
func ParseINI(text string) (file INI, bad []int) {
	number, section, inSection := 0, "", false
	whole, pending := "", ""
	for line := range strings.Lines(text) {
		number++
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';' {
			if pending != "" {
				whole += line
				continue
			}
			file = append(file, INILine{Text: line, Section: section})
			continue
		}
		whole += line
		if before, ok := strings.CutSuffix(trimmed, `\`); ok {
			pending += before + " "
			continue
		}
		trimmed, pending = pending+trimmed, ""
		l := INILine{Text: whole}
		whole = ""
		if trimmed[0] == '[' && trimmed[len(trimmed)-1] == ']' {
			section, inSection = trimmed[1:len(trimmed)-1], true
			l.Head = true
		} else if key, value, ok := strings.Cut(trimmed, "="); ok && inSection {
			l.Key, l.Value = strings.TrimSpace(key), strings.TrimSpace(value)
		} else {
			bad = append(bad, number)
		}
		l.Section = section
		file = append(file, l)
	}
	if whole != "" { // the file ends in a line that would go on
		file = append(file, INILine{Text: whole, Section: section})
	}
	return file, bad
}

// ReadINI is ParseINI for files that are taken as they are.
func ReadINI(text string) INI {
	file, _ := ParseINI(text)
	return file
}

// String is the file's text.
func (f INI) String() string {
	var text strings.Builder
	for _, l := range f {
		text.WriteString(l.Text)
	}
	return text.String()
}

// Has reports whether there is a section of that name.
func (f INI) Has(section string) bool {
	return slices.ContainsFunc(f, func(l INILine) bool { return l.Head && l.Section == section })
}

// HasKey reports whether any section has one of the keys.
func (f INI) HasKey(keys ...string) bool {
	return slices.ContainsFunc(f, func(l INILine) bool { return l.Key != "" && slices.Contains(keys, l.Key) })
}

// Values returns all values of a key, in order.
func (f INI) Values(section, key string) []string {
	var values []string
	for _, l := range f {
		if l.Section == section && l.Key == key {
			values = append(values, l.Value)
		}
	}
	return values
}

// Value returns a key's last value.
func (f INI) Value(section, key string) string {
	if values := f.Values(section, key); len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

// Words returns all words of a key; an empty value resets the list.
func (f INI) Words(section, key string) []string {
	var words []string
	for _, value := range f.Values(section, key) {
		if value == "" {
			words = nil
		}
		words = append(words, strings.Fields(value)...)
	}
	return words
}

// Without leaves keys of one section out; instead, if not "", takes the place
// of the first.
func (f INI) Without(section string, keys []string, instead string) INI {
	var kept INI
	for _, l := range f {
		if l.Section != section || l.Key == "" || !slices.Contains(keys, l.Key) {
			kept = append(kept, l)
			continue
		}
		if instead != "" {
			key, value, _ := strings.Cut(instead, "=")
			kept = append(kept, INILine{Text: instead + "\n", Section: section, Key: key, Value: value})
			instead = ""
		}
	}
	return kept
}
