package qcow2

import (
	"bytes"
	"context"
	"io"
	"runtime"
)

// Workers is how many readers a Write makes good use of: while some wait for
// their content, the others keep all processors busy. Each takes up to 5 MB, and
// eight compress as fast as qemu-nbd reads.
func Workers() int { return min(runtime.GOMAXPROCS(0)+2, 8) }

// job is a run of clusters on its way.
type job struct {
	first, clusters int64
	content         []byte
	packed          []byte // the compressed clusters, one after another
	pieces          []piece
	done            chan error
}

// piece is what becomes of one cluster.
type piece struct {
	kind   kind
	length int // in packed
}

type kind uint8

const (
	zero kind = iota
	compressed
	stored
)

func newJob(cluster int64) *job {
	size := max(span, cluster)
	return &job{
		content: make([]byte, size),
		packed:  make([]byte, size+bound(cluster)-cluster),
		pieces:  make([]piece, 0, size/cluster),
		done:    make(chan error, 1),
	}
}

// worker reads and compresses.
type worker struct {
	reader        io.ReaderAt
	size, cluster int64
	compressor    compressor
}

func (w *worker) run(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	content := j.content[:j.clusters*w.cluster]
	off := j.first * w.cluster
	inside := min(int64(len(content)), w.size-off)
	if n, err := w.reader.ReadAt(content[:inside], off); int64(n) < inside {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	clear(content[inside:])

	j.pieces = j.pieces[:0]
	used := 0
	for len(content) > 0 {
		p, err := w.pack(j.packed[used:], content[:w.cluster])
		if err != nil {
			return err
		}
		j.pieces = append(j.pieces, p)
		used += p.length
		content = content[w.cluster:]
	}
	return nil
}

// pack decides what becomes of a cluster and compresses it to dst.
func (w *worker) pack(dst, cluster []byte) (piece, error) {
	if isZero(cluster) {
		return piece{kind: zero}, nil
	}
	// A cluster that gains no sector is not worth the work of reading it.
	n, err := w.compressor.compress(dst, cluster, len(cluster)-sector)
	if err != nil || n == 0 {
		return piece{kind: stored}, err
	}
	return piece{kind: compressed, length: n}, nil
}

var zeroes [4096]byte

func isZero(p []byte) bool {
	for len(p) > len(zeroes) {
		if !bytes.Equal(p[:len(zeroes)], zeroes[:]) {
			return false
		}
		p = p[len(zeroes):]
	}
	return bytes.Equal(p, zeroes[:len(p)])
}
