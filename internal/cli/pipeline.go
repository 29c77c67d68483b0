package cli

import (
	"context"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Preflight is the Preflight of the real command.
func Preflight(ctx context.Context, m *manifest.Manifest, o EngineOptions) []report.Problem {
	return pipeline.Preflight(ctx, m, pipeline.Options{
		WorkDirectory: o.WorkDirectory,
		Acceleration:  appliance.Acceleration(o.Acceleration),
		Freed:         o.Freed,
	})
}

// Pipeline is the Engine of the real command.
func Pipeline(ctx context.Context, m *manifest.Manifest, o EngineOptions) (*report.Report, error) {
	return pipeline.Run(ctx, m, pipeline.Options{
		WorkDirectory: o.WorkDirectory,
		Acceleration:  appliance.Acceleration(o.Acceleration),
		HostID:        o.HostID,
		RunID:         o.RunID,
		Notify:        o.Notify,
	})
}
