package bootloader

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
)

// grub.cfg is edited, and regenerated only where that cannot help
// (Regenerate). An edit changes exactly the names that bind the guest to its
// old machine, costs nothing, and leaves what an administrator or another tool
// put into the file. The guest's grub-mkconfig takes many seconds, and, run
// here, it writes what it sees here: the appliance's device names as root=, or
// linux16 for a guest that boots by UEFI. A root= that no device answers to does
// not need it: the root file system has been found, and its name is written.

// bootScope is what edits of boot configuration need to know of the guest.
type bootScope struct {
	names devname.Names
	// hasKernel tells whether a kernel image, as a boot loader names it, is in
	// this guest. Entries for other systems are left alone where their devices
	// are not known.
	hasKernel func(image string) bool
}

// editGrubConfig replaces the device names of the old machine in the kernel
// parameters of a GRUB 2 configuration file, and in the variables that hold
// parameters. GRUB's own device names (set root=, search) are not its business.
func editGrubConfig(text string, s bootScope) (string, []finding) {
	statements := conf.ParseGrub(text)
	var edits []conf.Edit
	var findings []finding
	variables := findRootVariables(statements)
	title, elsewhere := "", false
	for i, statement := range statements {
		command := statement.Command()
		if len(command) == 0 {
			continue
		}
		switch name := command[0].Text; {
		case name == "menuentry" && len(command) > 1:
			title, elsewhere = fmt.Sprintf("menu entry %q", command[1].Text), false
		case name == "}":
			title = ""
		case name == "search" || name == "search.fs_uuid":
			elsewhere = title != "" && searchesElsewhere(command, s.names)
		case command.LoadsKernel() && len(command) > 2:
			c := cmdlineEditor{
				names:       s.names,
				where:       title,
				noInitramfs: !loadsInitramfs(statements[i+1:]),
				otherOS:     elsewhere || !s.hasKernel(command.KernelImage()),
			}
			edits = append(edits, inOrder(c.editWords(command[2:]), variables.editWords(command[2:], &c))...)
			findings = append(findings, c.findings...)
		case name == "set" && len(command) == 2:
			c := cmdlineEditor{names: s.names, where: title}
			edits = append(edits, inOrder(c.editVariable(command[1]), variables.edit(command, &c))...)
			findings = append(findings, c.findings...)
		case len(command) == 1 && bareAssignment.MatchString(name):
			c := cmdlineEditor{names: s.names, where: title}
			edits = append(edits, inOrder(c.editVariable(command[0]), variables.edit(command, &c))...)
			findings = append(findings, c.findings...)
		}
	}
	return conf.ApplyEdits(text, edits), findings
}

// inOrder sorts the edits of one command by where they stand.
func inOrder(a, b []conf.Edit) []conf.Edit {
	return slices.SortedFunc(slices.Values(append(a, b...)), func(a, b conf.Edit) int { return a.Start - b.Start })
}

// bareAssignment is a variable set without the command `set`.
var bareAssignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// loadsInitramfs looks for an initrd command before the entry's end.
func loadsInitramfs(statements []conf.GrubStatement) bool {
	for _, statement := range statements {
		command := statement.Command()
		if len(command) == 0 {
			continue
		}
		switch name := command[0].Text; {
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
func (c *cmdlineEditor) editVariable(assignment conf.Word) []conf.Edit {
	_, value, ok := strings.Cut(assignment.Text, "=")
	if !ok {
		return nil
	}
	offset := len(assignment.Text) - len(value)
	words := conf.KernelWords(value)
	for i := range words {
		for j := range words[i].At {
			words[i].At[j] = assignment.At[offset+words[i].At[j]]
		}
		words[i].Fixed = true
	}
	return c.editWords(words)
}

// searchesElsewhere reports whether a search command looks for a file system
// that is not one of the guest's.
func searchesElsewhere(command conf.GrubStatement, n devname.Names) bool {
	byUUID := command[0].Text == "search.fs_uuid"
	uuid := ""
	for _, w := range command[1:] {
		switch {
		case w.Text == "--fs-uuid" || w.Text == "-u":
			byUUID = true
		case !strings.HasPrefix(w.Text, "-") && uuid == "":
			uuid = w.Text
		}
	}
	if !byUUID || uuid == "" || strings.ContainsRune(uuid, '$') {
		return false
	}
	_, ok := n.Devices.Resolve("UUID=" + uuid)
	return !ok
}
