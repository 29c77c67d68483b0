package fix

import "strings"

// editLoaderEntry edits a Boot Loader Specification entry: its `options` lines.
func editLoaderEntry(text string, s bootScope) (string, []finding) {
	lines := strings.SplitAfter(text, "\n")
	c := cmdlineEditor{names: s.names, bare: true}
	for _, line := range lines {
		switch key, value := loaderField(line); key {
		case "initrd":
			c.bare = false
		case "linux":
			c.foreign = !s.hasKernel(value)
		case "efi":
			c.foreign = true
		}
	}
	for i, line := range lines {
		if key, value := loaderField(line); key == "options" && value != "" {
			start := strings.Index(line, value)
			lines[i] = line[:start] + c.editCmdline(line[start:])
		}
	}
	return strings.Join(lines, ""), c.findings
}

// loaderField splits `key value` of an entry. A comment has no key.
func loaderField(line string) (key, value string) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", ""
	}
	end := strings.IndexAny(line, " \t")
	if end < 0 {
		return line, ""
	}
	return line[:end], strings.TrimSpace(line[end:])
}
