// Package blockfstest reads the images of file systems that tests have.
package blockfstest

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// Image is a device of which only the sectors that are not empty are kept.
type Image struct {
	Size    int64            // bytes
	Sectors map[int64][]byte // of 512 bytes
}

// ReadAt implements io.ReaderAt.
func (i *Image) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && off+int64(n) < i.Size {
		at := off + int64(n)
		part := p[n:min(int64(len(p)), int64(n)+512-at%512, i.Size-off)]
		clear(part)
		if sector := i.Sectors[at/512]; sector != nil {
			copy(part, sector[at%512:])
		}
		n += len(part)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Load reads an image NAME.gz that a make.sh of testdata made.
func Load(t testing.TB, directory, name string) *Image {
	t.Helper()
	f, err := os.Open(filepath.Join(directory, name+".gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	in, loaded := bufio.NewReader(z), &Image{Sectors: map[int64][]byte{}}
	for {
		var at, length int64
		if _, err := fmt.Fscanf(in, "%d %d\n", &at, &length); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if length == 0 {
			loaded.Size = at
			return loaded
		}
		for ; length > 0; at, length = at+512, length-512 {
			sector := make([]byte, 512)
			if _, err := io.ReadFull(in, sector); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			loaded.Sectors[at/512] = sector
		}
	}
}
