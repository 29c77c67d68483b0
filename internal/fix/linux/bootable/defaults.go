package bootable

import (
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
)

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

// setLoaderDefault sets the default in systemd-boot's loader.conf: where its pattern is
// for the entry that was, or at the end, where none is and that was the first of the menu.
func setLoaderDefault(text, was, is string) string {
	var b strings.Builder
	named := false
	for line := range strings.Lines(text) {
		key, value := conf.LoaderField(line)
		if key == "default" && menu.MatchesDefault(strings.TrimSuffix(value, ".conf"), was) {
			named = true
			at := strings.LastIndex(line, value)
			line = line[:at] + is + line[at+len(value):]
		}
		b.WriteString(line)
	}
	if !named {
		if text != "" && !strings.HasSuffix(text, "\n") {
			b.WriteByte('\n')
		}
		b.WriteString("default " + is + "\n")
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
