package conf

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// LVMEntries are the settings of a file in the syntax of lvm.conf(5), by their
// sections: `devices/filter`.
func LVMEntries(text string) ([]Entry, error) {
	p := lvmParser{tokens: lvmTokens(text)}
	for p.more() {
		if err := p.node(); err != nil {
			return p.entries, err
		}
	}
	if len(p.sections) > 0 {
		return p.entries, fmt.Errorf("the section %s has no end", strings.Join(p.sections, "/"))
	}
	return p.entries, nil
}

// lvmTokens splits a text at blanks and signs; comments go.
func lvmTokens(text string) []string {
	var tokens []string
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case strings.IndexByte(Blanks, c) >= 0:
			i++
		case c == '#':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case strings.IndexByte("{}[],=", c) >= 0:
			tokens = append(tokens, text[i:i+1])
			i++
		case c == '"' || c == '\'':
			end := i + 1
			for end < len(text) && text[end] != c {
				if text[end] == '\\' && c == '"' {
					end++
				}
				end++
			}
			if end >= len(text) {
				return append(tokens, text[i:], "") // a string without end
			}
			tokens = append(tokens, text[i:end+1])
			i = end + 1
		default:
			end := i
			for end < len(text) && strings.IndexByte(Blanks+"#{}[],=\"'", text[end]) < 0 {
				end++
			}
			tokens = append(tokens, text[i:end])
			i = end
		}
	}
	return tokens
}

type lvmParser struct {
	tokens   []string
	i        int
	sections []string
	entries  []Entry
}

func (p *lvmParser) more() bool { return p.i < len(p.tokens) }

func (p *lvmParser) next() string {
	if !p.more() {
		return ""
	}
	p.i++
	return p.tokens[p.i-1]
}

// node reads the head or the end of a section, or a setting.
func (p *lvmParser) node() error {
	name := p.next()
	if name == "}" {
		if len(p.sections) == 0 {
			return errors.New("a brace has no partner")
		}
		p.sections = p.sections[:len(p.sections)-1]
		return nil
	}
	switch sign := p.next(); sign {
	case "{":
		p.sections = append(p.sections, name)
		return nil
	case "=":
		value, err := p.value()
		p.entries = append(p.entries, Entry{Key: strings.Join(append(p.sections[:len(p.sections):len(p.sections)], name), "/"), Value: value})
		return err
	default:
		return fmt.Errorf("%q is followed by %q and is neither a setting nor a section", name, sign)
	}
}

// value reads a scalar or a list.
func (p *lvmParser) value() (string, error) {
	first := p.next()
	if first != "[" {
		if slices.Contains([]string{"", "{", "}", "]", ",", "="}, first) {
			return first, errors.New("a setting has no value")
		}
		return first, nil
	}
	var items []string
	for {
		switch item := p.next(); item {
		case "]":
			return strings.Join(items, wordMark), nil
		case ",":
		case "", "[", "{", "}", "=":
			return strings.Join(items, wordMark), errors.New("a list has no end")
		default:
			items = append(items, item)
		}
	}
}
