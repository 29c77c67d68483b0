package source

import "context"

// comparison is a file of a package whose checksum is still to be computed.
type comparison struct {
	section

	want digest
}

// comparisons run while the disks are in use already: of a large package they
// take minutes, in which the guest can be looked at.
type comparisons struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // may be read when done is closed
}

// compareInBackground compares all that is pending, until the first difference.
func (o *opening) compareInBackground() *comparisons {
	ctx, cancel := context.WithCancel(o.ctx)
	c := &comparisons{cancel: cancel, done: make(chan struct{})}
	background := &opening{ctx: ctx}
	go func() {
		defer close(c.done)
		defer o.files.close()
		c.err = background.compare(o.pending)
	}()
	return c
}

// compare computes checksums until the first difference.
func (o *opening) compare(pending []comparison) error {
	for _, file := range pending {
		if err := o.verifyDigest(file.section, file.want); err != nil {
			return err
		}
	}
	return nil
}

// known is a difference that was found already.
func (c *comparisons) known() error {
	if c == nil {
		return nil
	}
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// VerifyDigests waits until the files of a package have been compared with the
// checksums that it brings along. Nothing that was made from the source may be
// used before that.
func (s *Source) VerifyDigests() error {
	if s.comparisons == nil {
		return nil
	}
	<-s.comparisons.done
	return s.comparisons.err
}

// Differs is VerifyDigests that waits no longer than ctx, without an error of its end.
func (s *Source) Differs(ctx context.Context) error {
	if s.comparisons == nil {
		return nil
	}
	select {
	case <-s.comparisons.done:
		return s.comparisons.err
	case <-ctx.Done():
		return nil
	}
}

// Close ends what still runs in the background. Disks stay usable.
func (s *Source) Close() {
	if s.comparisons == nil {
		return
	}
	s.comparisons.cancel()
	<-s.comparisons.done
}
