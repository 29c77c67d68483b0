package pluginprocess

import (
	"context"
	"sync"
)

var (
	// orphaned ends when Terraform dies.
	orphaned, orphan = context.WithCancelCause(context.Background())
	// running counts the migrations of this process.
	running sync.WaitGroup
)

// untilOrphaned is a context that also ends when Terraform dies.
func untilOrphaned(ctx context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stopWatching := context.AfterFunc(orphaned, func() { cancel(context.Cause(orphaned)) })
	return ctx, func() {
		stopWatching()
		cancel(nil)
	}
}
