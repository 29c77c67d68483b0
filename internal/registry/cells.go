package registry

import (
	"encoding/binary"
	"strings"
)

// What is read of a hive at most, more than Windows allows or has. Windows knows no limit
// for the values of a key: on servers for many users the rules of the firewall have become
// some hundred thousand, of half a KiB each.
const (
	maxKeys   = 1 << 18   // below one key
	maxValues = 1 << 20   // of one key
	maxData   = 16 << 20  // bytes of one value
	maxAll    = 512 << 20 // bytes of all values of one key
	maxName   = 1 << 10   // bytes of a key's name
	maxNames  = 32 << 20  // bytes of the names of all keys below one
	maxLists  = 2         // lists of keys in each other
)

const (
	noCell      = 0xFFFFFFFF
	narrowName  = 0x20 // a key's name in Latin-1
	narrowValue = 0x1  // a value's
	inPlace     = 1 << 31
	// What a cell of large data has in each of its pieces, in bytes.
	pieceSize = 16344
)

// key is a key's own cell.
type key struct {
	name          string
	keys, values  uint32 // how many
	keysAt, valAt uint32
}

// cell reads a cell that is in use, at most so many bytes of it.
func (h *Hive) cell(offset uint32, most int) ([]byte, error) {
	at := int64(offset)
	if at%8 != 0 || at < binHeader || at > h.length-8 {
		return nil, damaged("it leads to a cell at byte %d", headerSize+at)
	}
	var head [4]byte
	if err := readFull(h.file, head[:], headerSize+at); err != nil {
		return nil, err
	}
	size := -int64(int32(binary.LittleEndian.Uint32(head[:])))
	if size < 8 || size > h.length-at {
		return nil, damaged("the cell at byte %d is said to have %d bytes", headerSize+at, size)
	}
	data := make([]byte, min(size-4, int64(most)))
	return data, readFull(h.file, data, headerSize+at+4)
}

// wholeCell is a cell with at least so many bytes.
func (h *Hive) wholeCell(offset uint32, length int) ([]byte, error) {
	data, err := h.cell(offset, length)
	if err == nil && len(data) < length {
		err = damaged("the cell at byte %d has no %d bytes", headerSize+int64(offset), length)
	}
	return data, err
}

func (h *Hive) key(offset uint32) (key, error) {
	data, err := h.cell(offset, 76+maxName)
	switch {
	case err != nil:
		return key{}, err
	case len(data) < 76 || string(data[:2]) != "nk":
		return key{}, damaged("the cell at byte %d is no key", headerSize+int64(offset))
	}
	le := binary.LittleEndian
	length := int(le.Uint16(data[72:]))
	if length > len(data)-76 {
		return key{}, damaged("the key at byte %d has a name of %d bytes", headerSize+int64(offset), length)
	}
	return key{
		name: text(data[76:][:length], le.Uint16(data[2:])&narrowName != 0),
		keys: le.Uint32(data[20:]), keysAt: le.Uint32(data[28:]), values: le.Uint32(data[36:]), valAt: le.Uint32(data[40:]),
	}, nil
}

func text(data []byte, narrow bool) string {
	if !narrow {
		return decode(data)
	}
	var letters strings.Builder
	for _, letter := range data {
		letters.WriteRune(rune(letter))
	}
	return letters.String()
}

// entry is where a list of keys leads to. hash is that of the name, 0 where the list
// has none.
type entry struct{ offset, hash uint32 }

// nameHash is what lists have of the name of a key, 0 for one that has letters of
// which only Windows knows the capitals.
func nameHash(name string) uint32 {
	hash := uint32(0)
	for _, letter := range []byte(strings.ToUpper(name)) {
		if letter >= 0x80 {
			return 0
		}
		hash = hash*37 + uint32(letter)
	}
	return hash
}

// child finds the key of a name below a key. Those of another hash are not read,
// for they lie all over the hive, but where none is found.
func (h *Hive) child(k key, name string) (child key, found bool, err error) {
	hashes := []uint32{0}
	if hash := nameHash(name); hash != 0 {
		hashes = []uint32{hash, 0}
	}
	for _, hash := range hashes {
		err := h.children(k, hash, func(c key) bool {
			if found = strings.EqualFold(c.name, name); found {
				child = c
			}
			return !found
		})
		if err != nil || found {
			return child, found, err
		}
	}
	return key{}, false, nil
}

// children calls each for the keys below a key until it returns false. With a hash
// those that are known to have another are left out.
func (h *Hive) children(k key, hash uint32, each func(key) bool) error {
	if k.keys == 0 || k.keysAt == noCell {
		return nil
	}
	if k.keys > maxKeys {
		return damaged("the key %q is said to have %d keys below it", k.name, k.keys)
	}
	left := int(k.keys)
	_, err := h.list(k.keysAt, maxLists, func(e entry) (bool, error) {
		if left--; left < 0 {
			return false, damaged("the key %q has more keys below it than it is said to have", k.name)
		}
		if hash != 0 && e.hash != 0 && e.hash != hash {
			return true, nil
		}
		child, err := h.key(e.offset)
		return err == nil && each(child), err
	})
	return err
}

// list calls each for what a list of keys leads to until it returns false, and
// says whether it came to the end.
func (h *Hive) list(offset uint32, depth int, each func(entry) (bool, error)) (bool, error) {
	head, err := h.wholeCell(offset, 4)
	if err != nil {
		return false, err
	}
	kind, count := string(head[:2]), int(binary.LittleEndian.Uint16(head[2:]))
	width := 4
	if kind == "lf" || kind == "lh" {
		width = 8 // with what finds a name faster
	}
	if depth--; depth < 0 || kind != "lf" && kind != "lh" && kind != "li" && (kind != "ri" || depth == 0) {
		return false, damaged("the cell at byte %d is no list of keys", headerSize+int64(offset))
	}
	data, err := h.wholeCell(offset, 4+count*width)
	if err != nil {
		return false, err
	}
	for n := range count {
		found := entry{offset: binary.LittleEndian.Uint32(data[4+n*width:])}
		if kind == "lh" {
			found.hash = binary.LittleEndian.Uint32(data[8+n*width:])
		}
		var more bool
		if kind == "ri" {
			more, err = h.list(found.offset, depth, each)
		} else {
			more, err = each(found)
		}
		if err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

func (h *Hive) values(k key) ([]Value, error) {
	if k.values == 0 || k.valAt == noCell {
		return nil, nil
	}
	if k.values > maxValues {
		return nil, damaged("the key %q is said to have %d values", k.name, k.values)
	}
	list, err := h.wholeCell(k.valAt, 4*int(k.values))
	if err != nil {
		return nil, err
	}
	var values []Value
	total := 0
	for n := range k.values {
		value, err := h.value(binary.LittleEndian.Uint32(list[4*n:]))
		if err != nil {
			return nil, err
		}
		if total += len(value.Data) + len(value.Name); int64(total) > min(h.length, maxAll) {
			return nil, damaged("the key %q has values of more than %d bytes", k.name, min(h.length, maxAll))
		}
		values = append(values, value)
	}
	return values, nil
}

func (h *Hive) value(offset uint32) (Value, error) {
	data, err := h.wholeCell(offset, 20)
	switch {
	case err != nil:
		return Value{}, err
	case string(data[:2]) != "vk":
		return Value{}, damaged("the cell at byte %d is no value", headerSize+int64(offset))
	}
	le := binary.LittleEndian
	if data, err = h.wholeCell(offset, 20+int(le.Uint16(data[2:]))); err != nil {
		return Value{}, err
	}
	v := Value{Name: text(data[20:], le.Uint16(data[16:])&narrowValue != 0), Type: Type(le.Uint32(data[12:]))}
	switch size := le.Uint32(data[4:]); {
	case size&inPlace != 0 && size&^inPlace > 4:
		err = damaged("the value %q has %d bytes in place of four", v.Name, size&^inPlace)
	case size&inPlace != 0:
		v.Data = data[8:][: size&^inPlace : size&^inPlace]
	case size > maxData:
		err = damaged("the value %q is said to have %d bytes", v.Name, size)
	case size > pieceSize && h.minor >= bigDataMinor:
		v.Data, err = h.large(le.Uint32(data[8:]), int(size))
	case size > 0:
		v.Data, err = h.wholeCell(le.Uint32(data[8:]), int(size))
	}
	return v, err
}

// large reads data that lie in pieces.
func (h *Hive) large(offset uint32, size int) ([]byte, error) {
	head, err := h.wholeCell(offset, 8)
	if err != nil {
		return nil, err
	}
	count := int(binary.LittleEndian.Uint16(head[2:]))
	if string(head[:2]) != "db" || count != (size+pieceSize-1)/pieceSize {
		return nil, damaged("the cell at byte %d is no list of %d bytes", headerSize+int64(offset), size)
	}
	list, err := h.wholeCell(binary.LittleEndian.Uint32(head[4:]), 4*count)
	if err != nil {
		return nil, err
	}
	var data []byte
	for n := range count {
		piece, err := h.wholeCell(binary.LittleEndian.Uint32(list[4*n:]), min(pieceSize, size-len(data)))
		if err != nil {
			return nil, err
		}
		data = append(data, piece...)
	}
	return data, nil
}
