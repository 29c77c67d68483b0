package inject

import (
	"path"
	"slices"
	"strings"
)

// sshdConfig is the global part of sshd_config(5), which ends at the first Match:
// the lines' values by keyword, in lower case.
type sshdConfig map[string][][]string

// readSSHDConfig reads it with the files that it includes, in their places. It is nil
// where the guest has none.
func readSSHDConfig(p *plan) sshdConfig {
	for _, name := range []string{"/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config"} {
		if p.exists(name) {
			c := sshdConfig{}
			c.readFile(p, name, 0)
			return c
		}
	}
	return nil
}

// readFile reads one file. A Match in an included file ends that file alone.
func (c sshdConfig) readFile(p *plan, name string, depth int) {
	if depth > 16 { // as sshd
		return
	}
	for line := range strings.Lines(p.mustRead(name)) {
		keyword, values := sshdLine(line)
		switch keyword {
		case "":
		case "match":
			return
		case "include":
			for _, pattern := range values {
				if !path.IsAbs(pattern) {
					pattern = path.Join("/etc/ssh", pattern)
				}
				for _, included := range p.matching(path.Dir(pattern), path.Base(pattern)) {
					c.readFile(p, included, depth+1)
				}
			}
		default:
			c[keyword] = append(c[keyword], values)
		}
	}
}

// sshdLine splits `Keyword value "value" # comment` and `Keyword=value`.
func sshdLine(line string) (keyword string, values []string) {
	fields := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n\f", r) })
	if len(fields) > 0 {
		if first, value, ok := strings.Cut(fields[0], "="); ok {
			fields = slices.Concat([]string{first}, strings.Fields(value), fields[1:])
		} else if len(fields) > 1 && strings.HasPrefix(fields[1], "=") {
			fields = slices.Concat(fields[:1], strings.Fields(fields[1][1:]), fields[2:])
		}
	}
	for i, field := range fields {
		if strings.HasPrefix(field, "#") {
			fields = fields[:i]
			break
		}
		fields[i] = strings.Trim(field, `"`)
	}
	if len(fields) == 0 {
		return "", nil
	}
	return strings.ToLower(fields[0]), fields[1:]
}

// value is a keyword's value, in lower case: of several lines the first counts.
func (c sshdConfig) value(keyword string) string {
	if lines := c[keyword]; len(lines) > 0 && len(lines[0]) > 0 {
		return strings.ToLower(lines[0][0])
	}
	return ""
}

// all are a keyword's values of all its lines, as for AllowUsers.
func (c sshdConfig) all(keyword string) []string { return slices.Concat(c[keyword]...) }
