package source

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// patchedDisk has zeroes but for what is patched in, and cannot be read from a byte on.
type patchedDisk struct {
	patches map[int64][]byte
	broken  int64
}

func (d patchedDisk) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > d.broken {
		return 0, syscall.EIO
	}
	clear(p)
	for offset, data := range d.patches {
		if offset < at+int64(len(p)) && offset+int64(len(data)) > at {
			copy(p[max(offset-at, 0):], data[max(at-offset, 0):])
		}
	}
	return len(p), nil
}

// TestUnreadableTables: a disk of the host that cannot be read is no damage of the image.
func TestUnreadableTables(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	atEnd := make([]byte, sectorSize)
	copy(atEnd, "KDMV")
	binary.LittleEndian.PutUint64(atEnd[12:], 2048)
	binary.LittleEndian.PutUint64(atEnd[56:], directoryAtEnd)
	g := grains{directory: 1, entries: 1, perTable: 512, grain: 128}
	table := map[int64][]byte{sectorSize: {8}}
	for name, check := range map[string]func() error{
		"directory": func() error {
			return g.check(t.Context(), section{ReaderAt: patchedDisk{table, sectorSize}, name: "a.vmdk", size: size})
		},
		"table": func() error {
			return g.check(t.Context(), section{ReaderAt: patchedDisk{table, 8 * sectorSize}, name: "a.vmdk", size: size})
		},
		"footer": func() error {
			_, err := readSparseHeader(section{ReaderAt: patchedDisk{map[int64][]byte{0: atEnd}, size / 2}, name: "a.vmdk", size: size})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := check(); !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), "a.vmdk") {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestTooManyBlocks: a sparse file may declare more blocks than fit into the memory.
func TestTooManyBlocks(t *testing.T) {
	t.Parallel()
	header := make([]byte, vhdHeaderSize)
	copy(header, "cxsparse")
	binary.BigEndian.PutUint64(header[16:], 4096)
	binary.BigEndian.PutUint32(header[28:], 1<<31)
	binary.BigEndian.PutUint32(header[32:], sectorSize)
	sum := uint32(0)
	for _, b := range header {
		sum += uint32(b)
	}
	binary.BigEndian.PutUint32(header[36:], ^sum)
	const size = 1 << 40
	image := vhdImage{
		section: section{ReaderAt: patchedDisk{map[int64][]byte{sectorSize: header}, size}, name: "a.vhd", size: size},
		footer:  vhdFooter{header: sectorSize, size: (maxBlocks + 1) * sectorSize},
	}
	if err := image.readBlocks(); err == nil || !strings.Contains(err.Error(), "16777217 blocks of 512 bytes") {
		t.Errorf("%v", err)
	}
}

// TestMoreThanTheCapacity: a disk that unpacks to more than its package says is refused,
// and not cut off there.
func TestMoreThanTheCapacity(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := io.CopyN(writer, zeroes{}, 70<<20); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	w := &workDirectory{path: t.TempDir(), files: newFiles(nil)}
	defer w.files.close()
	part := section{ReaderAt: bytes.NewReader(packed.Bytes()), name: "a.raw.gz", size: int64(packed.Len()), whole: true}
	_, err := w.assemble(t.Context(), packagedDisk{href: "a.raw.gz", gzip: true, capacity: 1 << 20}, []section{part}, true)
	if err == nil || !strings.Contains(err.Error(), "more than the 1048576 bytes that the package says") || !strings.Contains(remedy.Of(err), "capacity") {
		t.Errorf("%v, %q", err, remedy.Of(err))
	}
	s, err := w.assemble(t.Context(), packagedDisk{href: "a.raw.gz", gzip: true, capacity: 70 << 20}, []section{part}, true)
	if err != nil || s.size != 70<<20 {
		t.Errorf("%d bytes, %v", s.size, err)
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestSiblingsWithForeignLetters: names of files are bytes, and a link leads to any.
func TestSiblingsWithForeignLetters(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"gr\xfcn.vmdk", "gr\xfcn-000001.vmdk", "GR\xfcN-000002.VMDK", "green-000003.vmdk"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Skip("this file system takes no such names: ", err)
		}
	}
	source := &Source{}
	o := &opening{source: source, warnings: (*warnings)(&source.Warnings)}
	o.warnOfSiblings(filepath.Join(dir, "gr\xfcn.vmdk"), false)
	if text := source.WarningText(); !strings.Contains(text, "gr?n-000001.vmdk lies beside") {
		t.Errorf("warned of %q", text)
	}
}
