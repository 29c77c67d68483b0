package initramfs

import (
	"encoding/binary"
	"slices"
	"strings"
)

// The binary module indexes (modules.dep.bin and its like) are a radix tree in
// one file: a magic number, the format's version and the offset of the root,
// all big-endian; children come before their parents. The top bits of an
// offset tell which of the optional parts the node has. libkmod reads only
// these files, never the text ones.
const (
	indexMagic   = 0xB007F457
	indexVersion = 0x00020001

	indexPrefix   = 0x80000000
	indexValues   = 0x40000000
	indexChildren = 0x20000000

	indexAlphabet = 128 // keys are ASCII
)

// index is one binary index being built. The zero value is empty.
type index struct {
	root indexNode
}

type indexNode struct {
	prefix   string // common to all keys below
	values   []indexValue
	children map[byte]*indexNode
}

type indexValue struct {
	value    string
	priority uint32
}

// add enters a value. Keys with bytes that the format cannot hold are left
// out, as no lookup could find them.
func (x *index) add(key, value string, priority uint32) {
	if strings.ContainsFunc(key, func(r rune) bool { return r == 0 || r >= indexAlphabet }) {
		return
	}
	x.root.add(key, indexValue{value, priority})
}

func (n *indexNode) add(key string, v indexValue) {
	if n.values == nil && n.children == nil && n.prefix == "" {
		n.prefix, n.values = key, []indexValue{v}
		return
	}
	common := 0
	for common < len(n.prefix) && common < len(key) && n.prefix[common] == key[common] {
		common++
	}
	if common < len(n.prefix) {
		lower := &indexNode{prefix: n.prefix[common+1:], values: n.values, children: n.children}
		branch := n.prefix[common]
		*n = indexNode{prefix: n.prefix[:common], children: map[byte]*indexNode{branch: lower}}
	}
	if common == len(key) {
		n.values = append(n.values, v)
		return
	}
	if n.children == nil {
		n.children = map[byte]*indexNode{}
	}
	child, ok := n.children[key[common]]
	if !ok {
		n.children[key[common]] = &indexNode{prefix: key[common+1:], values: []indexValue{v}}
		return
	}
	child.add(key[common+1:], v)
}

// bytes returns the file's content.
func (x *index) bytes() []byte {
	out := binary.BigEndian.AppendUint32(nil, indexMagic)
	out = binary.BigEndian.AppendUint32(out, indexVersion)
	out = binary.BigEndian.AppendUint32(out, 0)
	root := x.root.write(&out)
	binary.BigEndian.PutUint32(out[8:], root)
	return out
}

func (n *indexNode) write(out *[]byte) uint32 {
	var first, last byte
	var offsets []uint32
	if len(n.children) > 0 {
		first = indexAlphabet - 1
		for c := range n.children {
			first, last = min(first, c), max(last, c)
		}
		for c := int(first); c <= int(last); c++ {
			var offset uint32
			if child, ok := n.children[byte(c)]; ok {
				offset = child.write(out)
			}
			offsets = append(offsets, offset)
		}
	}
	position := uint32(len(*out))
	b := *out
	if n.prefix != "" {
		b = append(append(b, n.prefix...), 0)
		position |= indexPrefix
	}
	if len(offsets) > 0 {
		b = append(b, first, last)
		for _, offset := range offsets {
			b = binary.BigEndian.AppendUint32(b, offset)
		}
		position |= indexChildren
	}
	if len(n.values) > 0 {
		slices.SortStableFunc(n.values, func(a, b indexValue) int { return int(a.priority) - int(b.priority) })
		b = binary.BigEndian.AppendUint32(b, uint32(len(n.values)))
		for _, v := range n.values {
			b = binary.BigEndian.AppendUint32(b, v.priority)
			b = append(append(b, v.value...), 0)
		}
		position |= indexValues
	}
	*out = b
	return position
}

// aliasKey is an alias as the index holds it: - becomes _, but not in [ ].
func aliasKey(alias string) string {
	depth := 0
	return strings.Map(func(r rune) rune {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case r == '-' && depth == 0:
			return '_'
		}
		return r
	}, alias)
}
