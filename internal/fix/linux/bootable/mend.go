package bootable

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// maxMends is how often a default may lead to another: GRUB has one for the next boot
// alone, and one for all others.
const maxMends = 3

// MendDefault makes an entry the default that starts this guest, where the one that a
// menu starts by itself does not, for certain: the machine has nobody who chooses. A
// menu without such an entry, and a default that cannot be set for certain, stay, and
// Require tells.
func (g *Guest) MendDefault() error {
	for range maxMends {
		d, ok, err := g.mendable()
		if err != nil || !ok {
			return err
		}
		changed, err := g.setDefault(d)
		if err != nil || !changed {
			return err
		}
		if err := g.requireMended(d); err != nil {
			return err
		}
	}
	return nil
}

// requireMended refuses a menu that does not tell any more what it starts by itself.
func (g *Guest) requireMended(d deadDefault) error {
	menus, err := g.menus()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(menus, func(m judgedMenu) bool { return m.File == d.menu.File && m.Default >= 0 }) {
		return nil
	}
	return remedy.With(fmt.Errorf("%w, and the menu does not tell whether it would start that if it were the default", d.err()),
		chooseDefault([]judgedMenu{d.menu}, ", such as "+d.other.Name()))
}

// mendable is a menu whose default starts nothing, and which has another entry that
// does; ok is false where there is none, or the guest starts all the same.
func (g *Guest) mendable() (d deadDefault, ok bool, err error) {
	menus, err := g.menus()
	if err != nil {
		return deadDefault{}, false, err
	}
	failed, reached := deadDefaults(asAttached(menus))
	if reached {
		return deadDefault{}, false, nil
	}
	for _, d := range failed {
		if d.menu.Ends != "" {
			continue
		}
		if other, ok := d.menu.replacement(); ok {
			d.other = other
			return d, true, nil
		}
	}
	return deadDefault{}, false, nil
}

// deadDefault is a menu that starts by itself what does not start.
type deadDefault struct {
	menu     judgedMenu
	chosen   judged
	other    judged // one that starts, if hasOther
	fallback bool   // other is what the loader goes on with by itself
}

func (d deadDefault) hasOther() bool { return d.other.outcome == starts }

func (d deadDefault) err() error {
	if d.menu.Ends != "" {
		return fmt.Errorf("%s shows no menu: %s before", d.menu.File, d.menu.Ends)
	}
	message := fmt.Sprintf("%s starts by itself an entry that does not start: %s: %s", d.menu.File, d.chosen.Name(), d.chosen.why)
	switch {
	case d.fallback:
		message += ", so that its fallback"
	case d.hasOther():
		message += ", while"
	}
	if d.hasOther() {
		message += " " + d.other.Name() + " of " + d.other.File + " does"
	}
	return errors.New(message)
}

// mend describes the change.
func (d deadDefault) mend() string {
	return fmt.Sprintf("start %s by itself: %s, which was the default, does not start: %s", d.other.Name(), d.chosen.Name(), d.chosen.why)
}

// deadDefaults finds the menus that start by themselves what does not start. reached
// says that some menu, or a fallback, comes to what does, or is not known not to.
func deadDefaults(menus []judgedMenu) (failed []deadDefault, reached bool) {
	for _, m := range menus {
		d := deadDefault{menu: m}
		switch preset, ok := m.preset(); {
		case m.Ends != "":
			failed = append(failed, d)
			continue
		case ok && preset.outcome == dead:
			d.chosen = preset
		case !ok && m.Idle != "" && m.Unclear == "":
			d.chosen = judged{Entry: menu.Entry{File: m.File, Title: m.DefaultTitle, Choice: m.DefaultTitle}, why: m.Idle}
		default:
			_, ok := m.starting()
			reached = reached || ok
			continue
		}
		var ok bool
		if d.other, d.fallback = m.fallback(); d.fallback {
			reached = true
		} else if d.other, ok = m.replacement(); !ok {
			d.other, _ = m.starting()
		}
		failed = append(failed, d)
	}
	return failed, reached
}

// setDefault makes the other entry of a menu its default. changed is false where
// nothing in its files sets the default in a way that is understood.
func (g *Guest) setDefault(d deadDefault) (changed bool, err error) {
	files := d.menu.Files()
	edit := func(text string) string { return text }
	switch d.menu.Loader {
	case menu.GRUB:
		if changed, err := g.setSavedEntry(d); changed || err != nil {
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
		text, ok, err := g.edit.Read(file)
		if err != nil || !ok {
			return changed, err
		}
		edited := edit(text)
		if edited == text {
			continue
		}
		changed = true
		if err := g.edit.Rewrite(file, edited, 0o644, d.mend(), meantDefault); err != nil {
			return changed, err
		}
	}
	return changed, nil
}

// setSavedEntry sets the default where GRUB has saved it: that of the next boot goes,
// and that of all others becomes the other entry.
func (g *Guest) setSavedEntry(d deadDefault) (changed bool, err error) {
	scripts, blocks, err := g.grubFiles(d.menu)
	if err != nil {
		return false, err
	}
	for _, saved := range []struct{ variable, value string }{{"next_entry", ""}, {"saved_entry", d.other.Choice}} {
		if !slices.ContainsFunc(scripts, func(text string) bool { return defaultIs(text, "${"+saved.variable+"}", "$"+saved.variable) }) {
			continue
		}
		for n, block := range blocks {
			text, ok, err := g.edit.Read(block)
			if err != nil {
				return changed, err
			}
			env, valid := conf.ParseGrubEnvironment(text)
			was, there := env.Values()[saved.variable]
			// Where none is saved, the first entry is the default.
			unsaved := d.menu.Wanted == "" && !there && saved.variable == "saved_entry" && n < len(scripts) && !changed
			if !ok || !valid || was == saved.value || !unsaved && (!there || was != d.menu.Wanted) {
				continue
			}
			changed = true
			if err := g.edit.Rewrite(block, env.Set(saved.variable, saved.value).String(), 0o644, d.mend(), meantDefault); err != nil {
				return changed, err
			}
		}
		if changed {
			return true, nil
		}
	}
	return false, nil
}

// grubFiles are the texts of a GRUB menu's scripts, and the files in which the guest may
// save a default: first the one beside each script, then the others that there are.
func (g *Guest) grubFiles(m judgedMenu) (scripts, blocks []string, err error) {
	for _, file := range m.Files() {
		if text, ok, err := g.edit.Read(file); err == nil && ok {
			scripts = append(scripts, text)
			blocks = append(blocks, path.Join(path.Dir(file), "grubenv"))
		}
	}
	for _, f := range bootfile.Files() {
		if f.Format != bootfile.GrubEnvironment {
			continue
		}
		err := g.edit.EachFile(f.Pattern, func(name, _ string) error {
			if !slices.Contains(blocks, name) {
				blocks = append(blocks, name)
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return scripts, blocks, nil
}
