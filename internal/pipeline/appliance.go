package pipeline

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
)

// applianceStages are the enabled stages that open the guest in the appliance.
func (r *run) applianceStages() []string {
	var stages []string
	if r.manifest.Pipeline.Inspect.Enabled {
		stages = append(stages, "pipeline.inspect")
	}
	if r.manifest.Pipeline.Fix.Enabled {
		stages = append(stages, "pipeline.fix")
	}
	return stages
}

// checkTools refuses, before any work, a host that lacks what the run needs. It
// says all that is missing, not one thing a run.
func (r *run) checkTools() error {
	var what, remedies []string
	var last error
	for _, err := range []error{qemuimg.Installed(), checkWorkDirectory(r.options.WorkDirectory), r.checkAppliance()} {
		if err == nil {
			continue
		}
		last = err
		what = append(what, err.Error())
		if remedy := remedyOf(err); remedy != "" {
			remedies = append(remedies, remedy)
		}
	}
	if len(what) < 2 {
		return last
	}
	return withRemedy(errors.New(strings.Join(what, "; ")), strings.Join(remedies, "; "))
}

// checkAppliance refuses stages that need the appliance on a host that cannot
// run it, before any work.
func (r *run) checkAppliance() error {
	stages := r.applianceStages()
	if len(stages) == 0 {
		return nil
	}
	lacks := r.checkHost(r.ctx, r.options.Acceleration)
	if len(lacks) == 0 {
		return nil
	}
	var what, remedies []string
	for _, lack := range lacks {
		what = append(what, lack.Error())
		if remedy := remedyOf(lack); remedy != "" {
			remedies = append(remedies, remedy)
		}
	}
	err := fmt.Errorf("%s: %s", strings.Join(stages, " and "), strings.Join(what, "; "))
	return withRemedy(err, strings.Join(append(remedies, "or switch these stages off to convert without them"), "; "))
}
