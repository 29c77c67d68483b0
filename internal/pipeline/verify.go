package pipeline

import (
	"fmt"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// verifySource ends every stage that reads the source. It refuses a source that
// was written to since it was opened: what was read of it is of no one moment.
// The last of these stages waits until the checksums of a package are compared.
func verifySource(j job, s *source.Source) error {
	if readsNoMore(j.manifest, j.say.stage) {
		j.say.progress(almost, "checking that the source is what it was")
		if err := s.VerifyDigests(); err != nil {
			return fmt.Errorf("source.path: %w", err)
		}
	}
	return sourceFailure(s)
}

// sourceFailure is what is known by now to be wrong with the source.
func sourceFailure(s *source.Source) error {
	if err := s.Verify(); err != nil {
		return fmt.Errorf("source.path: %w", err)
	}
	return nil
}

// readsNoMore says that no stage reads the source after this one.
func readsNoMore(m *manifest.Manifest, stage string) bool {
	stages := slices.DeleteFunc(m.EnabledStages(), func(stage string) bool { return stage == report.StageValidate })
	return stage == stages[len(stages)-1]
}
