package volume

import (
	"strconv"
	"strings"
)

// textSection is a section of LVM's text format: NAME { ... }, name = value.
type textSection struct {
	names    []string // of its sections, in their order
	sections map[string]*textSection
	values   map[string][]string // numbers and texts alike; a list has several
}

// maxTextDepth is how deep sections may lie in each other; LVM's go four deep.
const maxTextDepth = 16

func newTextSection() *textSection {
	return &textSection{sections: map[string]*textSection{}, values: map[string][]string{}}
}

// parseText reads the metadata of a volume group.
func parseText(text string) (*textSection, error) {
	p := textParser{rest: text}
	return p.section(0)
}

type textParser struct{ rest string }

// token is the next mark, name, number or text in quotes, which begins with one;
// "" at the end.
func (p *textParser) token() string {
	for {
		p.rest = strings.TrimLeft(p.rest, " \t\r\n,\x00")
		if !strings.HasPrefix(p.rest, "#") {
			break
		}
		_, p.rest, _ = strings.Cut(p.rest, "\n")
	}
	if p.rest == "" {
		return ""
	}
	end := 1
	switch p.rest[0] {
	case '{', '}', '[', ']', '=':
	case '"':
		for end < len(p.rest) && p.rest[end] != '"' {
			if p.rest[end] == '\\' {
				end++
			}
			end++
		}
		found := p.rest[:min(end, len(p.rest))]
		p.rest = p.rest[min(end+1, len(p.rest)):]
		return found
	default:
		end = strings.IndexAny(p.rest, " \t\r\n,{}[]=#\"\x00")
		if end < 0 {
			end = len(p.rest)
		}
	}
	found := p.rest[:end]
	p.rest = p.rest[end:]
	return found
}

func (p *textParser) section(depth int) (*textSection, error) {
	s := newTextSection()
	for {
		name := p.token()
		switch name {
		case "":
			if depth > 0 {
				return nil, corrupt("a section of a volume group's metadata has no end")
			}
			return s, nil
		case "}":
			if depth == 0 {
				return nil, corrupt("a volume group's metadata end too early")
			}
			return s, nil
		}
		switch p.token() {
		case "{":
			if depth >= maxTextDepth {
				return nil, corrupt("sections of a volume group's metadata lie too deep")
			}
			inner, err := p.section(depth + 1)
			if err != nil {
				return nil, err
			}
			if s.sections[name] == nil {
				s.names = append(s.names, name)
			}
			s.sections[name] = inner
		case "=":
			values, err := p.values()
			if err != nil {
				return nil, err
			}
			s.values[name] = values
		default:
			return nil, corrupt("a volume group's metadata make no sense at %q", name)
		}
	}
}

func (p *textParser) values() ([]string, error) {
	first := p.token()
	if first != "[" {
		return []string{unquote(first)}, nil
	}
	values := []string{}
	for {
		switch value := p.token(); value {
		case "]":
			return values, nil
		case "", "{", "}", "[", "=":
			return nil, corrupt("a list in a volume group's metadata has no end")
		default:
			values = append(values, unquote(value))
		}
	}
}

func unquote(token string) string {
	text, quoted := strings.CutPrefix(token, `"`)
	if quoted {
		text = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(text)
	}
	return text
}

// text is a value, or "".
func (s *textSection) text(name string) string {
	if values := s.values[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// number is a value that is not negative.
func (s *textSection) number(name string) (int64, error) {
	number, err := strconv.ParseInt(s.text(name), 10, 64)
	if err != nil || number < 0 {
		return 0, corrupt("a volume group's metadata have no %s", name)
	}
	return number, nil
}

func (s *textSection) has(name, value string) bool {
	for _, v := range s.values[name] {
		if v == value {
			return true
		}
	}
	return false
}

// each calls use for the sections of a section, in their order.
func (s *textSection) each(name string, use func(name string, section *textSection) error) error {
	outer := s.sections[name]
	if outer == nil {
		return nil
	}
	for _, inner := range outer.names {
		if err := use(inner, outer.sections[inner]); err != nil {
			return err
		}
	}
	return nil
}
