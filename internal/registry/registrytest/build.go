// Package registrytest makes hives for tests.
package registrytest

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
)

var (
	mu       sync.Mutex
	unpacked = map[string][]byte{} // by their paths
)

// Load unpacks a real hive NAME.zst as it was taken.
func Load(t testing.TB, directory, name string) []byte {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	file := filepath.Join(directory, name+".zst")
	if unpacked[file] == nil {
		data, err := unpack(file)
		if err != nil {
			t.Fatal(err)
		}
		unpacked[file] = data
	}
	return slices.Clone(unpacked[file])
}

func unpack(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	reader, err := zstd.NewReader(f)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return io.ReadAll(reader)
}

// Clean makes a hive one that was written to its end.
func Clean(hive []byte) []byte {
	copy(hive[8:12], hive[4:8])
	Sign(hive)
	return hive
}

// Sign makes the checksum of a hive's header right.
func Sign(hive []byte) {
	binary.LittleEndian.PutUint32(hive[508:], registry.Checksum(hive))
}

// node is a key of a hive that is made.
type node struct {
	values   []registry.Value
	children map[string]*node
}

// Build makes a hive of the values of its keys, by their paths.
func Build(keys map[string][]registry.Value) []byte {
	root := &node{children: map[string]*node{}}
	for _, path := range slices.Sorted(maps.Keys(keys)) {
		at := root
		for name := range strings.SplitSeq(path, `\`) {
			if name == "" {
				continue
			}
			if at.children[name] == nil {
				at.children[name] = &node{children: map[string]*node{}}
			}
			at = at.children[name]
		}
		at.values = keys[path]
	}
	b := &builder{cells: make([]byte, 32)}
	b.security = b.cell(securityCell())
	top := b.key("ROOT", root, 0xFFFFFFFF, 0x24)
	room := 4096*((len(b.cells)+8+4095)/4096) - len(b.cells)
	b.cells = binary.LittleEndian.AppendUint32(b.cells, uint32(room))
	b.cells = append(b.cells, make([]byte, room-4)...)
	copy(b.cells, "hbin")
	binary.LittleEndian.PutUint32(b.cells[8:], uint32(len(b.cells)))

	header := make([]byte, 4096)
	copy(header, "regf")
	for at, value := range map[int]uint32{4: 1, 8: 1, 20: 1, 24: 5, 32: 1, 36: top, 40: uint32(len(b.cells)), 44: 1} {
		binary.LittleEndian.PutUint32(header[at:], value)
	}
	Sign(header)
	return append(header, b.cells...)
}

type builder struct {
	cells    []byte // with room for the header of their part
	security uint32
}

// cell adds a cell and returns where it is.
func (b *builder) cell(data []byte) uint32 {
	at := uint32(len(b.cells))
	size := (len(data) + 4 + 7) / 8 * 8
	b.cells = binary.LittleEndian.AppendUint32(b.cells, uint32(-size))
	b.cells = append(b.cells, data...)
	b.cells = append(b.cells, make([]byte, size-4-len(data))...)
	return at
}

// securityCell is one that all keys share, with an empty descriptor.
func securityCell() []byte {
	data := make([]byte, 20+20)
	copy(data, "sk")
	for at, value := range map[int]uint32{4: 32, 8: 32, 12: 1 << 16, 16: 20} {
		binary.LittleEndian.PutUint32(data[at:], value)
	}
	data[20], data[23] = 1, 0x80
	return data
}

func (b *builder) key(name string, n *node, parent uint32, flags uint16) uint32 {
	data := make([]byte, 76, 76+len(name))
	le := binary.LittleEndian
	copy(data, "nk")
	le.PutUint16(data[2:], flags)
	for at, value := range map[int]uint32{
		16: parent, 20: uint32(len(n.children)), 28: 0xFFFFFFFF, 32: 0xFFFFFFFF, 36: uint32(len(n.values)), 40: 0xFFFFFFFF, 44: b.security, 48: 0xFFFFFFFF,
	} {
		le.PutUint32(data[at:], value)
	}
	le.PutUint16(data[72:], uint16(len(name)))
	own := b.cell(append(data, name...))
	if len(n.values) > 0 {
		var list []byte
		for _, value := range n.values {
			list = le.AppendUint32(list, b.value(value))
		}
		at := b.cell(list) // which may move all cells
		le.PutUint32(b.cells[own+4+40:], at)
	}
	if len(n.children) > 0 {
		names := slices.SortedFunc(maps.Keys(n.children), func(a, c string) int { return strings.Compare(strings.ToUpper(a), strings.ToUpper(c)) })
		list := le.AppendUint16([]byte("lh"), uint16(len(names)))
		for _, child := range names {
			list = le.AppendUint32(list, b.key(child, n.children[child], own, 0x20))
			hash := uint32(0)
			for _, letter := range []byte(strings.ToUpper(child)) {
				hash = hash*37 + uint32(letter)
			}
			list = le.AppendUint32(list, hash)
		}
		at := b.cell(list)
		le.PutUint32(b.cells[own+4+28:], at)
	}
	return own
}

func (b *builder) value(v registry.Value) uint32 {
	le := binary.LittleEndian
	data := make([]byte, 20, 20+len(v.Name))
	copy(data, "vk")
	le.PutUint16(data[2:], uint16(len(v.Name)))
	le.PutUint32(data[4:], uint32(len(v.Data)))
	le.PutUint32(data[12:], uint32(v.Type))
	le.PutUint16(data[16:], 1)
	if len(v.Data) <= 4 {
		le.PutUint32(data[4:], uint32(len(v.Data))|1<<31)
		copy(data[8:], v.Data)
	} else {
		le.PutUint32(data[8:], b.cell(v.Data))
	}
	return b.cell(append(data, v.Name...))
}

// Patch are changes as hivexregedit(1) takes them, which makes no key that lies in
// one that is not there.
func Patch(changes []registry.Change) string {
	var text strings.Builder
	text.WriteString("Windows Registry Editor Version 5.00\n")
	for _, change := range changes {
		if change.Removed {
			fmt.Fprintf(&text, "\n[-\\%s]\n", change.Key)
			continue
		}
		name, data := "@", "-"
		if change.Name != "" {
			name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(change.Name) + `"`
		}
		if change.After != nil {
			data = fmt.Sprintf("hex(%x):%s", uint32(change.After.Type), strings.ReplaceAll(fmt.Sprintf("% x", change.After.Data), " ", ","))
		}
		for at, letter := range change.Key {
			if letter == '\\' {
				fmt.Fprintf(&text, "\n[\\%s]\n", change.Key[:at])
			}
		}
		fmt.Fprintf(&text, "\n[\\%s]\n%s=%s\n", change.Key, name, data)
	}
	return text.String()
}

// Rebuild makes a hive that has what is read.
func Rebuild(t testing.TB, r registry.Reader) []byte {
	t.Helper()
	keys := map[string][]registry.Value{}
	var read func(path string)
	read = func(path string) {
		values, err := r.Values(path)
		if err != nil {
			t.Fatal(err)
		}
		keys[path] = values
		names, err := r.Keys(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if path == "" {
				read(name)
			} else {
				read(path + `\` + name)
			}
		}
	}
	read("")
	return Build(keys)
}
