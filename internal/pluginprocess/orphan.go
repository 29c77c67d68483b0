// Package pluginprocess keeps the provider's process in order: the socket on
// which it serves Terraform, its end when Terraform dies, and what it need not
// do.
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

// Migration begins a migration of this process. Its context also ends when
// Terraform dies, and this process lives until end is called.
func Migration(ctx context.Context) (_ context.Context, end func()) {
	running.Add(1)
	ctx, cancel := context.WithCancelCause(ctx)
	stopWatching := context.AfterFunc(orphaned, func() { cancel(context.Cause(orphaned)) })
	return ctx, func() {
		stopWatching()
		cancel(nil)
		running.Done()
	}
}
