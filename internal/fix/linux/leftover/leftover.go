// Package leftover tells, after all repairs, what of the old machine is left in
// the files of the guest that take part in starting it, logging in and its
// network: names of disks, names, addresses and slots of network cards, services
// and devices of its hypervisor. It changes nothing.
//
// It reads what no repair reads: those tell themselves what they leave. What is
// history only is not read; the guide on guests lists it.
package leftover

import (
	"iter"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/network"
)

// history matches copies of files that nothing reads.
var history = regexp.MustCompile(`(~|\.(bak|old|orig|save|sample|example|disabled|rpm(save|new|orig)|dpkg-[a-z]+|ucf-[a-z]+|pac(new|save)))$`)

// Find warns of each thing that is left, with the file, the line and what to do.
func Find(e *edit.Reader, disks devname.Names, cards network.Kept) error {
	s := scan{edit: e, disks: disks, cards: cards, seen: map[string]bool{}}
	for _, f := range bootfile.Where(func(f bootfile.File) bool { return f.CommandLine }) {
		if err := s.eachFile(f.Pattern, s.readCommandLines); err != nil {
			return err
		}
	}
	for _, p := range places {
		if err := s.eachFile(p, s.readFile); err != nil {
			return err
		}
	}
	for _, p := range scripts {
		if err := s.eachFile(p, s.readScript); err != nil {
			return err
		}
	}
	if err := s.readMaps(); err != nil {
		return err
	}
	if err := s.readPools(); err != nil {
		return err
	}
	return s.readUnits()
}

// scan is one look at a guest.
type scan struct {
	edit  *edit.Reader
	disks devname.Names
	cards network.Kept
	seen  map[string]bool // files that were read
}

// eachFile reads the files at a place, copies aside.
func (s *scan) eachFile(pattern string, read func(file, text string) error) error {
	files, err := s.edit.Find(pattern)
	if err != nil {
		return err
	}
	for _, file := range files {
		if history.MatchString(file) || s.seen[file] || slices.Contains(edited, file) || strings.Contains(file, "-hyper2kvm-") {
			continue
		}
		s.seen[file] = true
		text, ok, err := s.edit.Read(file)
		if err != nil {
			return err
		}
		if !ok || strings.ContainsRune(text, 0) {
			continue
		}
		if err := read(file, text); err != nil {
			return err
		}
	}
	return nil
}

// readFile looks for everything in the lines of a file.
func (s *scan) readFile(file, text string) error {
	var found []edit.Note
	lines := settings(text)
	if path.Ext(file) == ".rules" {
		lines = rules(text)
	}
	skipped := strings.HasPrefix(file, unitDirectory) && asksFirst(text)
	for number, line := range lines {
		all := slices.Concat(s.disksIn(file, line), s.cardNamesIn(file, line), s.addressesIn(file, line), slotsIn(line), s.unitNamesIn(line), s.managedIn(file, line), s.conditionsIn(file, line, text), consolesIn(file, line))
		if !skipped {
			all = append(all, s.hypervisorIn(file, line)...)
		}
		if path.Ext(file) == ".rules" {
			all = append(all, diskRule(line)...)
		}
		found = append(found, numbered(all, number)...)
	}
	s.edit.WarnNotes(file, found)
	return nil
}

// readCommandLines looks at kernel parameters. Their disks are the business of the
// repair of boot loaders, and the addresses in them of that of the network.
func (s *scan) readCommandLines(file, text string) error {
	var found []edit.Note
	for number, line := range settings(text) {
		found = append(found, numbered(slices.Concat(s.cardNamesIn(file, line), slotsIn(line), s.unitNamesIn(line), parametersIn(line)), number)...)
	}
	s.edit.WarnNotes(file, found)
	return nil
}

// readScript looks for what a script does with disks and cards.
func (s *scan) readScript(file, text string) error {
	var found []edit.Note
	for number, line := range settings(text) {
		found = append(found, numbered(slices.Concat(s.disksIn(file, line), s.cardNamesIn(file, line)), number)...)
	}
	s.edit.WarnNotes(file, found)
	return nil
}

// readMaps reads the maps of automount that are where an administrator has put them.
func (s *scan) readMaps() error {
	for _, list := range mapLists {
		var maps []string
		err := s.edit.EachFile(list, func(_, text string) error {
			for _, line := range settings(text) {
				if fields := strings.Fields(line); len(fields) > 1 {
					if name := strings.TrimPrefix(fields[1], "file:"); path.IsAbs(name) {
						maps = append(maps, name)
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, name := range maps {
			if err := s.eachFile(name, s.readFile); err != nil {
				return err
			}
		}
	}
	return nil
}

func numbered(notes []edit.Note, line int) []edit.Note {
	for i := range notes {
		notes[i].Line = line
	}
	return notes
}

// rules are udev's, each with all its lines.
func rules(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for _, rule := range conf.UdevRules(text) {
			if !yield(rule.Line, rule.Text) {
				return
			}
		}
	}
}

// settings are the lines that are no comments, without those at their ends, by
// their numbers from 1.
func settings(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		number := 0
		for line := range strings.Lines(text) {
			number++
			trimmed := strings.TrimSpace(line)
			if trimmed == "" || strings.ContainsRune("#;!", rune(trimmed[0])) || strings.HasPrefix(trimmed, "<!--") || strings.HasPrefix(trimmed, "//") {
				continue
			}
			for _, mark := range []string{" #", "\t#"} {
				if i := strings.Index(line, mark); i >= 0 {
					line = line[:i]
				}
			}
			if !yield(number, line) {
				return
			}
		}
	}
}
