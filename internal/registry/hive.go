// Package registry reads the registry of a Windows guest: hives as a file format,
// and what they tell of the system; and it says what is to be changed in them, which
// others write. A hive that is made to harm costs no more than
// the limits here.
package registry

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// Reader is a registry hive. Paths are names with a backslash between them, from
// the root, which is "". Case does not matter in names. Of a key that is not
// there the error is fs.ErrNotExist.
type Reader interface {
	// Keys are the names of the keys below a key.
	Keys(path string) ([]string, error)
	// Values are the values of a key.
	Values(path string) ([]Value, error)
}

// ErrDamaged says that a hive is not whole.
var ErrDamaged = errors.New("the hive is damaged")

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// Where the parts of a hive's header are, by the description of the format that
// the reader regf of Maxim Suhanov has, and what a header may say.
const (
	headerSize   = 4096
	checksumAt   = 508
	sequence1At  = 4
	sequence2At  = 8
	oldestMinor  = 3
	newestMinor  = 6
	bigDataMinor = 4
	binHeader    = 32
	// maxHive is the size that Windows allows a hive, in bytes.
	maxHive = 2 << 30
)

// Hive is a hive that is read. It is not safe for concurrent use.
type Hive struct {
	file         io.ReaderAt
	size         int64 // of the file, in bytes
	length       int64 // of what follows the header, in bytes
	root         uint32
	minor        uint32
	first, later uint32 // sequence numbers
}

var _ Reader = (*Hive)(nil)

// Open reads the header of a hive of size bytes. What is no hive, or was cut off,
// is ErrDamaged.
func Open(file io.ReaderAt, size int64) (*Hive, error) {
	if size < headerSize+binHeader {
		return nil, damaged("it has %d bytes", size)
	}
	header := make([]byte, 512)
	if err := readFull(file, header, 0); err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	if string(header[:4]) != "regf" {
		return nil, damaged("it does not begin as a hive does")
	}
	if want, found := Checksum(header), le.Uint32(header[checksumAt:]); want != found {
		return nil, damaged("the checksum of its header is %#x, and should be %#x", found, want)
	}
	h := &Hive{
		file: file, size: size, length: int64(le.Uint32(header[40:])), root: le.Uint32(header[36:]), minor: le.Uint32(header[24:]),
		first: le.Uint32(header[sequence1At:]), later: le.Uint32(header[sequence2At:]),
	}
	switch major := le.Uint32(header[20:]); {
	case major != 1 || h.minor < oldestMinor || h.minor > newestMinor:
		return nil, fmt.Errorf("a hive of version %d.%d is not known", major, h.minor)
	case h.length == 0 || h.length%headerSize != 0 || h.length > maxHive:
		return nil, damaged("it is said to have %d bytes of keys and values", h.length)
	case h.length > size-headerSize:
		return nil, damaged("it was cut off: %d bytes of %d are there", size, h.length+headerSize)
	}
	return h, nil
}

// Checksum is the checksum of a hive's header, of which the first 512 bytes
// matter.
func Checksum(header []byte) uint32 {
	sum := uint32(0)
	for at := 0; at < checksumAt; at += 4 {
		sum ^= binary.LittleEndian.Uint32(header[at:])
	}
	switch sum {
	case 0:
		return 1
	case 0xFFFFFFFF:
		return 0xFFFFFFFE
	}
	return sum
}

// Dirty says that the last write to the hive was not ended: Windows would replay
// its logs over what is written to it now, and what is read may be older than
// what those hold.
func (h *Hive) Dirty() bool { return h.first != h.later }

// ErrDirty says that a hive is dirty.
var ErrDirty = errors.New("the last write to the hive was not ended: Windows keeps the rest in its logs, and would replay them over what is changed now")

// Sound is ErrDirty or ErrDamaged for a hive that must not be changed. It reads as much
// as Check.
func (h *Hive) Sound() error {
	if h.Dirty() {
		return ErrDirty
	}
	return h.Check()
}

// Check walks through all parts of the hive. It reads a part of each 4 KiB of it.
func (h *Hive) Check() error {
	header := make([]byte, binHeader)
	for at := int64(0); at < h.length; {
		if err := readFull(h.file, header, headerSize+at); err != nil {
			return err
		}
		offset, length := binary.LittleEndian.Uint32(header[4:]), int64(binary.LittleEndian.Uint32(header[8:]))
		switch {
		case string(header[:4]) != "hbin" || int64(offset) != at:
			return damaged("no part begins at byte %d", headerSize+at)
		case length == 0 || length%headerSize != 0 || length > h.length-at:
			return damaged("the part at byte %d is said to have %d bytes", headerSize+at, length)
		}
		if err := h.checkCells(at, length); err != nil {
			return err
		}
		at += length
	}
	_, err := h.key(h.root)
	return err
}

// checkCells walks through the cells of a part.
func (h *Hive) checkCells(start, length int64) error {
	for at := int64(binHeader); at < length; {
		var head [4]byte
		if err := readFull(h.file, head[:], headerSize+start+at); err != nil {
			return err
		}
		size := int64(int32(binary.LittleEndian.Uint32(head[:])))
		if size < 0 {
			size = -size
		}
		if size < 8 || size%8 != 0 || size > length-at {
			return damaged("the cell at byte %d is said to have %d bytes", headerSize+start+at, size)
		}
		at += size
	}
	return nil
}

// Keys implements Reader.
func (h *Hive) Keys(path string) ([]string, error) {
	k, err := h.walk(path)
	if err != nil {
		return nil, err
	}
	var names []string
	total := 0
	err = h.children(k, 0, func(child key) bool {
		names = append(names, child.name)
		total += len(child.name)
		return total <= maxNames
	})
	if err == nil && total > maxNames {
		err = damaged("the names of the keys have more than %d bytes", maxNames)
	}
	return names, wrap(path, err)
}

// Values implements Reader.
func (h *Hive) Values(path string) ([]Value, error) {
	k, err := h.walk(path)
	if err != nil {
		return nil, err
	}
	values, err := h.values(k)
	return values, wrap(path, err)
}

// walk finds the key of a path.
func (h *Hive) walk(path string) (key, error) {
	k, err := h.key(h.root)
	if err != nil || path == "" {
		return k, wrap(path, err)
	}
	for name := range strings.SplitSeq(path, `\`) {
		child, found, err := h.child(k, name)
		switch {
		case err != nil:
			return key{}, wrap(path, err)
		case !found:
			return key{}, notThere(path)
		}
		k = child
	}
	return k, nil
}

func wrap(path string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: "reading the key", Path: path, Err: err}
}

// Get finds a value of a key. Neither a key nor a value that is not there is an
// error.
func Get(r Reader, path, name string) (Value, bool, error) {
	values, err := r.Values(path)
	if IsMissing(err) {
		return Value{}, false, nil
	}
	for _, value := range values {
		if strings.EqualFold(value.Name, name) {
			return value, true, nil
		}
	}
	return Value{}, false, err
}

func readFull(file io.ReaderAt, data []byte, at int64) error {
	switch n, err := file.ReadAt(data, at); {
	case n == len(data):
		return nil
	case errors.Is(err, io.EOF):
		return damaged("it ends at byte %d", at+int64(n))
	default:
		return fmt.Errorf("reading the hive at byte %d: %w", at, err)
	}
}

// IsMissing says that an error is that of a key which is not there.
func IsMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func notThere(path string) error { return wrap(path, fs.ErrNotExist) }
