// Package qcow2 writes compressed qcow2 images: version 3, one layer, no
// snapshots (docs/interop/qcow2.txt of QEMU). It reads and compresses in
// parallel and writes in order, so that the same content always makes the same
// file.
package qcow2

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// Map tells where an image holds data.
type Map interface {
	// Extents tells data from zeroes in the length bytes at off: in less than
	// that where it likes, but never in more, nor in nothing.
	Extents(off, length int64) ([]Extent, error)
}

// Extent is a run of bytes, at least one. Zero says that all of them are.
type Extent struct {
	Length int64
	Zero   bool
}

// Options say what is written and how. Sizes are in bytes.
type Options struct {
	// Size is the virtual size, in whole sectors of 512 bytes.
	Size int64
	Map  Map
	// Readers are ways to the content that can be used at the same time, one
	// for each worker: Workers says how many there should be.
	Readers []io.ReaderAt
	// ClusterSize is a power of two from MinClusterSize to MaxClusterSize; 0
	// means DefaultClusterSize.
	ClusterSize int64
	Compression Compression
	// Level is from 1 to 9; 0 means the default of the compression.
	Level int
	// Progress, if set, is called with 0 to 100, never falling.
	Progress func(percent float64)
}

// The sizes of clusters, in bytes.
const (
	MinClusterSize     = 512
	MaxClusterSize     = 2 << 20
	DefaultClusterSize = 64 << 10
)

// sector is the unit of sizes, and of the length of compressed data.
const sector = 512

// Write writes the image to path, replacing what is there. The header comes
// last: before that the file is no image. It is not flushed to the disk. When
// Write fails or ctx is cancelled, the file is left to the caller to remove;
// no reader is in use any more when it returns, so a read that is under way
// must end when ctx does.
func Write(ctx context.Context, path string, o Options) (failure error) {
	if o.ClusterSize == 0 {
		o.ClusterSize = DefaultClusterSize
	}
	if err := o.check(); err != nil {
		return err
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer func() { failure = errors.Join(failure, out.Close()) }()

	p := &plan{size: o.Size, cluster: o.ClusterSize, source: o.Map}
	var total, done int64
	if err := p.each(ctx, func(first, end int64) error { total += end - first; return nil }); err != nil {
		return err
	}
	img := newImage(out, o, total)
	err = o.transfer(ctx, p, func(j *job) error {
		if err := img.write(j); err != nil {
			return err
		}
		done += j.clusters
		if o.Progress != nil {
			o.Progress(100 * float64(done) / float64(max(total, done)))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := img.finish(); err != nil {
		return err
	}
	if o.Progress != nil {
		o.Progress(100)
	}
	return nil
}

func (o *Options) check() error {
	if o.Size < 0 || o.Size%sector != 0 {
		return fmt.Errorf("a qcow2 image cannot be %d bytes long: it has whole sectors of %d bytes", o.Size, sector)
	}
	if o.ClusterSize < MinClusterSize || o.ClusterSize > MaxClusterSize || o.ClusterSize&(o.ClusterSize-1) != 0 {
		return fmt.Errorf("a qcow2 image cannot have clusters of %d bytes: use a power of two from %d to %d",
			o.ClusterSize, MinClusterSize, MaxClusterSize)
	}
	if tables(o.Size, o.ClusterSize) > maxL1Entries {
		return fmt.Errorf("a qcow2 image with clusters of %d bytes cannot be larger than %d bytes, and this one has %d: use larger clusters",
			o.ClusterSize, maxL1Entries*o.ClusterSize*(o.ClusterSize/8), o.Size)
	}
	if len(o.Readers) == 0 {
		return errors.New("writing a qcow2 image needs at least one reader of its content")
	}
	return nil
}

// transfer has the workers read and compress what is planned, and hands it to
// write in order.
func (o *Options) transfer(ctx context.Context, p *plan, write func(*job) error) (failure error) {
	workers := make([]*worker, len(o.Readers))
	for n, reader := range o.Readers {
		c, err := newCompressor(o.Compression, o.Level)
		if err != nil {
			return err
		}
		workers[n] = &worker{reader: reader, size: o.Size, cluster: o.ClusterSize, compressor: c}
	}
	// All jobs there are: they bound the memory, and how far the workers run
	// ahead of the slowest of them.
	jobs := 2*len(workers) + 2
	free, queue, work := make(chan *job, jobs), make(chan *job, jobs), make(chan *job, jobs)
	for range jobs {
		free <- newJob(o.ClusterSize)
	}

	inner, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	var planned error
	group.Go(func() {
		defer close(queue)
		defer close(work)
		planned = p.each(inner, func(first, end int64) error {
			select {
			case j := <-free:
				j.first, j.clusters = first, end-first
				work <- j
				queue <- j
				return nil
			case <-inner.Done():
				return context.Cause(inner)
			}
		})
	})
	for _, w := range workers {
		group.Go(func() {
			for j := range work {
				j.done <- w.run(inner, j)
			}
		})
	}
	for j := range queue {
		err := <-j.done
		if err == nil {
			err = write(j)
		}
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		free <- j
	}
	return planned
}
