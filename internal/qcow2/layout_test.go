package qcow2

import (
	"slices"
	"testing"
)

// FuzzLayout takes every byte for a request: nothing may be handed out twice,
// and the counts must be those of the requests.
func FuzzLayout(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 255, 128, 7, 7, 7})
	f.Add(slices.Repeat([]byte{200, 0, 100, 0, 30}, 50))
	f.Fuzz(func(t *testing.T, requests []byte) {
		const cluster = 4096
		l := &layout{cluster: cluster}
		type use struct{ from, to int64 }
		var uses []use
		for n, r := range requests {
			if r < 32 {
				count := int64(r%3) + 1
				off := l.clusters(count)
				if off%cluster != 0 {
					t.Errorf("clusters at %d", off)
				}
				uses = append(uses, use{off, off + count*cluster})
				continue
			}
			length := 1 + (int(r)*(n%17+1))%(cluster-1)
			off := l.bytes(length)
			uses = append(uses, use{off, off + int64(length)})
		}
		slices.SortFunc(uses, func(a, b use) int { return int(a.from - b.from) })
		counts := make([]uint16, len(l.counts))
		end := int64(0)
		for _, u := range uses {
			if u.from < end {
				t.Fatalf("%d to %d overlaps what ends at %d", u.from, u.to, end)
			}
			end = u.to
			for c := u.from / cluster; c <= (u.to-1)/cluster; c++ {
				counts[c]++
			}
		}
		if !slices.Equal(counts, l.counts) {
			t.Errorf("counted %v, expected %v", l.counts, counts)
		}
		if end != l.end {
			t.Errorf("the end is %d, expected %d", l.end, end)
		}
		if len(l.gaps) > maxGaps {
			t.Errorf("%d gaps", len(l.gaps))
		}
		for _, g := range l.gaps {
			if g.from >= g.to || g.from/cluster != (g.to-1)/cluster {
				t.Errorf("a gap from %d to %d", g.from, g.to)
			}
		}
	})
}
