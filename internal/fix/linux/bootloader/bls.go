package bootloader

import (
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// editLoaderEntry edits a Boot Loader Specification entry: its `options` lines.
func editLoaderEntry(text string, s bootScope) (string, []finding) {
	lines := strings.SplitAfter(text, "\n")
	c := cmdlineEditor{names: s.names, noInitramfs: true}
	for _, line := range lines {
		switch key, value := conf.LoaderField(line); key {
		case "initrd":
			c.noInitramfs = false
		case "linux":
			c.otherOS = !s.hasKernel(value)
		case "efi":
			c.otherOS = true
		}
	}
	for i, line := range lines {
		if key, value := conf.LoaderField(line); key == "options" && value != "" {
			start := strings.Index(line, value)
			lines[i] = line[:start] + c.editCmdline(line[start:])
		}
	}
	return strings.Join(lines, ""), c.findings
}
