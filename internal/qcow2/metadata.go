package qcow2

import (
	"encoding/binary"
	"math/bits"
)

// finish writes what the image still lacks, the header at last.
func (img *image) finish() error {
	if err := img.closeTable(); err != nil {
		return err
	}
	l1 := make([]byte, 8*len(img.l1))
	for n, entry := range img.l1 {
		binary.BigEndian.PutUint64(l1[n*8:], entry)
	}
	if _, err := img.out.WriteAt(l1, img.l1At); err != nil {
		return err
	}
	if err := img.writeCounts(); err != nil {
		return err
	}
	if err := img.out.Truncate(roundUp(img.layout.end, sector)); err != nil {
		return err
	}
	_, err := img.out.WriteAt(img.header(), 0)
	return err
}

// writeCounts writes the reference counts, those of their own clusters among
// them. All blocks but the first come at the end of the file.
func (img *image) writeCounts() error {
	l, cluster := &img.layout, img.layout.cluster
	blocks := countBlocks(roundUp(l.end, cluster)/cluster, cluster)
	more := int64(0)
	if blocks > 1 {
		more = l.clusters(blocks - 1)
	}
	table, block := make([]byte, blocks*8), make([]byte, cluster)
	for n := range blocks {
		at := img.blockAt
		if n > 0 {
			at = more + (n-1)*cluster
		}
		binary.BigEndian.PutUint64(table[n*8:], uint64(at))
		clear(block)
		perBlock := cluster / 2
		for i := range min(perBlock, int64(len(l.counts))-n*perBlock) {
			binary.BigEndian.PutUint16(block[i*2:], l.counts[n*perBlock+i])
		}
		if _, err := img.out.WriteAt(block, at); err != nil {
			return err
		}
	}
	_, err := img.out.WriteAt(table, img.countsAt)
	return err
}

// countBlocks is how many blocks of reference counts a file of so many clusters
// needs, the first of the blocks among them and the others not.
func countBlocks(clusters, cluster int64) int64 {
	perBlock := cluster / 2
	blocks := int64(1)
	for blocks*perBlock < clusters+blocks-1 {
		blocks = (clusters + blocks - 1 + perBlock - 1) / perBlock
	}
	return blocks
}

// The header of version 3, with the type of compression.
const (
	headerLength         = 112
	incompatibleCompress = 1 << 3 // the compression is not zlib
	compressionZstd      = 1
	extensionFeatures    = 0x6803f857
)

func (img *image) header() []byte {
	h := make([]byte, headerLength, sector)
	put32, put64 := binary.BigEndian.PutUint32, binary.BigEndian.PutUint64
	copy(h, "QFI\xfb")
	put32(h[4:], 3)
	put32(h[20:], uint32(bits.TrailingZeros64(uint64(img.layout.cluster))))
	put64(h[24:], uint64(img.size))
	put32(h[36:], uint32(len(img.l1)))
	put64(h[40:], uint64(img.l1At))
	put64(h[48:], uint64(img.countsAt))
	put32(h[56:], uint32(img.countsClusters))
	put32(h[96:], refcountOrder)
	put32(h[100:], headerLength)
	if img.compression == Zstd {
		put64(h[72:], incompatibleCompress)
		h[104] = compressionZstd
		// What programs call the feature that they do not know.
		h = binary.BigEndian.AppendUint32(h, extensionFeatures)
		h = binary.BigEndian.AppendUint32(h, 48)
		feature := make([]byte, 48)
		feature[1] = byte(bits.TrailingZeros(incompatibleCompress))
		copy(feature[2:], "compression type")
		h = append(h, feature...)
	}
	return append(h, make([]byte, 8)...) // the end of the extensions
}
