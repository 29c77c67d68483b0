package netconf

import (
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

// parseYAML parses a file of the guest, unless that would take too long.
func parseYAML(text string) (*ast.File, error) {
	if err := conf.CheckYAML(text); err != nil {
		return nil, err
	}
	return parser.ParseBytes([]byte(text), 0)
}

// yamlDocument finds entries of mappings, through anchors, aliases and merges.
type yamlDocument struct {
	anchors map[string]ast.Node
	flow    map[*ast.MappingValueNode]bool // entries of mappings in flow style
}

func newYAML(document *ast.DocumentNode) yamlDocument {
	y := yamlDocument{anchors: map[string]ast.Node{}, flow: map[*ast.MappingValueNode]bool{}}
	if document.Body != nil {
		ast.Walk(y, document.Body)
	}
	return y
}

// Visit implements ast.Visitor.
func (y yamlDocument) Visit(node ast.Node) ast.Visitor {
	switch n := node.(type) {
	case *ast.AnchorNode:
		y.anchors[yamlText(n.Name)] = n.Value
	case *ast.MappingNode:
		for _, entry := range n.Values {
			y.flow[entry] = n.IsFlowStyle
		}
	}
	return y
}

// maxDepth bounds aliases within aliases, which may lead in a circle.
const maxDepth = 8

// entries are those of a mapping. What is merged into it comes first, so that
// the last of a name counts.
func (y yamlDocument) entries(node ast.Node) []*ast.MappingValueNode {
	return y.entriesWithin(node, maxDepth)
}

func (y yamlDocument) entriesWithin(node ast.Node, depth int) []*ast.MappingValueNode {
	if depth == 0 {
		return nil
	}
	var own []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		own = n.Values
	case *ast.MappingValueNode:
		own = []*ast.MappingValueNode{n}
	case *ast.AnchorNode:
		return y.entriesWithin(n.Value, depth-1)
	case *ast.AliasNode:
		return y.entriesWithin(y.anchors[yamlText(n.Value)], depth-1)
	}
	var merged, entries []*ast.MappingValueNode
	for _, entry := range own {
		if entry.Key.IsMergeKey() {
			merged = append(merged, y.entriesWithin(entry.Value, depth-1)...)
			continue
		}
		entries = append(entries, entry)
	}
	return append(merged, entries...)
}

func (y yamlDocument) child(node ast.Node, key string) ast.Node {
	var found ast.Node
	for _, entry := range y.entries(node) {
		if yamlText(entry.Key) == key {
			found = entry.Value
		}
	}
	return found
}

// items are those of a sequence.
func (y yamlDocument) items(node ast.Node) []ast.Node {
	for range maxDepth {
		switch n := node.(type) {
		case *ast.AnchorNode:
			node = n.Value
		case *ast.AliasNode:
			node = y.anchors[yamlText(n.Value)]
		case *ast.SequenceNode:
			return n.Values
		default:
			return nil
		}
	}
	return nil
}

// text is that of a scalar, through anchors, aliases and tags; "" for anything
// else.
func (y yamlDocument) text(node ast.Node) string {
	for range maxDepth {
		switch n := node.(type) {
		case *ast.AnchorNode:
			node = n.Value
		case *ast.TagNode:
			node = n.Value
		case *ast.AliasNode:
			node = y.anchors[yamlText(n.Value)]
		case ast.ScalarNode:
			if _, null := n.(*ast.NullNode); null {
				return ""
			}
			return yamlText(n)
		default:
			return ""
		}
	}
	return ""
}

func yamlText(node ast.Node) string {
	if key, ok := node.(*ast.MappingKeyNode); ok {
		node = key.Value
	}
	if node == nil || node.GetToken() == nil {
		return ""
	}
	return node.GetToken().Value
}
