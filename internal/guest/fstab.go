package guest

import (
	"path"
	"strconv"
	"strings"
)

// fstabEntry is one line of fstab(5) as mounting needs it.
type fstabEntry struct {
	Spec    string
	File    string
	Type    string
	Options []string
}

// parseFstab reads fstab(5). Comments, blank and short lines are left out.
func parseFstab(text string) []fstabEntry {
	var entries []fstabEntry
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 3 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		entry := fstabEntry{
			Spec: unescapeField(fields[0]),
			File: unescapeField(fields[1]),
			Type: fields[2],
		}
		if len(fields) > 3 {
			entry.Options = strings.Split(unescapeField(fields[3]), ",")
		}
		entries = append(entries, entry)
	}
	return entries
}

// has says that the entry has one of the options.
func (e fstabEntry) has(options ...string) bool {
	for _, option := range e.Options {
		for _, wanted := range options {
			if option == wanted {
				return true
			}
		}
	}
	return false
}

// swapFiles lists the swap areas that are files.
func swapFiles(entries []fstabEntry) []string {
	var files []string
	for _, entry := range entries {
		if entry.Type == "swap" && path.IsAbs(entry.Spec) && !strings.HasPrefix(entry.Spec, "/dev/") {
			files = append(files, entry.Spec)
		}
	}
	return files
}

// parseCrypttab reads crypttab(5): the mapped name by its source device.
func parseCrypttab(text string) map[string]string {
	names := map[string]string{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) >= 2 && !strings.HasPrefix(fields[0], "#") {
			names[fields[1]] = fields[0]
		}
	}
	return names
}

// unescapeField undoes the octal escapes of fstab: \040 is a blank.
func unescapeField(field string) string {
	if !strings.Contains(field, `\`) {
		return field
	}
	var out strings.Builder
	for i := 0; i < len(field); i++ {
		if field[i] == '\\' && len(field) >= i+4 {
			if char, err := strconv.ParseUint(field[i+1:i+4], 8, 8); err == nil {
				out.WriteByte(byte(char))
				i += 3
				continue
			}
		}
		out.WriteByte(field[i])
	}
	return out.String()
}
