package menu

import (
	"slices"
	"strconv"
	"strings"
)

// What an entry does that starts nothing, for certain.
const (
	halts      = "it halts the machine"
	restarts   = "it starts the machine anew"
	itself     = "it starts the machine's only disk anew, and so this loader again"
	doesNotRun = "it starts nothing"
)

// deed is what an entry does beside starting a kernel of Linux.
type deed struct {
	why   string // what it ends with, for certain; or nothing
	other bool   // it may start something else
}

// ends notes what an entry ends with where nothing that was before may start anything.
func (d *deed) ends(why string) {
	if !d.other && d.why == "" {
		d.why = why
	}
}

// idle says why an entry that starts no kernel starts nothing at all, or is empty where
// it may start something.
func (d *deed) idle() string {
	switch {
	case d.why != "":
		return d.why
	case d.other:
		return ""
	}
	return doesNotRun
}

// stopsMachine reports whether no fallback follows.
func stopsMachine(why string) bool { return why == halts || why == restarts }

// startsOther notes what an entry of GRUB's does instead of starting a kernel of Linux.
func (s *grubScript) startsOther(words []string) {
	d := &s.entry.deed
	switch name := words[0]; {
	case s.unsure > 0:
		d.other = d.other || name != "boot"
	case name == "halt":
		d.ends(halts)
	case name == "reboot":
		d.ends(restarts)
	case name != "boot": // which starts what was loaded
		d.other = true
	}
}

// endsMenu notes a command that ends everything before the menu is shown.
func (s *grubScript) endsMenu(name string) bool {
	why, ok := map[string]string{"halt": halts, "reboot": restarts}[name]
	if !ok || s.entry != nil || s.unsure > 0 || s.mayReturn || s.unclear != "" {
		return false
	}
	if s.menu.Ends == "" {
		s.menu.Ends = why
	}
	return true
}

// legacyInert are commands of GRUB Legacy's entries that start nothing.
var legacyInert = strings.Fields(`root rootnoverify makeactive map hide unhide savedefault lock password color
	pause uuid quiet boot initrd splashimage unset setkey terminal serial`)

// does notes what a title of GRUB Legacy's does.
func (s *legacyScript) does(words []string) {
	if len(s.titles) == 0 || words[0] == "title" {
		return
	}
	t := &s.titles[len(s.titles)-1]
	t.commands++
	switch name := words[0]; {
	case name == "halt":
		t.ends(halts)
	case name == "reboot":
		t.ends(restarts)
	case !slices.Contains(legacyInert, name):
		t.other = true
	}
}

// idle says why a label of syslinux that starts no kernel starts nothing at all.
func (s *syslinuxScript) idle(l syslinuxLabel) string {
	program := strings.ToLower(l.program[strings.LastIndex(l.program, "/")+1:])
	switch program {
	case "reboot.c32", "reboot.com":
		return restarts
	case "poweroff.c32", "poweroff.com":
		return halts
	case "localboot":
		// The BIOS counts disks from 0x80 on.
		if number, err := strconv.ParseInt(l.arguments, 0, 32); err == nil && number == 0x80 && s.finder.disks() == 1 {
			return itself
		}
	}
	return ""
}
