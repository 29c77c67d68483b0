package provider

import (
	"context"
	"fmt"
	"runtime"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/worker"
)

// engine runs migrations with the provider's settings, a bounded number at a
// time. It is shared by all resources.
type engine struct {
	executable    string
	acceleration  string
	workDirectory string
	slots         chan struct{}
}

func newEngine(executable, acceleration, workDirectory string, concurrent int) *engine {
	return &engine{
		executable:    executable,
		acceleration:  acceleration,
		workDirectory: workDirectory,
		slots:         make(chan struct{}, concurrent),
	}
}

func defaultMaxConcurrent() int { return max(1, runtime.NumCPU()/2) }

// acquire waits for one of the slots and returns the function that frees it.
func (e *engine) acquire(ctx context.Context) (release func(), err error) {
	select {
	case e.slots <- struct{}{}:
	default:
		tflog.Info(ctx, fmt.Sprintf("Waiting: %d migrations run already, and max_concurrent allows no more", cap(e.slots)))
		select {
		case e.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, fmt.Errorf("the migration was cancelled while it waited for others to end: %w", context.Cause(ctx))
		}
	}
	return func() { <-e.slots }, nil
}

// run runs one migration; acquire a slot first.
func (e *engine) run(ctx context.Context, m *manifest.Manifest) (*report.Report, error) {
	return worker.Run(ctx, worker.Job{
		Manifest:      m,
		Acceleration:  e.acceleration,
		WorkDirectory: e.workDirectory,
		Executable:    e.executable,
		Notify:        newProgressLog(ctx).notify,
	})
}
