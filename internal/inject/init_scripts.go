package inject

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// initScripts are the scripts in /etc/init.d and what starts them.
type initScripts struct {
	plan *plan
	// systemd says that it starts them, and not OpenRC.
	systemd bool
}

// has reports whether there is a script of that name.
func (s *initScripts) has(name string) bool {
	return s.plan.exists("/etc/init.d/"+name) && !s.plan.isDirectory("/etc/init.d/"+name)
}

// names lists the scripts.
func (s *initScripts) names() []string {
	return slices.DeleteFunc(s.plan.list("/etc/init.d"), func(name string) bool { return !s.has(name) })
}

// starts reports whether a script starts at boot.
func (s *initScripts) starts(name string) bool {
	for _, level := range s.plan.list("/etc/runlevels") {
		if _, ok := s.plan.link(path.Join("/etc/runlevels", level, name)); ok {
			return true
		}
	}
	for _, level := range []int{2, 3, 5} {
		if start, _ := s.links(name, level); len(start) > 0 {
			return true
		}
	}
	return false
}

// enable makes an init script start at boot.
func (s *initScripts) enable(name string) {
	if s.usesOpenRC() {
		s.plan.symlink("/etc/init.d/"+name, "/etc/runlevels/default/"+name, "enable "+name)
		return
	}
	header := parseScriptHeader(s.plan.mustRead("/etc/init.d/" + name))
	for level := range 7 {
		if slices.Contains(header.start, level) {
			s.setLink(name, level, true, s.startPriority(header, level))
		} else if slices.Contains(header.stop, level) {
			s.setLink(name, level, false, header.stopPriority)
		}
	}
}

// disable makes it not start. SysV keeps a stop link in its place, which
// tells tools that somebody decided so.
func (s *initScripts) disable(name string) {
	if s.usesOpenRC() {
		for _, level := range s.plan.list("/etc/runlevels") {
			link := path.Join("/etc/runlevels", level, name)
			if _, ok := s.plan.link(link); ok {
				s.plan.remove(link, "disable "+name)
			}
		}
		return
	}
	header := parseScriptHeader(s.plan.mustRead("/etc/init.d/" + name))
	for level := range 7 {
		if started, _ := s.links(name, level); len(started) > 0 {
			s.setLink(name, level, false, header.stopPriority)
		}
	}
}

func (s *initScripts) usesOpenRC() bool {
	return s.plan.exists("/etc/runlevels/default") && !s.systemd
}

// runlevelDirectory is where a runlevel's links lie, and scripts how they lead
// to the scripts.
func (s *initScripts) runlevelDirectory(level int) (directory, scripts string) {
	for _, form := range []struct{ directory, scripts string }{
		{"/etc/rc.d/rc%d.d", "../init.d/"}, // Red Hat
		{"/etc/init.d/rc%d.d", "../"},      // SUSE
	} {
		if s.plan.isDirectory(fmt.Sprintf(form.directory, 3)) {
			return fmt.Sprintf(form.directory, level), form.scripts
		}
	}
	return fmt.Sprintf("/etc/rc%d.d", level), "../init.d/"
}

// scriptLink is a link to an init script: S or K, the order, the name.
var scriptLink = regexp.MustCompile(`^([SK])(\d\d)(.+)$`)

// links returns the paths of a script's start and stop links.
func (s *initScripts) links(name string, level int) (start, stop []string) {
	directory, _ := s.runlevelDirectory(level)
	for _, entry := range s.plan.list(directory) {
		match := scriptLink.FindStringSubmatch(entry)
		switch {
		case match == nil || match[3] != name:
		case match[1] == "S":
			start = append(start, path.Join(directory, entry))
		default:
			stop = append(stop, path.Join(directory, entry))
		}
	}
	return start, stop
}

// setLink makes a start or stop link and removes the opposite ones.
func (s *initScripts) setLink(name string, level int, on bool, priority int) {
	start, stop := s.links(name, level)
	letter, keep, drop, verb := "S", start, stop, "enable "
	if !on {
		letter, keep, drop, verb = "K", stop, start, "disable "
	}
	for _, link := range drop {
		s.plan.remove(link, verb+name)
	}
	if len(keep) > 0 {
		return
	}
	directory, scripts := s.runlevelDirectory(level)
	s.plan.symlink(scripts+name, fmt.Sprintf("%s/%s%02d%s", directory, letter, priority, name), verb+name)
}

// startPriority puts a script after those that it requires.
func (s *initScripts) startPriority(header scriptHeader, level int) int {
	if header.startPriority >= 0 {
		return header.startPriority
	}
	priority := 20
	directory, _ := s.runlevelDirectory(level)
	for _, entry := range s.plan.list(directory) {
		match := scriptLink.FindStringSubmatch(entry)
		if match == nil || match[1] != "S" || !slices.Contains(header.after, match[3]) {
			continue
		}
		if n, err := strconv.Atoi(match[2]); err == nil {
			priority = max(priority, n+1)
		}
	}
	return min(priority, 99)
}

// scriptHeader is what an init script says about itself: in the comment block
// of the LSB, or in Red Hat's chkconfig line.
type scriptHeader struct {
	start, stop                 []int    // runlevels
	after                       []string // scripts that start before
	startPriority, stopPriority int      // startPriority is -1 where it follows from after
}

func parseScriptHeader(text string) scriptHeader {
	h := scriptHeader{start: []int{2, 3, 4, 5}, stop: []int{0, 1, 6}, startPriority: -1, stopPriority: 20}
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
		if !ok {
			continue
		}
		key, value, ok := strings.Cut(strings.TrimSpace(comment), ":")
		if !ok {
			continue
		}
		fields := strings.Fields(value)
		switch strings.ToLower(key) {
		case "chkconfig":
			if len(fields) != 3 {
				continue
			}
			start, startErr := strconv.Atoi(fields[1])
			stop, stopErr := strconv.Atoi(fields[2])
			if startErr != nil || stopErr != nil || start > 99 || stop > 99 || start < 0 || stop < 0 {
				continue
			}
			h.startPriority, h.stopPriority = start, stop
			if fields[0] != "-" {
				h.start = levels(strings.Split(fields[0], ""))
			}
		case "default-start":
			h.start = levels(fields)
		case "default-stop":
			h.stop = levels(fields)
		case "required-start", "should-start":
			h.after = append(h.after, fields...)
		}
	}
	return h
}

// levels reads runlevels. "S" is left out: its scripts belong to the system
// itself, which links them on installation.
func levels(fields []string) []int {
	var numbers []int
	for _, field := range fields {
		if n, err := strconv.Atoi(field); err == nil && n >= 0 && n <= 6 {
			numbers = append(numbers, n)
		}
	}
	return numbers
}
