package menu

import (
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// blockList is in place of a file's path that of blocks of a device, such as 512+1: there
// GRUB has its own variables where it does not write to the file system, as on btrfs.
var blockList = regexp.MustCompile(`^(\([^()]*\))?([0-9]*\+[0-9]+)(,[0-9]*\+[0-9]+)*$`)

// loadEnvironment sets the variables of the file that load_env names, which are all of
// them, or those that it lists. Without a file it is that which GRUB saves its own in,
// whose variables are known from the start.
func (s *grubScript) loadEnvironment(words []string) {
	name := ""
	var wanted []string
	for i := 1; i < len(words); i++ {
		w := words[i]
		file, isFile := strings.CutPrefix(w, "--file=")
		switch {
		case isFile:
			name = file
		case (w == "-f" || w == "--file") && i+1 < len(words):
			i++
			name = words[i]
		case !strings.HasPrefix(w, "-"):
			wanted = append(wanted, s.expand(w))
		}
	}
	if name == "" || blockList.MatchString(s.expand(name)) {
		return
	}
	file := s.locate(name)
	switch file.State {
	case Missing:
		return
	case Unknown:
		if s.unsure > 0 {
			return // mostly behind a test for the file
		}
		s.doubt("it reads variables from " + name + ", which was not found")
		return
	case Found:
	}
	text, ok, err := s.finder.edit.Read(file.Path)
	if err != nil || !ok || !s.spend(len(text)) {
		s.doubt("it reads variables from " + file.Path + ", which could not be read")
		return
	}
	env, ok := conf.ParseGrubEnvironment(text)
	if !ok {
		return // GRUB takes nothing from it either
	}
	for variable, value := range env.Values() {
		switch {
		case len(wanted) > 0 && !slices.Contains(wanted, variable):
		case variable == "root":
			s.vars[variable] = s.rootOf(strings.Trim(value, "()"))
		default:
			s.vars[variable] = value
		}
	}
}
