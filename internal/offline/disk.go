// Package offline looks into a guest whose disks nothing else has open, without
// mounting them and without an appliance: what lies on them, which operating
// systems there are, and their files, read-only. What it cannot read it says, so
// that another way can be taken; a guest that is made to harm costs no more than
// the limits here.
package offline

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/nbd"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
)

// Disk is a disk of the guest.
type Disk struct {
	io.ReaderAt
	Size       int64  // bytes
	SectorSize int    // bytes
	Serial     string // "" where it is not known
}

// Server has the images of disks open.
type Server struct {
	Readers []io.ReaderAt
	Sizes   []int64 // bytes
	close   []func() error
}

// Serve opens images, whose formats QEMU knows, to be read. It needs a private
// directory of this run. Close must be called.
func Serve(ctx context.Context, images []qemuimg.Image, directory string) (_ *Server, err error) {
	s := &Server{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	for _, image := range images {
		// Each server has its own socket.
		own, err := os.MkdirTemp(directory, "blocks-")
		if err != nil {
			return nil, fmt.Errorf("making a directory for a socket: %w", err)
		}
		s.close = append(s.close, func() error { return os.RemoveAll(own) })
		server, err := qemuimg.Serve(ctx, image, own, 1)
		if err != nil {
			return nil, err
		}
		s.close = append(s.close, server.Close)
		conn, err := server.Dial()
		if err != nil {
			return nil, err
		}
		client, err := nbd.New(conn)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", image.Path, err)
		}
		s.close = append(s.close, client.Close)
		s.Readers, s.Sizes = append(s.Readers, client), append(s.Sizes, client.Size())
	}
	return s, nil
}

// Close ends the servers.
func (s *Server) Close() error {
	var all error
	for n := len(s.close) - 1; n >= 0; n-- {
		all = errors.Join(all, s.close[n]())
	}
	s.close = nil
	return all
}

// What is read at most of all disks of a guest, and how it is kept: in pages, of
// which so many are remembered. In bytes.
const (
	maxRead  = 4 << 30
	pageSize = 64 << 10
	maxPages = 1024
)

// errTooMuch says that a guest made its reader read more than any guest needs.
var errTooMuch = fmt.Errorf("more than %d GiB were read", maxRead>>30)

// pages reads a disk by pages and remembers them.
type pages struct {
	ctx    context.Context
	disk   io.ReaderAt
	size   int64
	budget *int64 // what may still be read, of all disks

	mu    sync.Mutex
	known map[int64]*list.Element
	order *list.List // of page, the last one used first
}

type page struct {
	number int64
	data   []byte
}

func newPages(ctx context.Context, disk Disk, budget *int64) *pages {
	return &pages{ctx: ctx, disk: disk.ReaderAt, size: disk.Size, budget: budget, known: map[int64]*list.Element{}, order: list.New()}
}

// ReadAt implements io.ReaderAt.
func (p *pages) ReadAt(b []byte, off int64) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	done := 0
	for done < len(b) {
		at := off + int64(done)
		if at >= p.size {
			return done, io.EOF
		}
		data, err := p.page(at / pageSize)
		if err != nil {
			return done, err
		}
		done += copy(b[done:], data[at%pageSize:])
	}
	return done, nil
}

func (p *pages) page(number int64) ([]byte, error) {
	if err := context.Cause(p.ctx); err != nil {
		return nil, err
	}
	if element, ok := p.known[number]; ok {
		p.order.MoveToFront(element)
		found, _ := element.Value.(page)
		return found.data, nil
	}
	data := make([]byte, min(pageSize, p.size-number*pageSize))
	if *p.budget -= int64(len(data)); *p.budget < 0 {
		return nil, errTooMuch
	}
	if n, err := p.disk.ReadAt(data, number*pageSize); n < len(data) {
		return nil, fmt.Errorf("reading the disk at byte %d: %w", number*pageSize, err)
	}
	if p.order.Len() >= maxPages {
		oldest := p.order.Back()
		if found, ok := p.order.Remove(oldest).(page); ok {
			delete(p.known, found.number)
		}
	}
	p.known[number] = p.order.PushFront(page{number, data})
	return data, nil
}
