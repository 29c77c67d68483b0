package inject

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// enableScript makes an init script start at boot.
func (p *plan) enableScript(name string) {
	if p.usesOpenRC() {
		p.symlink("/etc/init.d/"+name, "/etc/runlevels/default/"+name, "enable "+name)
		return
	}
	header := parseScriptHeader(p.mustRead("/etc/init.d/" + name))
	for level := range 7 {
		if slices.Contains(header.start, level) {
			p.linkScript(name, level, true, p.startPriority(header, level))
		} else if slices.Contains(header.stop, level) {
			p.linkScript(name, level, false, header.stopPriority)
		}
	}
}

// disableScript makes it not start. SysV keeps a stop link in its place, which
// tells tools that somebody decided so.
func (p *plan) disableScript(name string) {
	if p.usesOpenRC() {
		for _, level := range p.list("/etc/runlevels") {
			link := path.Join("/etc/runlevels", level, name)
			if _, ok := p.link(link); ok {
				p.remove(link, "disable "+name)
			}
		}
		return
	}
	header := parseScriptHeader(p.mustRead("/etc/init.d/" + name))
	for level := range 7 {
		if started, _ := p.scriptLinks(name, level); len(started) > 0 {
			p.linkScript(name, level, false, header.stopPriority)
		}
	}
}

func (p *plan) usesOpenRC() bool {
	return p.exists("/etc/runlevels/default") && p.units == nil
}

// runlevelDirectory is where a runlevel's links lie, and scripts how they lead
// to the scripts.
func (p *plan) runlevelDirectory(level int) (directory, scripts string) {
	for _, form := range []struct{ directory, scripts string }{
		{"/etc/rc.d/rc%d.d", "../init.d/"}, // Red Hat
		{"/etc/init.d/rc%d.d", "../"},      // SUSE
	} {
		if p.isDirectory(fmt.Sprintf(form.directory, 3)) {
			return fmt.Sprintf(form.directory, level), form.scripts
		}
	}
	return fmt.Sprintf("/etc/rc%d.d", level), "../init.d/"
}

// scriptLink is a link to an init script: S or K, the order, the name.
var scriptLink = regexp.MustCompile(`^([SK])(\d\d)(.+)$`)

// scriptLinks returns the paths of a script's start and stop links.
func (p *plan) scriptLinks(name string, level int) (start, stop []string) {
	directory, _ := p.runlevelDirectory(level)
	for _, entry := range p.list(directory) {
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

// linkScript makes a start or stop link and removes the opposite ones.
func (p *plan) linkScript(name string, level int, on bool, priority int) {
	start, stop := p.scriptLinks(name, level)
	letter, keep, drop, verb := "S", start, stop, "enable "
	if !on {
		letter, keep, drop, verb = "K", stop, start, "disable "
	}
	for _, link := range drop {
		p.remove(link, verb+name)
	}
	if len(keep) > 0 {
		return
	}
	directory, scripts := p.runlevelDirectory(level)
	p.symlink(scripts+name, fmt.Sprintf("%s/%s%02d%s", directory, letter, priority, name), verb+name)
}

// startPriority puts a script after those that it requires.
func (p *plan) startPriority(header scriptHeader, level int) int {
	if header.startPriority >= 0 {
		return header.startPriority
	}
	priority := 20
	directory, _ := p.runlevelDirectory(level)
	for _, entry := range p.list(directory) {
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
