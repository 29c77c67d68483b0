package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// applianceStages are the enabled stages that open the guest in the appliance. An
// inspection alone may do without.
func applianceStages(m *manifest.Manifest) []string {
	if onlyInspects(m) {
		return nil
	}
	var stages []string
	if m.Pipeline.Inspect.Enabled {
		stages = append(stages, "pipeline.inspect")
	}
	if m.Pipeline.Fix.Enabled {
		stages = append(stages, "pipeline.fix")
	}
	return stages
}

// checkTools refuses, before any work, a host that lacks what the run needs. It
// says all that is missing, not one thing a run.
func checkTools(ctx context.Context, j job) error {
	var all lacks
	for _, err := range []error{qemuimg.Installed(), checkBoot(j, target{}), checkWorkDirectory(j.options.WorkDirectory), checkAppliance(ctx, j)} {
		var several lacks
		switch {
		case err == nil:
		case errors.As(err, &several):
			all = append(all, several...)
		default:
			all = append(all, err)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// checkAppliance refuses stages that need the appliance on a host that cannot
// run it, before any work.
func checkAppliance(ctx context.Context, j job) error {
	return checkApplianceFor(ctx, j, applianceStages(j.manifest))
}

// checkApplianceFor does that for stages.
func checkApplianceFor(ctx context.Context, j job, stages []string) error {
	if len(stages) == 0 {
		return nil
	}
	found := j.host.check(ctx, j.options.Acceleration)
	if len(found) == 0 {
		return nil
	}
	all := make(lacks, len(found))
	for n, lack := range found {
		all[n] = fmt.Errorf("%s: %w", strings.Join(stages, " and "), lack)
	}
	last := &all[len(all)-1]
	*last = remedy.With(*last, strings.TrimPrefix(remedy.Of(*last)+"; or switch these stages off to convert without them", "; or "))
	return all
}
