package fix

import (
	"regexp"
	"strings"
)

const (
	grubenvSignature = "# GRUB Environment Block\n"
	grubenvBlock     = 1024
)

// grubenvParams names the variables of a GRUB environment that hold kernel
// parameters. saved_entry and its like may well look like some, being titles.
var grubenvParams = regexp.MustCompile(`(opts|params|cmdline)$`)

// editGrubenv edits a GRUB environment block: `kernelopts` of RHEL 8, and
// other variables with kernel parameters. The block keeps its size, or grows
// by whole blocks: GRUB writes it in place and counts on that.
func editGrubenv(text string, s bootScope) (string, []finding) {
	if !strings.HasPrefix(text, grubenvSignature) {
		return text, nil
	}
	content := strings.TrimRight(text, "#")
	if !strings.HasSuffix(content, "\n") {
		return text, nil
	}
	c := cmdlineEditor{names: s.names}
	var b strings.Builder
	for _, line := range grubenvLines(content) {
		name, value, ok := strings.Cut(line, "=")
		if ok && !strings.HasPrefix(line, "#") && grubenvParams.MatchString(name) {
			c.where = name
			// Blanks end a parameter, so the escapes (of backslash and line
			// end) cannot be inside of a name that is replaced.
			line = name + "=" + c.editCmdline(value)
		}
		b.WriteString(line)
	}
	edited := b.String()
	if edited == content {
		return text, c.findings
	}
	size := len(text)
	for size < len(edited) || size%grubenvBlock != 0 {
		size = (size/grubenvBlock + 1) * grubenvBlock
	}
	return edited + strings.Repeat("#", size-len(edited)), c.findings
}

// grubenvLines splits after each line end that no backslash escapes.
func grubenvLines(content string) []string {
	var lines []string
	start := 0
	for i := 0; i < len(content); i++ {
		switch content[i] {
		case '\\':
			i++
		case '\n':
			lines = append(lines, content[start:i+1])
			start = i + 1
		}
	}
	return append(lines, content[start:])
}
