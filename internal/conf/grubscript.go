package conf

import (
	"slices"
	"strings"
)

// GrubStatement is one command of a GRUB script: its words, quotes and escapes
// resolved. A brace on its own is a statement of one word.
type GrubStatement []Word

// Command is the statement without the shell keywords that may stand before it.
func (s GrubStatement) Command() GrubStatement {
	for len(s) > 0 {
		switch s[0].Text {
		case "if", "elif", "then", "else", "do", "while", "until", "!":
			s = s[1:]
		default:
			return s
		}
	}
	return s
}

// ParseGrub splits a GRUB script into its statements. It knows words, quotes,
// comments and line ends; what a statement means is left to the caller.
func ParseGrub(source string) []GrubStatement {
	p := grubParser{source: source}
	for p.i < len(source) {
		p.step()
	}
	p.endStatement()
	return p.statements
}

type grubParser struct {
	source     string
	i          int
	word       *Word
	text       []byte // of word
	statement  GrubStatement
	statements []GrubStatement
}

func (p *grubParser) step() {
	c := p.source[p.i]
	switch {
	case c == '\\' && p.i+1 < len(p.source):
		if p.source[p.i+1] != '\n' { // else the line goes on
			p.i++
			p.take()
			return
		}
		p.i += 2
	case c == '\'':
		p.begin()
		p.i++
		for p.i < len(p.source) && p.source[p.i] != '\'' {
			p.take()
		}
		p.i++
	case c == '"':
		p.doubleQuoted()
	case c == '#' && p.word == nil:
		for p.i < len(p.source) && p.source[p.i] != '\n' {
			p.i++
		}
	case c == '\n' || c == ';':
		p.endStatement()
		p.i++
	case c == ' ' || c == '\t' || c == '\r' || c == '|' || c == '&' || c == '<' || c == '>':
		p.endWord()
		p.i++
	case (c == '{' || c == '}') && p.word == nil && p.standsAlone():
		p.endStatement()
		p.take()
		p.endStatement()
	default:
		p.take()
	}
}

func (p *grubParser) doubleQuoted() {
	p.begin()
	for p.i++; p.i < len(p.source) && p.source[p.i] != '"'; {
		if p.source[p.i] == '\\' && p.i+1 < len(p.source) && strings.IndexByte("\\\"$\n", p.source[p.i+1]) >= 0 {
			p.i++
			if p.source[p.i] == '\n' {
				p.i++
				continue
			}
		}
		p.take()
	}
	p.i++
}

// standsAlone reports whether the byte is followed by the end of its word.
func (p *grubParser) standsAlone() bool {
	return p.i+1 == len(p.source) || strings.IndexByte(" \t\r\n;", p.source[p.i+1]) >= 0
}

// begin starts a word, which may stay empty.
func (p *grubParser) begin() {
	if p.word == nil {
		p.word = &Word{Start: p.i}
	}
}

// take adds the byte to the word.
func (p *grubParser) take() {
	if p.word == nil {
		start := p.i
		if start > 0 && p.source[start-1] == '\\' {
			start--
		}
		p.word = &Word{Start: start}
	}
	p.text = append(p.text, p.source[p.i])
	p.word.At = append(p.word.At, p.i)
	p.i++
}

func (p *grubParser) endWord() {
	if p.word != nil {
		p.word.Text, p.word.End = string(p.text), min(p.i, len(p.source))
		p.statement = append(p.statement, *p.word)
		p.word, p.text = nil, nil
	}
}

func (p *grubParser) endStatement() {
	p.endWord()
	if len(p.statement) > 0 {
		p.statements = append(p.statements, p.statement)
		p.statement = nil
	}
}

// linuxCommands load a kernel: command, image, parameters. module and module2
// load one under Xen, and something else everywhere else.
var linuxCommands = []string{"linux", "linux16", "linuxefi", "linux_hotkey", "module", "module2"}

// LoadsKernel reports whether the command loads a kernel.
func (s GrubStatement) LoadsKernel() bool {
	return len(s) > 1 && slices.Contains(linuxCommands, s[0].Text)
}

// KernelImage is the first argument that is no option.
func (s GrubStatement) KernelImage() string {
	for _, w := range s[1:] {
		if !strings.HasPrefix(w.Text, "-") {
			return w.Text
		}
	}
	return ""
}
