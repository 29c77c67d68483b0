package inject

import (
	"fmt"
	"regexp"
	"strings"
)

// iniFile is a file in the syntax of systemd.syntax(7), which NetworkManager's
// key files share. Values keep their order; a key may occur more than once.
type iniFile []iniSection

type iniSection struct {
	name    string
	entries []iniEntry
}

type iniEntry struct{ key, value string }

// parseINI reads what it can: a line that is no section, entry or comment is
// reported by its number in bad, from 1, and left out.
func parseINI(text string) (file iniFile, bad []int) {
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
			file = append(file, iniSection{name: line[1 : len(line)-1]})
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || len(file) == 0 {
			bad = append(bad, number)
			continue
		}
		last := &file[len(file)-1]
		last.entries = append(last.entries, iniEntry{strings.TrimSpace(key), strings.TrimSpace(value)})
	}
	return file, bad
}

// has reports whether there is a section of that name.
func (f iniFile) has(section string) bool {
	for _, s := range f {
		if s.name == section {
			return true
		}
	}
	return false
}

// words returns all words of a key; an empty value resets the list.
func (f iniFile) words(section, key string) []string {
	var words []string
	for _, s := range f {
		for _, e := range s.entries {
			if s.name != section || e.key != key {
				continue
			}
			if e.value == "" {
				words = nil
			}
			words = append(words, strings.Fields(e.value)...)
		}
	}
	return words
}

// value returns a key's last value.
func (f iniFile) value(section, key string) string {
	value := ""
	for _, s := range f {
		for _, e := range s.entries {
			if s.name == section && e.key == key {
				value = e.value
			}
		}
	}
	return value
}

// install is the [Install] section of a unit (systemd.unit(5)).
type install struct {
	wantedBy, requiredBy, upheldBy, alias, also []string
	defaultInstance                             string
}

// parseInstall reads the section from a unit and its drop-ins, which are given
// one after the other.
func parseInstall(texts ...string) install {
	var all iniFile
	for _, text := range texts {
		file, _ := parseINI(text)
		all = append(all, file...)
	}
	return install{
		wantedBy:        all.words("Install", "WantedBy"),
		requiredBy:      all.words("Install", "RequiredBy"),
		upheldBy:        all.words("Install", "UpheldBy"),
		alias:           all.words("Install", "Alias"),
		also:            all.words("Install", "Also"),
		defaultInstance: all.value("Install", "DefaultInstance"),
	}
}

// empty reports that enabling the unit does nothing: it is static.
func (i install) empty() bool {
	return len(i.wantedBy)+len(i.requiredBy)+len(i.upheldBy)+len(i.alias)+len(i.also) == 0
}

// unitSuffix is the unit types that can be enabled.
var unitSuffix = regexp.MustCompile(`\.(service|socket|timer|path|target|mount|automount|swap|slice|device|scope)$`)

// withSuffix completes a name without a type to a service's.
func withSuffix(name string) string {
	if unitSuffix.MatchString(name) {
		return name
	}
	return name + ".service"
}

// splitUnit splits "getty@tty1.service" into "getty", "tty1" and ".service".
// isInstance is true where there is an @, also for a template ("getty@.service").
func splitUnit(name string) (stem, instance, suffix string, isInstance bool) {
	dot := strings.LastIndex(name, ".")
	if dot < 0 {
		dot = len(name)
	}
	stem, suffix = name[:dot], name[dot:]
	stem, instance, isInstance = strings.Cut(stem, "@")
	return stem, instance, suffix, isInstance
}

// templateOf is the template of an instance: "getty@.service".
func templateOf(name string) (string, bool) {
	stem, instance, suffix, isInstance := splitUnit(name)
	if !isInstance || instance == "" {
		return "", false
	}
	return stem + "@" + suffix, true
}

// expand replaces the specifiers of systemd.unit(5) that an [Install] section
// of the unit can resolve without a running system.
func expand(text, unit string) (string, error) {
	stem, instance, suffix, isInstance := splitUnit(unit)
	whole := strings.TrimSuffix(unit, suffix)
	values := map[byte]string{'%': "%", 'n': unit, 'N': whole, 'p': stem, 'i': instance, 'I': instance, 'j': stem}
	if dash := strings.LastIndex(stem, "-"); dash >= 0 {
		values['j'] = stem[dash+1:]
	}
	if !isInstance {
		values['p'] = whole
	}
	var result strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			result.WriteByte(text[i])
			continue
		}
		i++
		if i == len(text) {
			return "", fmt.Errorf("%q ends in a lone %%", text)
		}
		value, ok := values[text[i]]
		if !ok {
			return "", fmt.Errorf("the specifier %%%c in %q has no value before the guest runs", text[i], text)
		}
		result.WriteString(value)
	}
	return result.String(), nil
}
