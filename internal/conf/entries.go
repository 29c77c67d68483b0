package conf

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Entry is one thing that a structured file says, as its reader sees it: two
// texts with the same entries mean the same. Key tells what it is, and need not
// be the only one of its kind.
type Entry struct{ Key, Value string }

// Words are the parts of a value that is a list.
func (e Entry) Words() []string { return strings.Split(e.Value, wordMark) }

// wordMark stands between the parts of a value.
const wordMark = "\x1f"

// Entries reads a text to its entries, in their order. The error is why the
// file's own reader would reject it; what could be read all the same is told.
type Entries func(text string) ([]Entry, error)

// LineEntries are lines, comments included, whatever the blanks between their
// words: what has no other structure.
func LineEntries(text string) ([]Entry, error) {
	var entries []Entry
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 0 {
			entries = append(entries, Entry{Key: fields[0], Value: strings.Join(fields, wordMark)})
		}
	}
	return entries, nil
}

// tableColumns is how many fields the tables have that are read here: fstab has
// six, crypttab four.
const tableColumns = 6

// TableEntries are the lines of fstab(5) or crypttab(5) and, where they have none,
// the comments, which a line may become.
func TableEntries(text string) ([]Entry, error) {
	var entries []Entry
	var err error
	number := 0
	for line := range strings.Lines(text) {
		number++
		t := ParseTableLine(line)
		switch fields := t.Fields; {
		case len(fields) == 0 && strings.TrimSpace(line) == "":
		case len(fields) == 0:
			entries = append(entries, Entry{Key: "#", Value: strings.TrimRight(line, Blanks)})
		case len(fields) == 1 || len(fields) > tableColumns && fields[tableColumns][0] != '#':
			err = errors.Join(err, fmt.Errorf("line %d has %d fields", number, len(fields)))
			fallthrough
		default:
			entries = append(entries, Entry{Key: fields[min(1, len(fields)-1)], Value: strings.Join(fields, wordMark)})
		}
	}
	return entries, err
}

// ColonEntries read a file like passwd(5), whose lines have so many fields with
// colons between them: its entries, by what they begin with, and as many words as
// they have fields. Comments and what NIS adds are entries, too.
func ColonEntries(width int) Entries {
	return func(text string) ([]Entry, error) {
		var entries []Entry
		var err error
		number := 0
		for line := range strings.Lines(text) {
			number++
			line = strings.TrimRight(line, "\n")
			fields := strings.Split(line, ":")
			if line == "" {
				continue
			}
			if !strings.ContainsAny(line[:1], "#+-") && (len(fields) != width || fields[0] == "") {
				err = errors.Join(err, fmt.Errorf("line %d has %d fields, and not %d", number, len(fields), width))
			}
			entries = append(entries, Entry{Key: fields[0], Value: strings.Join(fields, wordMark)})
		}
		return entries, err
	}
}

// HostsEntries are the lines of hosts(5): an address, its names and, as one word, the
// comment after them; and comments alone.
func HostsEntries(text string) ([]Entry, error) {
	var entries []Entry
	for line := range strings.Lines(text) {
		names, comment, commented := strings.Cut(strings.TrimSpace(line), "#")
		words := strings.Fields(names)
		if len(words) == 0 && !commented {
			continue
		}
		key := "#"
		if len(words) > 0 {
			key = words[0]
			if address, err := netip.ParseAddr(key); err == nil {
				key = address.String()
			}
			words = words[1:]
		}
		if commented {
			words = append(words, "#"+comment)
		}
		entries = append(entries, Entry{Key: key, Value: strings.Join(words, wordMark)})
	}
	return entries, nil
}

// INIEntries are the heads and entries of a file that ParseINI reads.
func INIEntries(text string) ([]Entry, error) {
	file, bad := ParseINI(text)
	var entries []Entry
	for _, l := range file {
		switch {
		case l.Head:
			entries = append(entries, Entry{Key: "[" + l.Section + "]"})
		case l.Key != "":
			entries = append(entries, Entry{Key: l.Section + "." + l.Key, Value: l.Value})
		}
	}
	if len(bad) > 0 {
		return entries, fmt.Errorf("line %d is no section, entry or comment", bad[0])
	}
	return entries, nil
}

// ShellEntries are the assignments at the top of a shell file, each with its value
// as it is written, and all else in it, whole commands at a time.
func ShellEntries(text string) ([]Entry, error) {
	file, err := parseShell(text)
	if err != nil {
		return assignmentEntries(text), err
	}
	source := func(node syntax.Node) string { return text[node.Pos().Offset():node.End().Offset()] }
	var entries []Entry
	for _, statement := range file.Stmts {
		var assigns []*syntax.Assign
		switch command := statement.Cmd.(type) {
		case *syntax.CallExpr:
			if len(command.Args) == 0 {
				assigns = command.Assigns
			}
		case *syntax.DeclClause:
			assigns = command.Args
		}
		if len(assigns) == 0 || slices.ContainsFunc(assigns, func(a *syntax.Assign) bool { return a.Name == nil || a.Value == nil }) {
			entries = append(entries, Entry{Value: source(statement)})
			continue
		}
		for _, a := range assigns {
			entries = append(entries, Entry{Key: a.Name.Value, Value: unquoted(source(a.Value))})
		}
	}
	return entries, nil
}

// unquoted is a value without the quotes around all of it.
func unquoted(value string) string {
	if bare, quote := UnquoteSpec(value); quote != "" && !strings.Contains(bare, quote) {
		return bare
	}
	return value
}

// assignmentEntries read a shell file by its lines.
func assignmentEntries(text string) []Entry {
	var entries []Entry
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(key, "#"):
		case !ok:
			entries = append(entries, Entry{Value: strings.TrimSpace(line)})
		default:
			entries = append(entries, Entry{Key: strings.TrimSpace(strings.TrimPrefix(key, "export ")), Value: unquoted(strings.TrimSpace(value))})
		}
	}
	return entries
}

// GrubEntries are the commands of a GRUB script.
func GrubEntries(text string) ([]Entry, error) {
	var entries []Entry
	depth := 0
	for _, statement := range ParseGrub(text) {
		words := make([]string, len(statement))
		for i, w := range statement {
			words[i] = w.Text
		}
		switch command := statement.Command(); {
		case len(command) == 0:
		case command[len(command)-1].Text == "{" && command[len(command)-1].End-command[len(command)-1].Start == 1:
			depth++
		case command[0].Text == "}":
			depth--
		}
		entries = append(entries, Entry{Key: words[0], Value: strings.Join(words, wordMark)})
	}
	switch {
	case openQuote(text):
		return entries, errors.New("a quote has no end")
	case depth != 0:
		return entries, errors.New("a brace has no partner")
	}
	return entries, nil
}

// openQuote reports whether a GRUB script ends within quotes.
func openQuote(text string) bool {
	p := grubParser{source: text}
	for p.i < len(text) {
		p.step()
	}
	return p.i > len(text)
}

// GrubEnvironmentEntries are the variables of a GRUB environment block.
func GrubEnvironmentEntries(text string) ([]Entry, error) {
	env, ok := ParseGrubEnvironment(text)
	var entries []Entry
	for _, line := range env.lines() {
		if name, value, ok := splitGrubVariable(line); ok {
			entries = append(entries, Entry{Key: name, Value: unescapeGrub(strings.TrimSuffix(value, "\n"))})
		}
	}
	if !ok || len(text)%GrubEnvironmentBlock != 0 {
		return entries, errors.New("it is no GRUB environment block")
	}
	return entries, nil
}
