package qcow2

// layout hands out the space of the file and counts what refers to each of its
// clusters.
type layout struct {
	cluster int64
	end     int64    // nothing is used from here on
	counts  []uint16 // by cluster of the file
	gaps    []gap    // between compressed data and whole clusters
}

// gap is unused space inside one cluster that is in use.
type gap struct{ from, to int64 }

// maxGaps bounds the time that is spent on looking for the best one.
const maxGaps = 64

// bytes finds room for compressed data that is shorter than a cluster: in the
// gap that it fills best, else at the end.
func (l *layout) bytes(length int) int64 {
	n := int64(length)
	best := -1
	for i, g := range l.gaps {
		if room := g.to - g.from; room >= n && (best < 0 || room < l.gaps[best].to-l.gaps[best].from) {
			best = i
		}
	}
	off := l.end
	if best >= 0 {
		off = l.gaps[best].from
		l.gaps[best].from += n
		if l.gaps[best].from == l.gaps[best].to {
			l.drop(best)
		}
	} else {
		l.end += n
	}
	l.refer(off, n)
	return off
}

// clusters finds room for whole clusters, one after another.
func (l *layout) clusters(count int64) int64 {
	off := roundUp(l.end, l.cluster)
	if off > l.end {
		l.gaps = append(l.gaps, gap{l.end, off})
		if len(l.gaps) > maxGaps {
			smallest := 0
			for i, g := range l.gaps {
				if g.to-g.from < l.gaps[smallest].to-l.gaps[smallest].from {
					smallest = i
				}
			}
			l.drop(smallest)
		}
	}
	l.end = off + count*l.cluster
	l.refer(off, count*l.cluster)
	return off
}

func (l *layout) drop(gap int) { l.gaps = append(l.gaps[:gap], l.gaps[gap+1:]...) }

// refer counts one more reference to each cluster that the bytes touch. A count
// cannot overflow: zstd, the better of the two, never turns a cluster into less
// than a ten thousandth of it and 9 bytes.
func (l *layout) refer(off, length int64) {
	first, last := off/l.cluster, (off+length-1)/l.cluster
	for int64(len(l.counts)) <= last {
		l.counts = append(l.counts, 0)
	}
	for c := first; c <= last; c++ {
		l.counts[c]++
	}
}

func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }
