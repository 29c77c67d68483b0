package source

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
)

// counting counts what is read.
type counting struct {
	io.ReaderAt
	read int64
}

func (c *counting) ReadAt(p []byte, offset int64) (int, error) {
	c.read += int64(len(p))
	return c.ReaderAt.ReadAt(p, offset)
}

// TestLastClusterReadsOnce: a table of a qcow2 image that many entries lead to is read
// once, but where the first of them is of a part of it.
func TestLastClusterReadsOnce(t *testing.T) {
	t.Parallel()
	const cluster, tables = 512, 2000
	image := make([]byte, 64<<10)
	for n := range tables {
		binary.BigEndian.PutUint64(image[8*n:], 32<<10)
	}
	file := &counting{ReaderAt: bytes.NewReader(image)}
	s := section{ReaderAt: file, size: int64(len(image))}
	d := qcow2Data{cluster: cluster, tables: tables}
	perTable := int64(cluster / 8)
	if last, err := d.last(s, tables*perTable*cluster); last != -1 || err != nil {
		t.Errorf("the last is %d, %v", last, err)
	}
	if file.read > int64(len(image)) {
		t.Errorf("%d bytes were read of %d", file.read, len(image))
	}
	binary.BigEndian.PutUint64(image[32<<10+cluster-8:], qcow2Allocated)
	if last, err := d.last(s, (2*perTable-1)*cluster); last != perTable-1 || err != nil {
		t.Errorf("of a part of a table: the last is %d, %v", last, err)
	}
}
