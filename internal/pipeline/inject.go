package pipeline

import (
	"context"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/inject"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// injection is the manifest's configuration, checked against the guest.
type injection struct {
	wanted   bool // there is something to inject
	prepared *inject.Injection
}

// prepareInjection checks the manifest's configuration against the guest, before
// fixes change it for minutes.
func prepareInjection(ctx context.Context, j job, target fix.Target) (injection, error) {
	configuration := j.manifest.Configuration
	// Of a Windows guest the fixes see to it.
	if configuration.Empty() || target.OS.Type == kindWindows {
		return injection{}, nil
	}
	if kind := target.OS.Type; kind != "linux" {
		return injection{}, remedy.With(
			fmt.Errorf("configuration: can be injected into Linux and Windows guests only, and this one runs %s", kind),
			"leave configuration out; to convert the guest as it is, switch the fix stage off too")
	}
	j.say.progress(0, "checking the configuration")
	prepared, err := inject.Prepare(ctx, target.Editor, target.OS, configuration)
	return injection{wanted: true, prepared: prepared}, err
}

// run puts the configuration into the guest and enters what was done into the
// result of the fix stage.
func (i injection) run(ctx context.Context, say *reporter, e *edit.Editor, result *report.FixResult) error {
	if !i.wanted {
		return nil
	}
	say.progress(injecting, "injecting the configuration")
	injected, warnings, err := i.prepared.Run(ctx)
	say.findAll(warnings)
	if err != nil {
		return fmt.Errorf("injecting the configuration: %w", err)
	}
	result.Configuration = &injected
	result.Unchanged = result.Unchanged && len(injected.Changes) == 0
	result.BackupDirectory = e.BackupDirectory()
	err = e.Label(ctx)
	relabelled, labelWarnings := e.Take()
	say.findAll(labelWarnings)
	result.Changes = append(result.Changes, relabelled...)
	return err
}
