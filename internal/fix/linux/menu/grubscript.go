package menu

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// grubScript runs a GRUB script as far as that can be told without the machine that
// it would run on.
type grubScript struct {
	reader *reader // for the entries that blscfg and blsuki add
	finder *finder
	menu   *Menu
	tops   []*grubChoice // what the menu shows
	// vars are the variables; one with vagueValue in it cannot be told.
	vars      map[string]string
	functions map[string][]grubNode
	unclear   string
	depth     int
	left      *int // of the effort for the whole menu
	file      string
	// entry collects what a menu entry's commands do; nil at the top.
	entry *grubChoice
	// unsure is above 0 in a part that may be left out.
	unsure int
	// mayReturn says that what follows may not be run.
	mayReturn bool
}

// grubChoice is a line of the menu: an entry or, with children, a submenu.
type grubChoice struct {
	Entry
	deed

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
		if value, known := s.valueOf(use); known {
			return value
		}
		return vagueValue
	})
}

// expandOwn is expand for file names and parameters: what cannot be told stays as
// it is written.
func (s *grubScript) expandOwn(word string) string {
	return grubUse.ReplaceAllStringFunc(word, func(use string) string {
		if value, known := s.valueOf(use); known && !strings.Contains(value, vagueValue) {
			return value
		}
		return use
	})
}

// valueOf is the value of a variable by its use, such as ${root}.
func (s *grubScript) valueOf(use string) (value string, known bool) {
	name := strings.Trim(use, "${}")
	value, set := s.vars[name]
	return value, s.spend(len(value)) && (set || !vagueVariables.MatchString(name))
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
		if !s.spend(1) {
			return
		}
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

// locate finds a file by the name that it has in the script.
func (s *grubScript) locate(word string) File {
	if !s.spend(lookEffort) {
		return File{Name: word}
	}
	root := s.vars["root"]
	file := s.finder.locate(s.expandOwn(word), root)
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
			if !s.spend(len(s.vars) + len(s.functions)) {
				return
			}
			inner := &grubScript{
				reader: s.reader, finder: s.finder, menu: s.menu, vars: maps.Clone(s.vars), functions: maps.Clone(s.functions),
				depth: s.depth, left: s.left, file: c.File,
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
