package bootloader

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// MendDefault makes an entry the default that starts this guest, where the one that a
// menu starts by itself does not, for certain: the machine has nobody who chooses. A
// menu without such an entry, and a default that cannot be set for certain, stay, and
// Verify tells.
func (c *Configuration) MendDefault() error {
	for range maxMends {
		d, err := c.mendable()
		if err != nil || d == nil {
			return err
		}
		changed, err := c.setDefault(*d)
		if err != nil || !changed {
			return err
		}
		if err := c.requireMended(*d); err != nil {
			return err
		}
	}
	return nil
}

// requireMended refuses a menu that does not tell any more what it starts by itself.
func (c *Configuration) requireMended(d deadDefault) error {
	menus, err := c.menus()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(menus, func(m menu.Menu) bool { return m.File == d.menu.File && m.Default >= 0 }) {
		return nil
	}
	return remedy.With(fmt.Errorf("%w, and the menu does not tell whether it would start that if it were the default", d.err()),
		chooseDefault([]menu.Menu{d.menu}, ", such as "+d.other.Name()))
}

// chooseDefault is the remedy of menus whose defaults start nothing.
func chooseDefault(menus []menu.Menu, better string) string {
	return "choose an entry that starts as the default in the guest" + better + " (" + advise(menus, toChoose) + "), and take its disks again"
}

// maxMends is how often a default may lead to another: GRUB has one for the next boot
// alone, and one for all others.
const maxMends = 3

// mendable is a menu whose default starts nothing, and which has another entry that
// does; nil where there is none, or the guest starts all the same.
func (c *Configuration) mendable() (*deadDefault, error) {
	menus, err := c.menus()
	if err != nil {
		return nil, err
	}
	entries := asAttached(c.judgeAll(menus))
	failed, reached := c.deadDefaults(menus, entries)
	if reached {
		return nil, nil
	}
	for n, d := range failed {
		if d.menu.Ends != "" {
			continue
		}
		i := slices.IndexFunc(menus, func(m menu.Menu) bool { return m.File == d.menu.File })
		if at := c.replacement(entries[i]); at >= 0 {
			failed[n].other = &entries[i][at]
			return &failed[n], nil
		}
	}
	return nil, nil
}

// notUnattended finds entries that nobody wants to be started by itself: those to
// repair the system with, and those below another hypervisor.
var notUnattended = regexp.MustCompile(`(?i)rescue|recovery|single|emergency|failsafe|memtest|kdump|\bxen\b`)

// replacement is the first entry that starts the guest as it is meant to be started, or
// -1.
func (c *Configuration) replacement(entries []judged) int {
	return slices.IndexFunc(entries, func(j judged) bool {
		if j.outcome != starts || j.Choice == "" || c.otherSystem(j.Entry) != "" {
			return false
		}
		said := append([]string{j.Title, j.ID, path.Base(j.Kernel.Name)}, j.Parameters...)
		return !slices.ContainsFunc(said, notUnattended.MatchString) && !slices.Contains(j.Parameters, "1") && !slices.Contains(j.Parameters, "s")
	})
}

// setDefault makes the other entry of a menu its default. changed is false where
// nothing in its files sets the default in a way that is understood.
func (c *Configuration) setDefault(d deadDefault) (changed bool, err error) {
	files := d.menu.Files()
	edit := func(text string) string { return text }
	switch d.menu.Loader {
	case menu.GRUB:
		if changed, err := c.setSavedEntry(d); changed || err != nil {
			return changed, err
		}
		edit = func(text string) string { return setGrubDefault(text, d.menu.Wanted, d.other.Choice) }
		if d.menu.Wanted == "" && path.Ext(d.chosen.File) == ".cfg" { // nothing sets it
			files = []string{d.chosen.File}
			edit = func(text string) string { return grubDefaultSet(d.other.Choice) + "\n" + text }
		}
	case menu.GRUBLegacy:
		files = []string{d.menu.File}
		edit = func(text string) string { return setLegacyDefault(text, d.other.Choice) }
	case menu.Syslinux:
		edit = func(text string) string { return setSyslinuxDefault(text, d.chosen.Choice, d.other.Choice) }
	case menu.LoaderEntries:
		files = slices.DeleteFunc(files, func(file string) bool { return path.Base(file) != "loader.conf" })
		edit = func(text string) string { return setLoaderDefault(text, d.chosen.ID, d.other.Choice) }
	case menu.Unified, menu.LILO, menu.ELILO, menu.REFInd, menu.Limine: // no default of theirs is known
	}
	for _, file := range files {
		text, ok, err := c.edit.Read(file)
		if err != nil || !ok {
			return changed, err
		}
		edited := edit(text)
		if edited == text {
			continue
		}
		changed = true
		if err := c.edit.Rewrite(file, edited, 0o644, d.mend(), meantDefault); err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// mend describes the change.
func (d deadDefault) mend() string {
	return fmt.Sprintf("start %s by itself: %s, which was the default, does not start: %s", d.other.Name(), d.chosen.Name(), d.chosen.why)
}

// setSavedEntry sets the default where GRUB has saved it: that of the next boot goes,
// and that of all others becomes the other entry.
func (c *Configuration) setSavedEntry(d deadDefault) (changed bool, err error) {
	var scripts, blocks []string
	for _, file := range d.menu.Files() {
		if text, ok, err := c.edit.Read(file); err == nil && ok {
			scripts = append(scripts, text)
			blocks = append(blocks, path.Join(path.Dir(file), "grubenv"))
		}
	}
	takes := func(variable string) bool {
		return slices.ContainsFunc(scripts, func(text string) bool { return defaultIs(text, "${"+variable+"}", "$"+variable) })
	}
	if err := c.eachFile(func(name, _ string, f bootfile.File) error {
		if f.Format == bootfile.GrubEnvironment && !slices.Contains(blocks, name) {
			blocks = append(blocks, name)
		}
		return nil
	}); err != nil {
		return false, err
	}
	for _, variable := range []string{"next_entry", "saved_entry"} {
		if !takes(variable) {
			continue
		}
		value := d.other.Choice
		if variable == "next_entry" {
			value = ""
		}
		for n, block := range blocks {
			text, ok, err := c.edit.Read(block)
			if err != nil {
				return changed, err
			}
			env, valid := conf.ParseGrubEnvironment(text)
			saved, there := env.Values()[variable]
			// Where none is saved, the first entry is the default.
			unsaved := d.menu.Wanted == "" && !there && variable == "saved_entry" && n < len(scripts) && !changed
			if !ok || !valid || saved == value || !unsaved && (!there || saved != d.menu.Wanted) {
				continue
			}
			changed = true
			if err := c.edit.Rewrite(block, env.Set(variable, value).String(), 0o644, d.mend(), meantDefault); err != nil {
				return changed, err
			}
		}
		if changed {
			return true, nil
		}
	}
	return false, nil
}

// defaultIs reports whether a GRUB script sets its default to one of the values, as
// they are written.
func defaultIs(text string, values ...string) bool {
	return slices.ContainsFunc(conf.ParseGrub(text), func(s conf.GrubStatement) bool {
		w, ok := grubDefault(s)
		return ok && slices.Contains(values, strings.TrimPrefix(w.Text, "default="))
	})
}

// grubDefault is the word of a statement that sets GRUB's default.
func grubDefault(s conf.GrubStatement) (conf.Word, bool) {
	command := s.Command()
	if len(command) > 0 && command[0].Text == "set" {
		command = command[1:]
	}
	if len(command) == 0 || !strings.HasPrefix(command[0].Text, "default=") {
		return conf.Word{}, false
	}
	return command[0], true
}

// setGrubDefault gives a script another default where it has the one that is wanted,
// as it is written.
func setGrubDefault(text, wanted, choice string) string {
	_, quoted, _ := strings.Cut(grubDefaultSet(choice), " ")
	var edits []conf.Edit
	for _, statement := range conf.ParseGrub(text) {
		if w, ok := grubDefault(statement); ok && w.Text == "default="+wanted {
			edits = append(edits, conf.Edit{Start: w.Start, End: w.End, Text: quoted})
		}
	}
	return conf.ApplyEdits(text, edits)
}

// grubDefaultSet is the command that sets GRUB's default.
func grubDefaultSet(choice string) string { return `set default="` + choice + `"` }

var legacyDefault = regexp.MustCompile(`(?m)^([ \t]*default[ \t]*[= \t][ \t]*)([^ \t\r\n]+)`)

// setLegacyDefault sets the default of GRUB Legacy's menu, which is the first entry
// where none is given.
func setLegacyDefault(text, choice string) string {
	if !legacyDefault.MatchString(text) {
		return "default " + choice + "\n" + text
	}
	return legacyDefault.ReplaceAllString(text, "${1}"+choice)
}

// setSyslinuxDefault makes another label the default of a syslinux menu: where
// DEFAULT or ONTIMEOUT name the one that was, and where a label says that it is it.
func setSyslinuxDefault(text, was, is string) string {
	var out []string
	label, target, moved := "", -1, false
	for line := range strings.Lines(text) {
		key, value := conf.LoaderField(line)
		first, _, _ := strings.Cut(value, " ")
		switch key = strings.ToLower(key); {
		case key == "label":
			label = value
			out = append(out, line)
			if strings.EqualFold(label, is) {
				target = len(out)
			}
			continue
		case (key == "default" || key == "ontimeout") && strings.EqualFold(first, was):
			at := strings.Index(line, value)
			line = line[:at] + is + line[at+len(first):]
		case key == "menu" && strings.EqualFold(value, "default") && strings.EqualFold(label, was):
			moved = true
			continue
		}
		out = append(out, line)
	}
	edited := strings.Join(out, "")
	if (moved || edited == text) && target >= 0 { // else a menu starts its first label
		out = slices.Insert(out, target, "  MENU DEFAULT\n")
		edited = strings.Join(out, "")
	}
	return edited
}

// setLoaderDefault sets the default in systemd-boot's loader.conf where its pattern is
// for the entry that was.
func setLoaderDefault(text, was, is string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		key, value := conf.LoaderField(line)
		if matched, _ := path.Match(strings.TrimSuffix(value, ".conf"), was); key == "default" && matched {
			at := strings.LastIndex(line, value)
			line = line[:at] + is + line[at+len(value):]
		}
		b.WriteString(line)
	}
	return b.String()
}

// meantDefault: what sets the default of a boot loader.
func meantDefault(was, is *conf.Entry) bool {
	sets := func(e *conf.Entry) bool {
		words := e.Words()
		first := strings.ToLower(e.Key)
		menuDefault := first == "menu" && len(words) == 2 && strings.EqualFold(words[1], "default")
		return slices.Contains([]string{"default", "ontimeout", "saved_entry", "next_entry"}, first) || menuDefault ||
			slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "default=") })
	}
	return (was == nil || sets(was)) && (is == nil || sets(is))
}
