package bootloader

import (
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// editSyslinux edits extlinux.conf or syslinux.cfg: `append` of each label.
// Keywords are case-insensitive.
func editSyslinux(text string, s bootScope) (string, []finding) {
	lines := strings.SplitAfter(text, "\n")
	var findings []finding
	for start := 0; start < len(lines); {
		end := start + 1
		for end < len(lines) && syslinuxKey(lines[end]) != "label" {
			end++
		}
		findings = append(findings, editSyslinuxLabel(lines[start:end], s)...)
		start = end
	}
	return strings.Join(lines, ""), findings
}

func editSyslinuxLabel(lines []string, s bootScope) []finding {
	c := cmdlineEditor{names: s.names, noInitramfs: true}
	for _, line := range lines {
		_, value := conf.LoaderField(line)
		switch syslinuxKey(line) {
		case "label":
			c.where = fmt.Sprintf("label %q", value)
		case "initrd":
			c.noInitramfs = false
		case "kernel", "linux":
			c.otherOS = !s.hasKernel(value)
		case "append":
			if strings.Contains(" "+value, " initrd=") {
				c.noInitramfs = false
			}
		}
	}
	for i, line := range lines {
		if syslinuxKey(line) == "append" {
			lines[i] = c.editCmdline(line)
		}
	}
	return c.findings
}

func syslinuxKey(line string) string {
	key, _ := conf.LoaderField(line)
	return strings.ToLower(key)
}
