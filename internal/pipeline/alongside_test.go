package pipeline

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestAlongside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		work := begin(t.Context(), func(context.Context) (int, error) {
			<-goOn
			return 7, errors.New("seen")
		})
		synctest.Wait() // the work waits for who has begun it
		close(goOn)
		if got, err := work.wait(); got != 7 || err == nil || err.Error() != "seen" {
			t.Errorf("%d, %v", got, err)
		}
		work.drop() // does nothing
	})
}

// TestAlongsideEndsWithItsUse: what is dropped has ended, and what is begun ends with
// its context.
func TestAlongsideEndsWithItsUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := false
		untilCancelled := func(ctx context.Context) (int, error) {
			<-ctx.Done()
			ended = true
			return 0, context.Cause(ctx)
		}
		begin(t.Context(), untilCancelled).drop()
		if !ended {
			t.Error("dropped work goes on")
		}
		ctx, cancel := context.WithCancel(t.Context())
		work := begin(ctx, untilCancelled)
		cancel()
		if _, err := work.wait(); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled work ends with %v", err)
		}
	})
}
