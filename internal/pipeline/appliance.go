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

// applianceStages are the enabled stages that open the guest in the appliance.
func applianceStages(m *manifest.Manifest) []string {
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
	var what, remedies []string
	var last error
	for _, err := range []error{qemuimg.Installed(), checkWorkDirectory(j.options.WorkDirectory), checkAppliance(ctx, j)} {
		if err == nil {
			continue
		}
		last = err
		what = append(what, err.Error())
		if remedy := remedy.Of(err); remedy != "" {
			remedies = append(remedies, remedy)
		}
	}
	if len(what) < 2 {
		return last
	}
	return remedy.With(errors.New(strings.Join(what, "; ")), strings.Join(remedies, "; "))
}

// checkAppliance refuses stages that need the appliance on a host that cannot
// run it, before any work.
func checkAppliance(ctx context.Context, j job) error {
	stages := applianceStages(j.manifest)
	if len(stages) == 0 {
		return nil
	}
	lacks := j.host.check(ctx, j.options.Acceleration)
	if len(lacks) == 0 {
		return nil
	}
	var what, remedies []string
	for _, lack := range lacks {
		what = append(what, lack.Error())
		if remedy := remedy.Of(lack); remedy != "" {
			remedies = append(remedies, remedy)
		}
	}
	err := fmt.Errorf("%s: %s", strings.Join(stages, " and "), strings.Join(what, "; "))
	return remedy.With(err, strings.Join(append(remedies, "or switch these stages off to convert without them"), "; "))
}
