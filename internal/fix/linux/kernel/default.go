package kernel

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

// Default returns the index, in kernels, of the one that the boot loader
// starts by itself. Where no configuration tells, it is the newest.
func Default(e *edit.Editor, kernels []Kernel) (int, error) {
	if len(kernels) == 0 {
		return -1, nil
	}
	env, err := grubEnvironment(e)
	if err != nil {
		return 0, err
	}
	directories, err := e.List("/boot/efi/EFI", "*")
	if err != nil {
		return 0, err
	}
	for _, directory := range append([]string{"/boot/grub2", "/boot/grub"}, directories...) {
		text, ok, err := e.Read(path.Join(directory, "grub.cfg"))
		if err != nil {
			return 0, err
		}
		if !ok {
			continue
		}
		if i, ok := grubDefault(text, env, kernels); ok {
			return i, nil
		}
	}
	for _, directory := range []string{"/boot/loader", "/boot/efi/loader", "/efi/loader"} {
		text, ok, err := e.Read(path.Join(directory, "loader.conf"))
		if err != nil {
			return 0, err
		}
		if !ok {
			continue
		}
		for line := range strings.Lines(text) {
			key, value := conf.LoaderField(line)
			if key != "default" {
				continue
			}
			pattern := strings.TrimSuffix(value, ".conf")
			i := slices.IndexFunc(kernels, func(k Kernel) bool {
				matched, _ := path.Match(pattern, k.Entry)
				return k.Entry != "" && matched
			})
			if i >= 0 {
				return i, nil
			}
		}
	}
	return 0, nil
}

// grubEnvironment is what GRUB has saved, the entry that it starts among it. On
// a guest that boots by UEFI the file may lie beside its menu.
func grubEnvironment(e *edit.Editor) (map[string]string, error) {
	files := []string{"/boot/grub/grubenv", "/boot/grub2/grubenv"}
	directories, err := e.List("/boot/efi/EFI", "*")
	if err != nil {
		return nil, err
	}
	for _, directory := range slices.Backward(directories) {
		files = append([]string{path.Join(directory, "grubenv")}, files...)
	}
	values := map[string]string{}
	for _, file := range files {
		text, _, err := e.Read(file)
		if err != nil {
			return nil, err
		}
		if env, ok := conf.ParseGrubEnvironment(text); ok {
			maps.Copy(values, env.Values())
		}
	}
	return values, nil
}

// grubEntry is a menu entry or, with children, a submenu.
type grubEntry struct {
	title, id, image string
	children         []*grubEntry
}

// grubDefault finds the default entry of a grub.cfg, and with it the kernel.
func grubDefault(text string, env map[string]string, kernels []Kernel) (int, bool) {
	statements := conf.ParseGrub(text)
	wanted, loaderEntries := "0", false
	for _, statement := range statements {
		command := statement.Command()
		switch {
		case len(command) == 0:
		case command[0].Text == "blscfg":
			loaderEntries = true
		case command[0].Text == "set" && len(command) == 2:
			value, ok := strings.CutPrefix(command[1].Text, "default=")
			if ok && !strings.Contains(value, "next_entry") {
				wanted = value
			}
		}
	}
	if strings.Contains(wanted, "saved_entry") {
		wanted = env["saved_entry"]
	}
	if loaderEntries {
		if wanted == "" {
			wanted = env["saved_entry"]
		}
		if n, err := strconv.Atoi(wanted); err == nil {
			return n, n >= 0 && n < len(kernels) // newest first, as blscfg sorts them
		}
		i := slices.IndexFunc(kernels, func(k Kernel) bool { return k.Entry != "" && k.Entry == wanted })
		return max(i, 0), true
	}
	entry := findGrubEntry(grubEntries(statements), wanted)
	if entry == nil {
		return 0, false
	}
	i := slices.IndexFunc(kernels, func(k Kernel) bool { return path.Base(k.Image) == path.Base(entry.image) })
	return i, i >= 0
}

// grubEntries builds the menu. Blocks that are no entry are passed through.
func grubEntries(statements []conf.GrubStatement) []*grubEntry {
	root := &grubEntry{}
	stack := []*grubEntry{root}
	var opening *grubEntry
	for _, statement := range statements {
		command := statement.Command()
		if len(command) == 0 {
			continue
		}
		top := stack[len(stack)-1]
		switch name := command[0].Text; {
		case (name == "menuentry" || name == "submenu") && len(command) > 1:
			opening = &grubEntry{title: command[1].Text, id: grubEntryID(command)}
			top.children = append(top.children, opening)
		case name == "{":
			if opening == nil {
				opening = top
			}
			stack = append(stack, opening)
			opening = nil
		case name == "}" && len(stack) > 1:
			stack = stack[:len(stack)-1]
		case command.LoadsKernel() && top.image == "":
			top.image = command.KernelImage()
		}
	}
	return root.children
}

func grubEntryID(command conf.GrubStatement) string {
	for i, w := range command[:len(command)-1] {
		if w.Text == "--id" || strings.Contains(w.Text, "menuentry_id_option") {
			return command[i+1].Text
		}
	}
	return ""
}

// findGrubEntry follows a path of numbers, titles and ids ("1>2",
// "Advanced options>Debian"). A submenu stands for its first entry.
func findGrubEntry(entries []*grubEntry, wanted string) *grubEntry {
	first, rest, _ := strings.Cut(wanted, ">")
	var found *grubEntry
	if n, err := strconv.Atoi(first); err == nil {
		if n >= 0 && n < len(entries) {
			found = entries[n]
		}
	} else {
		for _, e := range entries {
			if e.id == first && first != "" || e.title == first {
				found = e
				break
			}
		}
		if found == nil && len(entries) > 0 {
			found = entries[0] // as GRUB does
		}
	}
	switch {
	case found == nil:
		return nil
	case len(found.children) == 0:
		return found
	case rest == "":
		rest = "0"
	}
	return findGrubEntry(found.children, rest)
}
