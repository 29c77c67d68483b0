package pipeline

import "context"

// alongside is work that is done while something else is.
type alongside[T any] struct {
	cancel context.CancelFunc
	done   chan struct{}
	result T
	err    error
}

// begin starts work. Either wait or drop must follow, so that it has ended before
// what it works on goes.
func begin[T any](ctx context.Context, work func(context.Context) (T, error)) *alongside[T] {
	ctx, cancel := context.WithCancel(ctx)
	a := &alongside[T]{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.result, a.err = work(ctx)
	}()
	return a
}

// wait waits for the work to be done.
func (a *alongside[T]) wait() (T, error) {
	<-a.done
	a.cancel()
	return a.result, a.err
}

// drop cancels the work, if it is not done, and waits for its end.
func (a *alongside[T]) drop() {
	a.cancel()
	<-a.done
}
