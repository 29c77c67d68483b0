package pipeline

import (
	"fmt"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// verifySource ends every stage that reads the source. It refuses a source that
// was written to since it was opened: what was read of it is of no one moment.
// The last of these stages waits until the checksums of a package are compared.
func (r *run) verifySource() error {
	if r.readsNoMore() {
		r.progress(almost, "checking that the source is what it was")
		if err := r.source.VerifyDigests(); err != nil {
			return fmt.Errorf("source.path: %w", err)
		}
	}
	return r.sourceFailure()
}

// sourceFailure is what is known by now to be wrong with the source.
func (r *run) sourceFailure() error {
	if err := r.source.Verify(); err != nil {
		return fmt.Errorf("source.path: %w", err)
	}
	return nil
}

// readsNoMore says that no stage reads the source after the running one.
func (r *run) readsNoMore() bool {
	stages := slices.DeleteFunc(r.manifest.EnabledStages(), func(stage string) bool { return stage == report.StageValidate })
	return r.stage == stages[len(stages)-1]
}
