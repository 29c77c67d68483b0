package qcow2

import (
	"encoding/binary"
	"math/bits"
	"os"
)

// The flags and limits of the format.
const (
	flagCopied     = 1 << 63 // of an entry: the reference count is one
	flagCompressed = 1 << 62
	refcountOrder  = 4 // two bytes for each

	// maxL1Entries is how many QEMU accepts.
	maxL1Entries = 32 << 20 / 8
)

// tables is how many L2 tables an image of that size can have.
func tables(size, cluster int64) int64 {
	covered := cluster * (cluster / 8)
	return (size + covered - 1) / covered
}

// image is the file that is written. What all images have comes first in it, so
// that it ends with data: a table at its end would have to begin a new cluster.
type image struct {
	out         *os.File
	size        int64
	layout      layout
	compression Compression
	shift       uint // of the length in the entry of a compressed cluster

	l1At, countsAt, blockAt int64 // L1 table, refcount table and its first block
	countsClusters          int64

	l1    []uint64
	l2    []byte // the table that is being filled
	table int64  // its index, -1 before the first

	pending []byte // bytes of a job that belong to the file at at
	at      int64
}

// newImage lays out an image for at most so many clusters of data.
func newImage(out *os.File, o Options, data int64) *image {
	cluster := o.ClusterSize
	img := &image{
		out: out, size: o.Size, compression: o.Compression,
		layout: layout{cluster: cluster},
		shift:  uint(62 - (bits.TrailingZeros64(uint64(cluster)) - 8)),
		l1:     make([]uint64, max(tables(o.Size, cluster), 1)),
		l2:     make([]byte, cluster),
		table:  -1,
	}
	img.layout.clusters(1) // the header
	img.l1At = img.layout.clusters(roundUp(int64(len(img.l1))*8, cluster) / cluster)
	most := roundUp(img.layout.end, cluster)/cluster + data + min(data, int64(len(img.l1)))
	for img.countsClusters = 1; countBlocks(most+img.countsClusters+1, cluster)*8 > img.countsClusters*cluster; {
		img.countsClusters++
	}
	img.countsAt = img.layout.clusters(img.countsClusters)
	img.blockAt = img.layout.clusters(1)
	return img
}

// write writes the clusters of a job, which come after those of the one before.
func (img *image) write(j *job) error {
	cluster := img.layout.cluster
	packed := j.packed
	for n, p := range j.pieces {
		if p.kind == zero {
			continue
		}
		if err := img.openTable(j.first + int64(n)); err != nil {
			return err
		}
		var off int64
		var data []byte
		var entry uint64
		switch p.kind {
		case compressed:
			data, packed = packed[:p.length], packed[p.length:]
			off = img.layout.bytes(p.length)
			more := (off+int64(p.length)-1)/sector - off/sector
			entry = flagCompressed | uint64(more)<<img.shift | uint64(off)
		case stored:
			data = j.content[int64(n)*cluster:][:cluster]
			off = img.layout.clusters(1)
			entry = flagCopied | uint64(off)
		}
		if err := img.put(off, data); err != nil {
			return err
		}
		binary.BigEndian.PutUint64(img.l2[(j.first+int64(n))*8%cluster:], entry)
	}
	return img.flush()
}

// put writes data at off, later if it can be joined with what comes next.
func (img *image) put(off int64, data []byte) error {
	if n := len(img.pending); n > 0 {
		if off == img.at+int64(n) && n < cap(img.pending) && &img.pending[:n+1][n] == &data[0] {
			img.pending = img.pending[:n+len(data)]
			return nil
		}
		if err := img.flush(); err != nil {
			return err
		}
	}
	img.pending, img.at = data, off
	return nil
}

func (img *image) flush() error {
	if len(img.pending) == 0 {
		return nil
	}
	_, err := img.out.WriteAt(img.pending, img.at)
	img.pending = nil
	return err
}

// openTable makes the L2 table of a cluster of the guest the current one.
func (img *image) openTable(cluster int64) error {
	table := cluster / (int64(len(img.l2)) / 8)
	if table == img.table {
		return nil
	}
	if err := img.closeTable(); err != nil {
		return err
	}
	clear(img.l2)
	img.table = table
	img.l1[table] = flagCopied | uint64(img.layout.clusters(1))
	return nil
}

// closeTable writes the current L2 table, if there is one.
func (img *image) closeTable() error {
	if img.table < 0 {
		return nil
	}
	_, err := img.out.WriteAt(img.l2, int64(img.l1[img.table]&^flagCopied))
	return err
}
