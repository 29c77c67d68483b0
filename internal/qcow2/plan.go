package qcow2

import (
	"context"
	"errors"
)

// plan finds the clusters that have to be read.
type plan struct {
	size, cluster int64
	source        Map
}

// span is how much is read at once, in bytes, unless a cluster is larger.
const span = 256 << 10

// each calls job with runs of clusters, in order, that are not known to be
// zero. No run is longer than span, nor holds more than whole clusters.
func (p *plan) each(ctx context.Context, job func(first, end int64) error) error {
	most := max(span/p.cluster, 1)
	var first, end int64 // clusters that were found and not yet handed on
	hand := func(all bool) error {
		for end-first >= most || all && end > first {
			next := min(first+most, end)
			if err := job(first, next); err != nil {
				return err
			}
			first = next
		}
		return nil
	}
	for at := int64(0); at < p.size; {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		extents, err := p.source.Extents(at, p.size-at)
		if err != nil {
			return err
		}
		before := at
		for _, extent := range extents {
			if extent.Length < 0 || extent.Length > p.size-at {
				return errMap
			}
			from, to := at/p.cluster, (at+extent.Length+p.cluster-1)/p.cluster
			at += extent.Length
			if extent.Zero || extent.Length == 0 {
				continue
			}
			if from > end {
				if err := hand(true); err != nil {
					return err
				}
				first, end = from, from
			}
			end = max(end, to)
			if err := hand(false); err != nil {
				return err
			}
		}
		if at == before {
			return errMap
		}
	}
	return hand(true)
}

var errMap = errors.New("the map of what the image holds makes no sense")
