package bootloader

import (
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// editGrubLegacy edits menu.lst or grub.conf of GRUB before version 2: the
// `kernel` lines of its entries, and the commented `# kopt=` line from which
// Debian's update-grub makes them.
func editGrubLegacy(text string, s bootScope) (string, []finding) {
	lines := strings.SplitAfter(text, "\n")
	var findings []finding
	title := ""
	for i, line := range lines {
		words := conf.KernelWords(strings.Replace(line, "=", " ", 1))
		if len(words) == 0 {
			continue
		}
		c := cmdlineEditor{names: s.names, where: title}
		switch trimmed := strings.TrimLeft(line, conf.Blanks); {
		case words[0].Text == "title":
			title = fmt.Sprintf("menu entry %q", strings.TrimSpace(trimmed[len("title"):]))
		case words[0].Text == "kernel" || words[0].Text == "module":
			words = conf.KernelWords(line)
			if len(words) > 2 {
				c.noInitramfs = !legacyInitramfs(lines[i+1:])
				c.otherOS = !s.hasKernel(words[1].Text)
				lines[i] = conf.ApplyEdits(line, c.editWords(words[2:]))
			}
		case strings.HasPrefix(trimmed, "# kopt=") || strings.HasPrefix(trimmed, "# kopt_"):
			start := strings.IndexByte(line, '=') + 1
			lines[i] = line[:start] + c.editCmdline(line[start:])
		}
		findings = append(findings, c.findings...)
	}
	return strings.Join(lines, ""), findings
}

func legacyInitramfs(lines []string) bool {
	for _, line := range lines {
		switch fields := strings.Fields(line); {
		case len(fields) == 0:
		case fields[0] == "initrd", fields[0] == "module":
			return true
		case fields[0] == "title", fields[0] == "kernel":
			return false
		}
	}
	return false
}
