package netconf

import (
	"github.com/goccy/go-yaml/ast"
)

// yamlDocument finds entries of mappings, through anchors, aliases and merges.
type yamlDocument struct{ anchors map[string]ast.Node }

func newYAML(document *ast.DocumentNode) yamlDocument {
	y := yamlDocument{anchors: map[string]ast.Node{}}
	if document.Body != nil {
		ast.Walk(y, document.Body)
	}
	return y
}

// Visit implements ast.Visitor.
func (y yamlDocument) Visit(node ast.Node) ast.Visitor {
	if anchor, ok := node.(*ast.AnchorNode); ok {
		y.anchors[yamlText(anchor.Name)] = anchor.Value
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

func yamlText(node ast.Node) string {
	if node == nil || node.GetToken() == nil {
		return ""
	}
	return node.GetToken().Value
}
