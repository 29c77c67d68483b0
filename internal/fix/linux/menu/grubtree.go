package menu

import (
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// grubNode is a part of a GRUB script.
type grubNode struct {
	kind  grubKind
	words []string
	// negated is set for a command behind `!`.
	negated bool
	// conditions and bodies are those of if and elif; a last body without condition
	// is that of else. A loop, a function and a menu entry have one body.
	conditions [][]grubNode
	bodies     [][]grubNode
}

type grubKind int

const (
	grubCommand grubKind = iota
	grubIf
	grubLoop
	grubFunction
	grubEntry   // menuentry
	grubSubmenu // submenu
)

// grubKeywords stand before a command, or alone.
var grubKeywords = []string{"if", "then", "elif", "else", "fi", "while", "until", "for", "do", "done", "{", "}", "!"}

type grubToken struct {
	keyword string
	words   []string
}

// parseGrubTree reads a script. ok is false where its blocks do not fit together.
func parseGrubTree(text string) (nodes []grubNode, ok bool) {
	var tokens []grubToken
	for _, statement := range conf.ParseGrub(text) {
		words := make([]string, 0, len(statement))
		for _, w := range statement {
			words = append(words, w.Text)
		}
		for len(words) > 0 && slices.Contains(grubKeywords, words[0]) {
			tokens = append(tokens, grubToken{keyword: words[0]})
			words = words[1:]
		}
		if len(words) > 0 {
			tokens = append(tokens, grubToken{words: words})
		}
	}
	p := grubTreeParser{tokens: tokens}
	nodes = p.list()
	return nodes, !p.failed && len(p.tokens) == 0
}

// maxNested is how deep the blocks of a script may be nested: a guest may have a
// script that would take all of the stack.
const maxNested = 200

type grubTreeParser struct {
	tokens []grubToken
	nested int
	failed bool
}

func (p *grubTreeParser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0].keyword
}

// expect takes a keyword.
func (p *grubTreeParser) expect(keyword string) {
	if p.next() != keyword {
		p.failed = true
		return
	}
	p.tokens = p.tokens[1:]
}

// list reads nodes up to a keyword that ends a block.
func (p *grubTreeParser) list() (nodes []grubNode) {
	p.nested++
	defer func() { p.nested-- }()
	p.failed = p.failed || p.nested > maxNested
	negated := false
	for len(p.tokens) > 0 && !p.failed {
		token := p.tokens[0]
		switch token.keyword {
		case "!":
			p.tokens, negated = p.tokens[1:], true
			continue
		case "if":
			nodes = append(nodes, p.branches())
		case "while", "until", "for":
			p.tokens = p.tokens[1:]
			condition := p.list()
			p.expect("do")
			nodes = append(nodes, grubNode{kind: grubLoop, conditions: [][]grubNode{condition}, bodies: [][]grubNode{p.list()}})
			p.expect("done")
		case "{":
			p.tokens = p.tokens[1:]
			nodes = append(nodes, p.list()...)
			p.expect("}")
		case "":
			p.tokens = p.tokens[1:]
			nodes = append(nodes, p.command(token.words, negated))
		default:
			return nodes
		}
		negated = false
	}
	return nodes
}

// branches reads from if to fi.
func (p *grubTreeParser) branches() grubNode {
	node := grubNode{kind: grubIf}
	for {
		p.tokens = p.tokens[1:] // if, elif
		node.conditions = append(node.conditions, p.list())
		p.expect("then")
		node.bodies = append(node.bodies, p.list())
		switch p.next() {
		case "elif":
			continue
		case "else":
			p.tokens = p.tokens[1:]
			node.bodies = append(node.bodies, p.list())
		}
		p.expect("fi")
		return node
	}
}

func (p *grubTreeParser) command(words []string, negated bool) grubNode {
	node := grubNode{words: words, negated: negated}
	switch {
	case words[0] == "function" && len(words) > 1:
		node.kind = grubFunction
	case words[0] == "menuentry" && p.next() == "{":
		node.kind = grubEntry
	case words[0] == "submenu" && p.next() == "{":
		node.kind = grubSubmenu
	default:
		return node
	}
	p.expect("{")
	node.bodies = [][]grubNode{p.list()}
	p.expect("}")
	return node
}
