package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// progressLog writes what a migration does to Terraform's log: a line for each
// stage and for every tenth of it.
type progressLog struct {
	ctx    context.Context
	tenths int // of the running stage, already logged
}

func newProgressLog(ctx context.Context) *progressLog { return &progressLog{ctx: ctx} }

func (l *progressLog) notify(event report.Event) {
	fields := map[string]any{"stage": event.Stage, "total_percent": int(event.TotalPercent)}
	switch event.Type {
	case report.EventStageStarted:
		l.tenths = 0
		tflog.Info(l.ctx, fmt.Sprintf("Stage %s started", event.Stage), fields)
	case report.EventProgress:
		tenths := int(event.Percent / 10)
		if tenths <= l.tenths {
			return
		}
		l.tenths = tenths
		tflog.Info(l.ctx, strings.TrimSpace(fmt.Sprintf("Stage %s at %d %% %s", event.Stage, tenths*10, event.Message)), fields)
	case report.EventStageFinished:
		outcome := "succeeded"
		if !event.Success {
			outcome = "failed"
		}
		fields["duration_seconds"] = event.Duration
		tflog.Info(l.ctx, fmt.Sprintf("Stage %s %s after %.1f s", event.Stage, outcome, event.Duration), fields)
	case report.EventWarning:
		tflog.Warn(l.ctx, event.Message, fields)
	case report.EventError:
		tflog.Error(l.ctx, event.Message, fields)
	default:
		tflog.Debug(l.ctx, event.Message, fields)
	}
}
