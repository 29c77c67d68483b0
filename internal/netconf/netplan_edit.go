package netconf

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// unpinNetplan matches by name what was matched by address or driver. The
// match itself stays: set-name is an error without it. One entry is changed at
// a time, in the text, and the text is read again: comments and styles stay.
func unpinNetplan(_, text, name string) (string, error) {
	edited := strings.ReplaceAll(text, "\r\n", "\n")
	crlf := edited != text
	for {
		edit, more, err := nextNetplanPin(edited, name)
		if err != nil {
			return text, err
		}
		if !more {
			break
		}
		if edit == edited {
			return text, errors.New("an entry of match could not be taken out")
		}
		edited = edit
	}
	if crlf {
		edited = strings.ReplaceAll(edited, "\n", "\r\n")
	}
	return edited, nil
}

// nextNetplanPin takes the first pin out of the text.
func nextNetplanPin(text, name string) (edited string, more bool, err error) {
	file, ok := ReadNetplan(text)
	if !ok {
		return text, false, errors.New("it is no valid YAML")
	}
	for _, c := range file.cards {
		own := c.name()
		if own != "" && own != name {
			continue
		}
		for _, key := range netplanPins {
			entry := c.match[key]
			if entry == nil {
				continue
			}
			instead := own
			if instead == "" {
				instead = "e*"
			}
			if c.match["name"] != nil {
				instead = ""
			}
			edited, err = yamlSource(text).replaceEntry(entry, c.document.flow[entry], "name", instead)
			return edited, true, err
		}
		for _, key := range passedPins {
			if entry := c.passed[key]; entry != nil {
				// A mapping that would be left empty is an error: a name takes its place.
				key, instead := "connection.interface-name", own
				if own == "" {
					key, instead = "match.interface-name", "e*"
				}
				if c.passed["connection.interface-name"] != nil || c.passed["match.interface-name"] != nil {
					key, instead = "", ""
				}
				edited, err = yamlSource(text).replaceEntry(entry, c.document.flow[entry], key, instead)
				return edited, true, err
			}
		}
	}
	return text, false, nil
}

// matchEntry is an entry of match, of a card or of what cards share by an anchor.
var matchEntry = regexp.MustCompile(`^[0-9]+/(network/ethernets/[^/]+|[^/]+)/match/(name$|macaddress$|driver(/[0-9]+)?$)`)

// passedEntry is an entry of what NetworkManager gets.
var passedEntry = regexp.MustCompile(`/networkmanager/passthrough/(.*)$`)

func meantInNetplan(was, is *conf.Entry) bool {
	key := entryKey(was, is)
	if m := passedEntry.FindStringSubmatch(key); m != nil {
		return is == nil && slices.Contains(passedPins, m[1]) || was == nil && slices.Contains([]string{"connection.interface-name", "match.interface-name"}, m[1])
	}
	return matchEntry.MatchString(key)
}

// yamlSource is a YAML text in which entries are replaced.
type yamlSource string

// offset returns where a token is in the text, in bytes. The token's own text
// must stand there.
func (s yamlSource) offset(t *token.Token) (start, end int, err error) {
	lines := strings.SplitAfter(string(s), "\n")
	raw := strings.TrimSpace(t.Origin)
	if t.Position == nil || t.Position.Line < 1 || t.Position.Line > len(lines) || raw == "" {
		return 0, 0, errors.New("the place of an entry is not known")
	}
	for _, line := range lines[:t.Position.Line-1] {
		start += len(line)
	}
	column := 1
	line := lines[t.Position.Line-1]
	at := len(line)
	for i := range line {
		if column == t.Position.Column {
			at = i
			break
		}
		column++
	}
	start += at
	if !strings.HasPrefix(string(s[start:]), raw) {
		return 0, 0, fmt.Errorf("line %d is written in a way that cannot be edited", t.Position.Line)
	}
	return start, start + len(raw), nil
}

// end returns the offset behind a value.
func (s yamlSource) end(node ast.Node) (int, error) {
	last := node.GetToken()
	switch n := node.(type) {
	case *ast.SequenceNode:
		if !n.IsFlowStyle {
			if len(n.Values) == 0 {
				break
			}
			return s.end(n.Values[len(n.Values)-1])
		}
		last = n.End
	case *ast.MappingNode:
		if !n.IsFlowStyle {
			return 0, errors.New("match holds a mapping")
		}
		last = n.End
	case *ast.AnchorNode:
		return s.end(n.Value)
	case *ast.TagNode:
		return s.end(n.Value)
	case *ast.AliasNode:
		return s.end(n.Value)
	}
	_, end, err := s.offset(last)
	return end, err
}

// replaceEntry puts the entry key: "value" in the place of another or, without
// a value, takes the other out.
func (s yamlSource) replaceEntry(entry *ast.MappingValueNode, flow bool, key, value string) (string, error) {
	keyToken := entry.Key.GetToken()
	start, _, err := s.offset(keyToken)
	if err != nil {
		return "", err
	}
	if _, explicit := entry.Key.(*ast.MappingKeyNode); explicit {
		return "", fmt.Errorf("line %d is written in a way that cannot be edited", keyToken.Position.Line)
	}
	quoted := s[start] == '"'
	var end int
	if _, null := entry.Value.(*ast.NullNode); !null {
		if end, err = s.end(entry.Value); err != nil {
			return "", err
		}
	} else if _, end, err = s.offset(entry.Start); err != nil {
		return "", err
	}
	text := string(s)
	if value != "" {
		if quoted {
			key = `"` + key + `"`
		}
		return text[:start] + key + `: "` + value + `"` + text[end:], nil
	}
	if flow {
		return cutFlowEntry(text, start, end), nil
	}
	return cutLines(text, start, end), nil
}

// cutFlowEntry takes text[start:end] out of a flow mapping, with one comma.
func cutFlowEntry(text string, start, end int) string {
	after := strings.TrimLeft(text[end:], " \t")
	if rest, ok := strings.CutPrefix(after, ","); ok {
		if line := strings.TrimLeft(rest, " \t"); !strings.HasPrefix(line, "\n") {
			return text[:start] + line
		}
		return cutLines(text, start, len(text)-len(rest))
	}
	before := strings.TrimRight(text[:start], " \t\n")
	return strings.TrimSuffix(before, ",") + text[end:]
}

// cutLines takes out text[start:end] and, where nothing but blanks and a
// comment stand beside it, its lines.
func cutLines(text string, start, end int) string {
	lineStart := strings.LastIndexByte(text[:start], '\n') + 1
	lineEnd := len(text)
	if i := strings.IndexByte(text[end:], '\n'); i >= 0 {
		lineEnd = end + i + 1
	}
	rest := strings.TrimSpace(text[end:lineEnd])
	if strings.TrimSpace(text[lineStart:start]) == "" && (rest == "" || rest[0] == '#') {
		return text[:lineStart] + text[lineEnd:]
	}
	return text[:start] + text[end:]
}
