package fix

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// grub.cfg is edited, and regenerated only where that cannot help
// (regenerateGrub). An edit changes exactly the names that bind the guest to its
// old machine, costs nothing, and leaves what an administrator or another tool
// put into the file. The guest's grub-mkconfig takes many seconds, and, run
// here, it writes what it sees here: the appliance's device names as root=, or
// linux16 for a guest that boots by UEFI. A root= that no device answers to does
// not need it: the root file system has been found, and its name is written.

// bootScope is what edits of boot configuration need to know of the guest.
type bootScope struct {
	names names
	// hasKernel tells whether a kernel image, as a boot loader names it, is in
	// this guest. Entries for other systems are left alone where their devices
	// are not known.
	hasKernel func(image string) bool
}

// linuxCommands load a kernel: command, image, parameters. module and module2
// load one under Xen, and something else everywhere else.
var linuxCommands = []string{"linux", "linux16", "linuxefi", "linux_hotkey", "module", "module2"}

// editGrubConfig replaces the device names of the old machine in the kernel
// parameters of a GRUB 2 configuration file, and in the variables that hold
// parameters. GRUB's own device names (set root=, search) are not its business.
func editGrubConfig(text string, s bootScope) (string, []finding) {
	statements := parseGrub(text)
	var edits []edit
	var findings []finding
	title, elsewhere := "", false
	for i, statement := range statements {
		command := statement.command()
		if len(command) == 0 {
			continue
		}
		switch name := command[0].text; {
		case name == "menuentry" && len(command) > 1:
			title, elsewhere = fmt.Sprintf("menu entry %q", command[1].text), false
		case name == "}":
			title = ""
		case name == "search" || name == "search.fs_uuid":
			elsewhere = title != "" && searchesElsewhere(command, s.names)
		case slices.Contains(linuxCommands, name) && len(command) > 2:
			c := cmdlineEditor{
				names:   s.names,
				where:   title,
				bare:    !loadsInitramfs(statements[i+1:]),
				foreign: elsewhere || !s.hasKernel(kernelImage(command)),
			}
			edits = append(edits, c.editWords(command[2:])...)
			findings = append(findings, c.findings...)
		case name == "set" && len(command) == 2:
			c := cmdlineEditor{names: s.names, where: title}
			edits = append(edits, c.editVariable(command[1])...)
			findings = append(findings, c.findings...)
		case len(command) == 1 && bareAssignment.MatchString(name):
			c := cmdlineEditor{names: s.names, where: title}
			edits = append(edits, c.editVariable(command[0])...)
			findings = append(findings, c.findings...)
		}
	}
	return applyEdits(text, edits), findings
}

// bareAssignment is a variable set without the command `set`.
var bareAssignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// loadsInitramfs looks for an initrd command before the entry's end.
func loadsInitramfs(statements []grubStatement) bool {
	for _, statement := range statements {
		command := statement.command()
		if len(command) == 0 {
			continue
		}
		switch name := command[0].text; {
		case strings.HasPrefix(name, "initrd"), strings.HasPrefix(name, "module"):
			return true
		case name == "}", name == "menuentry", strings.HasPrefix(name, "linux"):
			return false
		}
	}
	return false
}

// editVariable edits a GRUB variable that holds kernel parameters, as RHEL 8's
// `set kernelopts="root=/dev/sda1 ro"`. A value without a parameter has nothing
// to edit, so that GRUB's own variables pass.
func (c *cmdlineEditor) editVariable(assignment word) []edit {
	_, value, ok := strings.Cut(assignment.text, "=")
	if !ok {
		return nil
	}
	offset := len(assignment.text) - len(value)
	words := kernelWords(value)
	for i := range words {
		for j := range words[i].at {
			words[i].at[j] = assignment.at[offset+words[i].at[j]]
		}
		words[i].fixed = true
	}
	return c.editWords(words)
}

// kernelImage is the first argument that is no option.
func kernelImage(command grubStatement) string {
	for _, w := range command[1:] {
		if !strings.HasPrefix(w.text, "-") {
			return w.text
		}
	}
	return ""
}

// searchesElsewhere reports whether a search command looks for a file system
// that is not one of the guest's.
func searchesElsewhere(command grubStatement, n names) bool {
	byUUID := command[0].text == "search.fs_uuid"
	uuid := ""
	for _, w := range command[1:] {
		switch {
		case w.text == "--fs-uuid" || w.text == "-u":
			byUUID = true
		case !strings.HasPrefix(w.text, "-") && uuid == "":
			uuid = w.text
		}
	}
	if !byUUID || uuid == "" || strings.ContainsRune(uuid, '$') {
		return false
	}
	_, ok := n.devices.Resolve("UUID=" + uuid)
	return !ok
}
