package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// keepWritingToClosedPipes makes a write to a closed pipe fail instead of
// ending the process, which would leave behind what a run has made.
func keepWritingToClosedPipes() {
	// Not signal.Ignore: child processes inherit that. Nobody needs to read
	// the channel.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}

// cancelledBySignals returns a context that the first SIGINT, SIGTERM or SIGHUP
// cancels. A second SIGINT or SIGTERM calls exit at once. A second SIGHUP does
// not: a terminal that closes sends several.
func cancelledBySignals(parent context.Context, exit func(code int)) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	received := make(chan os.Signal, 4)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // as under nohup, or in the background of a script
			signal.Notify(received, s)
		}
	}
	done := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-received:
				if ctx.Err() != nil && s != syscall.SIGHUP {
					exit(ExitCancelled)
					return
				}
				cancel(fmt.Errorf("received the signal %q", s))
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(received)
		close(done)
		cancel(nil)
	}
}
