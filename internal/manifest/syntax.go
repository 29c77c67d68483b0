package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxSize is the most that a manifest may take, in bytes. It keeps a wrong
// path (a disk image, say) from being read whole.
const maxSize = 16 << 20

// node is one JSON value with its place in the text. encoding/json alone tells
// neither where a value stands nor that a name is there twice.
type node struct {
	offset  int
	value   any // string, json.Number, bool or nil of a scalar
	members []member
	list    []node
	kind    kind
}

type member struct {
	offset int // of the name
	name   string
	value  node
}

// kind is a node's JSON type, spelled for people.
type kind string

const (
	kindObject  kind = "an object"
	kindList    kind = "a list"
	kindString  kind = "a string"
	kindNumber  kind = "a number"
	kindBoolean kind = "true or false"
	kindNull    kind = "null"
)

// text is a manifest's JSON text.
type text []byte

// readText reads a manifest's text up to its end.
func readText(r io.Reader) (text, error) {
	read, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	if len(read) > maxSize {
		return nil, Errors{{Message: fmt.Sprintf("this is no manifest: it is larger than %d MiB", maxSize>>20)}}
	}
	// Editors on Windows put a byte order mark in front.
	return bytes.TrimPrefix(read, []byte("\ufeff")), nil
}

// position is the line and column of an offset, both from 1.
func (t text) position(offset int) (line, column int) {
	before := t[:min(max(offset, 0), len(t))]
	line = bytes.Count(before, []byte("\n")) + 1
	return line, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}

// parse reads the text's only value.
func (t text) parse() (node, error) {
	if err := t.check(); err != nil {
		return node{}, err
	}
	p := parser{text: t, decoder: json.NewDecoder(bytes.NewReader(t))}
	p.decoder.UseNumber()
	return p.value()
}

// check reports the first thing that makes the text no JSON.
func (t text) check() error {
	if len(bytes.TrimSpace(t)) == 0 {
		return Errors{{Message: "the manifest is empty"}}
	}
	if !utf8.Valid(t) {
		return t.errorAt(invalidUTF8(t), "the manifest is not UTF-8 text")
	}
	err := json.Unmarshal(t, new(json.RawMessage))
	if err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return Errors{{Message: "the manifest is not JSON: " + err.Error()}}
	}
	offset := int(syntax.Offset) - 1 // Offset is behind the offending byte
	switch message := syntax.Error(); {
	case strings.Contains(message, "after top-level value"):
		return t.errorAt(offset, "there is more after the end of the manifest, which is one JSON object")
	case strings.Contains(message, "unexpected end"):
		return t.errorAt(len(t), "the manifest ends before its JSON is complete")
	case offset >= 0 && offset < len(t) && (t[offset] == '/' || t[offset] == '#'):
		return t.errorAt(offset, "the manifest is not JSON: "+message+" (JSON has no comments)")
	case strings.Contains(message, "looking for beginning of object key string") || strings.HasPrefix(message, "invalid character ']' looking for beginning of value"):
		return t.errorAt(offset, "the manifest is not JSON: "+message+" (is there a comma too many before it?)")
	default:
		return t.errorAt(offset, "the manifest is not JSON: "+message)
	}
}

func (t text) errorAt(offset int, message string) Errors {
	line, column := t.position(offset)
	return Errors{{Message: message, Line: line, Column: column}}
}

func invalidUTF8(t text) int {
	for offset := 0; offset < len(t); {
		r, size := utf8.DecodeRune(t[offset:])
		if r == utf8.RuneError && size == 1 {
			return offset
		}
		offset += size
	}
	return len(t)
}

// parser builds the tree of a text that check has passed.
type parser struct {
	text    text
	decoder *json.Decoder
}

// next is where the next token begins.
func (p *parser) next() int {
	offset := int(p.decoder.InputOffset())
	for offset < len(p.text) && strings.IndexByte(" \t\r\n,:", p.text[offset]) >= 0 {
		offset++
	}
	return offset
}

func (p *parser) value() (node, error) {
	n := node{offset: p.next()}
	token, err := p.decoder.Token()
	if err != nil {
		return n, err
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			n.kind = kindObject
			n.members, err = p.members()
		} else {
			n.kind = kindList
			n.list, err = p.elements()
		}
		if err == nil {
			_, err = p.decoder.Token() // the closing bracket
		}
		return n, err
	case string:
		n.kind, n.value = kindString, token
	case json.Number:
		n.kind, n.value = kindNumber, token
	case bool:
		n.kind, n.value = kindBoolean, token
	default:
		n.kind = kindNull
	}
	return n, nil
}

func (p *parser) members() ([]member, error) {
	var members []member
	for p.decoder.More() {
		offset := p.next()
		token, err := p.decoder.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // an object's names are strings
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		members = append(members, member{offset: offset, name: name, value: value})
	}
	return members, nil
}

func (p *parser) elements() ([]node, error) {
	var elements []node
	for p.decoder.More() {
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		elements = append(elements, value)
	}
	return elements, nil
}
