package menu

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// maxIncluded is how deep configuration files may include others.
const maxIncluded = 8

// grubScript runs a GRUB script as far as that can be told without the machine that
// it would run on.
type grubScript struct {
	reader *reader
	menu   *Menu
	tops   []*grubChoice // what the menu shows
	// vars are the variables; one with vagueValue in it cannot be told.
	vars      map[string]string
	functions map[string][]grubNode
	unclear   string
	depth     int
	file      string
	// entry collects what a menu entry's commands do; nil at the top.
	entry *grubChoice
	// unsure is above 0 in a part that may be left out.
	unsure int
}

// grubChoice is a line of the menu: an entry or, with children, a submenu.
type grubChoice struct {
	Entry

	submenu  bool
	children []*grubChoice
	unsure   bool // may not be there
	loads    bool // starts a kernel of Linux
	body     []grubNode
	index    int // in Menu.Entries; -1 where it starts no kernel
}

// vagueValue stands for what a variable holds that cannot be told.
const vagueValue = "\x00"

var grubUse = regexp.MustCompile(`\$(?:([A-Za-z_][A-Za-z0-9_]*|[?@*#]|[0-9]+)|\{([A-Za-z_][A-Za-z0-9_]*|[?@*#]|[0-9]+)\})`)

// vagueVariables are given by GRUB, the machine or the firmware.
var vagueVariables = regexp.MustCompile(`^([?@*#]|[0-9]+|grub_cpu|feature_.*|net_.*|pxe_.*|cmdpath|lockdown|shim_lock|secure_?boot.*|chosen|biosnum|debug|lang|gfx.*|color_.*)$`)

// expand puts values in the place of variables. What cannot be told becomes
// vagueValue.
func (s *grubScript) expand(word string) string {
	return grubUse.ReplaceAllStringFunc(word, func(use string) string {
		name := strings.Trim(use, "${}")
		if value, ok := s.vars[name]; ok {
			return value
		}
		if vagueVariables.MatchString(name) {
			return vagueValue
		}
		return ""
	})
}

// expandOwn is expand for file names and parameters: what cannot be told stays as
// it is written.
func (s *grubScript) expandOwn(word string) string {
	return grubUse.ReplaceAllStringFunc(word, func(use string) string {
		name := strings.Trim(use, "${}")
		value, ok := s.vars[name]
		switch {
		case strings.Contains(value, vagueValue), !ok && vagueVariables.MatchString(name):
			return use
		}
		return value
	})
}

func (s *grubScript) doubt(why string) {
	switch {
	case s.entry != nil && s.entry.Unclear == "":
		s.entry.Unclear = why
	case s.entry == nil && s.unclear == "":
		s.unclear = why
	}
}

func (s *grubScript) run(nodes []grubNode) {
	for _, node := range nodes {
		switch node.kind {
		case grubIf:
			s.branch(node)
		case grubLoop:
			s.maybe(node.bodies[0])
			if createsEntries(node.bodies[0]) {
				s.doubt("it makes entries in a loop")
			}
		case grubFunction:
			s.functions[node.words[1]] = node.bodies[0]
		case grubEntry, grubSubmenu:
			s.choice(node)
		case grubCommand:
			s.command(node.words)
		}
	}
}

func createsEntries(nodes []grubNode) bool {
	return slices.ContainsFunc(nodes, func(n grubNode) bool {
		return n.kind == grubEntry || n.kind == grubSubmenu || slices.ContainsFunc(n.bodies, createsEntries) ||
			n.kind == grubCommand && slices.Contains([]string{"linux", "configfile", "source", "."}, n.words[0])
	})
}

// branch runs what an if leads to, or all that it may lead to.
func (s *grubScript) branch(node grubNode) {
	var possible [][]grubNode
	for i, body := range node.bodies {
		if i >= len(node.conditions) {
			possible = append(possible, body)
			break
		}
		switch s.holds(node.conditions[i]) {
		case yes:
			if len(possible) == 0 {
				s.run(body)
				return
			}
			s.either(append(possible, body), false)
			return
		case perhaps:
			possible = append(possible, body)
		case no:
		}
	}
	s.either(possible, len(node.bodies) == len(node.conditions))
}

// either runs each of the bodies, one of which is run in truth, or none of them.
func (s *grubScript) either(bodies [][]grubNode, orNone bool) {
	if len(bodies) == 1 && !orNone {
		s.run(bodies[0])
		return
	}
	before := maps.Clone(s.vars)
	var outcomes []map[string]string
	if orNone {
		outcomes = append(outcomes, before)
	}
	s.unsure++
	for _, body := range bodies {
		s.vars = maps.Clone(before)
		s.run(body)
		outcomes = append(outcomes, s.vars)
	}
	s.unsure--
	s.vars = before
	for _, outcome := range outcomes {
		for name := range outcome {
			for _, other := range outcomes {
				if other[name] != outcome[name] {
					s.vars[name] = vagueValue
				}
			}
			if _, ok := s.vars[name]; !ok {
				s.vars[name] = outcome[name]
			}
		}
	}
}

// maybe runs what may be left out.
func (s *grubScript) maybe(body []grubNode) { s.either([][]grubNode{body}, true) }

type truth int

const (
	no truth = iota
	yes
	perhaps
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) negated() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	case perhaps:
	}
	return perhaps
}

// holds evaluates the condition of an if.
func (s *grubScript) holds(condition []grubNode) truth {
	if len(condition) != 1 || condition[0].kind != grubCommand {
		for _, node := range condition {
			s.run([]grubNode{node})
		}
		return perhaps
	}
	words := condition[0].words
	result := perhaps
	switch words[0] {
	case "[", "test":
		words = words[1:]
		if len(words) > 0 && words[len(words)-1] == "]" {
			words = words[:len(words)-1]
		}
		result = s.test(words)
	case "true":
		result = yes
	case "false":
		result = no
	default:
		s.command(words)
	}
	if condition[0].negated {
		return result.negated()
	}
	return result
}

// test evaluates `[ ... ]`.
func (s *grubScript) test(words []string) truth {
	for _, operator := range []string{"-o", "-a"} {
		if i := slices.Index(words, operator); i > 0 && i < len(words)-1 {
			left, right := s.test(words[:i]), s.test(words[i+1:])
			decided := truthOf(operator == "-o")
			switch {
			case left == decided || right == decided:
				return decided
			case left == perhaps || right == perhaps:
				return perhaps
			}
			return decided.negated()
		}
	}
	if len(words) > 0 && words[0] == "!" {
		return s.test(words[1:]).negated()
	}
	if len(words) == 2 && slices.Contains([]string{"-e", "-f", "-s", "-d"}, words[0]) {
		switch file := s.locate(words[1]); {
		case words[0] == "-d" || file.State == Unknown:
			return perhaps
		default:
			return truthOf(file.State == Found)
		}
	}
	values := make([]string, len(words))
	for i, w := range words {
		values[i] = s.expand(w)
		if strings.Contains(values[i], vagueValue) {
			return perhaps
		}
	}
	switch {
	case len(values) == 0:
		return no
	case len(values) == 1:
		return truthOf(values[0] != "")
	case len(values) == 2 && values[0] == "-z":
		return truthOf(values[1] == "")
	case len(values) == 2 && values[0] == "-n":
		return truthOf(values[1] != "")
	case len(values) == 3 && (values[1] == "=" || values[1] == "=="):
		return truthOf(values[0] == values[2])
	case len(values) == 3 && values[1] == "!=":
		return truthOf(values[0] != values[2])
	}
	return perhaps
}

// locate finds a file by the name that it has in the script.
func (s *grubScript) locate(word string) File {
	root := s.vars["root"]
	file := s.reader.locate(s.expandOwn(word), root)
	file.Name = word
	return file
}

// choice adds an entry or a submenu.
func (s *grubScript) choice(node grubNode) {
	c := &grubChoice{submenu: node.kind == grubSubmenu, unsure: s.unsure > 0, body: node.bodies[0], index: -1}
	c.File = s.file
	for i := 1; i < len(node.words); i++ {
		w := node.words[i]
		switch {
		case (w == "--id" || strings.Contains(w, "menuentry_id_option")) && i+1 < len(node.words):
			i++
			c.ID = s.expandOwn(node.words[i])
		case slices.Contains([]string{"--class", "--users", "--hotkey", "--source"}, w):
			i++
		case !strings.HasPrefix(w, "-") && c.Title == "":
			c.Title = s.expandOwn(w)
		}
	}
	s.tops = append(s.tops, c)
}

// finish runs what the entries do, with what the whole script has set, and adds
// those that start a kernel to the menu.
func (s *grubScript) finish(choices []*grubChoice) {
	for _, c := range choices {
		if c.body != nil {
			inner := &grubScript{
				reader: s.reader, menu: s.menu, vars: maps.Clone(s.vars), functions: maps.Clone(s.functions),
				depth: s.depth, file: c.File,
			}
			if c.submenu {
				inner.run(c.body)
				c.children = inner.tops
				if inner.unclear != "" && s.menu.Unclear == "" {
					s.menu.Unclear = inner.unclear
				}
				inner.finish(c.children)
				continue
			}
			inner.entry = c
			inner.run(c.body)
		}
		if c.loads {
			c.index = len(s.menu.Entries)
			s.menu.Entries = append(s.menu.Entries, c.Entry)
		}
	}
}

// find follows a path of numbers, titles and ids ("1>2", "Advanced options>Debian")
// to an entry, as GRUB does: what is not found is the first one, and a submenu stands
// for its first entry. certain is false where entries on the way may not be there.
func find(choices []*grubChoice, wanted string) (found *grubChoice, certain bool) {
	first, rest, _ := strings.Cut(wanted, ">")
	certain = true
	at, numbered := -1, false
	if n, err := strconv.Atoi(first); err == nil {
		at, numbered = n, true
	} else if first != "" {
		at = slices.IndexFunc(choices, func(c *grubChoice) bool { return c.ID == first || c.Title == first })
		if at < 0 { // a title may itself have a >
			at = slices.IndexFunc(choices, func(c *grubChoice) bool { return c.ID == wanted || c.Title == wanted })
		}
	}
	if at < 0 || at >= len(choices) {
		at, numbered = 0, true
	}
	if len(choices) == 0 {
		return nil, false
	}
	for i, c := range choices[:at+1] {
		// A name finds its own, whatever comes before.
		certain = certain && (!c.unsure || !numbered && i < at)
	}
	if found = choices[at]; !found.submenu {
		return found, certain
	}
	if rest == "" {
		rest = "0"
	}
	inner, sure := find(found.children, rest)
	return inner, certain && sure
}

// include runs another file. A new menu hides what was shown before.
func (s *grubScript) include(word string, newMenu bool) {
	file := s.locate(word)
	if s.entry != nil {
		s.doubt("it opens another menu, " + word)
		return
	}
	switch {
	case file.State == Found && s.depth < maxIncluded:
	case file.State == Missing && newMenu && s.unsure == 0:
		s.menu.Broken = append(s.menu.Broken, s.file+" leads to "+plainName(s.expandOwn(word))+", which is not there")
		return
	case file.State == Missing:
		return
	default:
		s.doubt("it goes on in " + word + ", which was not found")
		return
	}
	text, ok, err := s.reader.edit.Read(file.Path)
	if err != nil || !ok {
		s.doubt("it goes on in " + file.Path + ", which could not be read")
		return
	}
	nodes, ok := parseGrubTree(text)
	if !ok {
		s.doubt("its script in " + file.Path + " could not be understood")
	}
	s.menu.read = append(s.menu.read, file.Path)
	outer := s.file
	s.file = file.Path
	s.depth++
	if newMenu {
		s.vars["config_directory"] = s.reader.grubName(path.Dir(file.Path))
		if s.unsure == 0 {
			s.tops = nil
		}
	}
	s.run(nodes)
	s.depth--
	s.file = outer
}

// plainName is a name in a script as the guest has it.
func plainName(name string) string {
	if rest, ok := strings.CutPrefix(name, "("+mountToken); ok {
		mount, file, _ := strings.Cut(rest, ")")
		return path.Join(mount, file)
	}
	return name
}

// grubName is how a script may name a guest path.
func (r *reader) grubName(name string) string {
	mount := r.mountOf(name)
	rest := strings.TrimPrefix(name, strings.TrimSuffix(mount, "/"))
	return "(" + mountToken + mount + ")" + rest
}

// grubDevice is what GRUB's name of a device means, where that is certain.
func (r *reader) grubDevice(name string) (guest.Device, bool) {
	if volume, ok := strings.CutPrefix(name, "lvm/"); ok {
		return r.devices.Resolve("/dev/mapper/" + volume)
	}
	if m := grubDisk.FindStringSubmatch(name); m != nil && r.disks() == 1 && m[1] == "0" {
		partition, _ := strconv.Atoi(m[2])
		return r.devices.ByPosition(0, partition)
	}
	return guest.Device{}, false
}

var grubDisk = regexp.MustCompile(`^hd([0-9]+),(?:msdos|gpt)?([0-9]+)$`)

func (r *reader) disks() int {
	seen := map[int]bool{}
	for _, d := range r.devices {
		if d.Kind == guest.KindDisk || d.Kind == guest.KindPartition {
			seen[d.Disk] = true
		}
	}
	return len(seen)
}
