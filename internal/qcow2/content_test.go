package qcow2_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qcow2"
)

// content is the bytes of an image: those of its parts, and zeroes elsewhere.
type content struct {
	size  int64
	parts []part // by offset, not overlapping
}

type part struct {
	at   int64
	data []byte
}

func (c content) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	for _, part := range c.parts {
		from, to := max(off, part.at), min(off+int64(len(p)), part.at+int64(len(part.data)))
		if from < to {
			copy(p[from-off:], part.data[from-part.at:to-part.at])
		}
	}
	if off+int64(len(p)) > c.size {
		return int(c.size - off), io.EOF
	}
	return len(p), nil
}

// Extents shows the parts as data, and at most three extents at a time.
func (c content) Extents(off, length int64) ([]qcow2.Extent, error) {
	var extents []qcow2.Extent
	at, end := off, off+length
	for _, p := range c.parts {
		if p.at+int64(len(p.data)) <= at {
			continue
		}
		if from := min(p.at, end); from > at {
			extents = append(extents, qcow2.Extent{Length: from - at, Zero: true})
			at = from
		}
		if to := min(p.at+int64(len(p.data)), end); to > at {
			extents = append(extents, qcow2.Extent{Length: to - at})
			at = to
		}
		if len(extents) >= 3 {
			return extents, nil
		}
	}
	if end > at {
		extents = append(extents, qcow2.Extent{Length: end - at, Zero: true})
	}
	return extents, nil
}

func random(seed byte, n int) []byte {
	p := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(p)
	return p
}

func text(n int) []byte {
	source := rand.New(rand.NewPCG(uint64(n), 2))
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, "%s = %d\n", words[source.IntN(len(words))], source.IntN(3000))
	}
	return b.Bytes()[:n]
}

var words = []string{"source", "directory", "pipeline", "format", "path", "report", "enabled", "validate", "convert", "level"}

// mixture alternates what can be compressed, what cannot, and zeroes, in runs
// that are not as long as clusters.
func mixture(n int) []byte {
	var p []byte
	for turn := 1; len(p) < n; turn++ {
		p = append(p, random(byte(turn), 30_000+turn*17_001%150_000)...)
		p = append(p, text(turn*29_003%200_000)...)
		p = append(p, make([]byte, turn*7919%300_000)...)
	}
	return p[:n]
}

// contents are images of many kinds.
var contents = sync.OnceValue(func() map[string]content {
	whole := func(data []byte) content { return content{size: int64(len(data)), parts: []part{{0, data}}} }
	var scattered []part
	for n := range int64(40) {
		scattered = append(scattered, part{n * 91_648, text(512 * int(1+n%7))})
	}
	return map[string]content{
		"nothing":           {},
		"one sector":        whole(text(512)),
		"zeroes":            whole(make([]byte, 1<<20)),
		"a hole":            {size: 1 << 20},
		"random":            whole(random(1, 585*512)),
		"text":              whole(text(600 << 10)),
		"mixture":           whole(mixture(2 << 20)),
		"no whole cluster":  whole(mixture(900<<10 + 512)),
		"scattered sectors": {size: 4 << 20, parts: scattered},
		"many tables":       {size: 50<<30 + 1536, parts: []part{{0, text(70_000)}, {511<<20 + 100<<10, mixture(1 << 20)}, {33 << 30, random(2, 200_000)}, {50 << 30, text(1536)}}},
	}
})

func readers(c content) []io.ReaderAt {
	list := make([]io.ReaderAt, 3)
	for n := range list {
		list[n] = c
	}
	return list
}

func write(t testing.TB, path string, c content, o qcow2.Options) {
	t.Helper()
	o.Size, o.Map, o.Readers = c.size, c, readers(c)
	if err := qcow2.Write(t.Context(), path, o); err != nil {
		t.Fatal(err)
	}
}
