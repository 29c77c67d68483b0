package provider

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Create migrates. The resource is in state only if the migration succeeded, or
// failed and left something to delete.
func (r *migrationResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan migrationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := plan.createTimeout(ctx)
	resp.Diagnostics.Append(diags...)
	complete, err := withWriteOnly(ctx, req.Plan.Raw, req.Config.Raw)
	if err != nil {
		resp.Diagnostics.AddError("Unable to read write-only values", err.Error())
		return
	}
	read, diags := readMigration(ctx, complete)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	m := read.manifest
	resp.Diagnostics.Append(read.diagnostics(migrationSchema(ctx).Type(), invalidMigration)...)
	resp.Diagnostics.Append(plan.setPaths(m)...)
	resp.Diagnostics.Append(checkVacant(m)...)
	if resp.Diagnostics.HasError() {
		return
	}

	// The wait for a slot is not part of the timeout: it says nothing about
	// this migration.
	release, err := r.engine.acquire(ctx)
	if err != nil {
		resp.Diagnostics.AddError("Migration cancelled", paragraphs(source(m), "The migration was cancelled while it waited for others to end, and nothing was begun."))
		return
	}
	defer release()
	runCtx, cancel := context.WithTimeoutCause(ctx, timeout, &timeoutError{after: timeout})
	defer cancel()
	rep, err := r.engine.run(runCtx, m)
	resp.Diagnostics.Append(outcome(m, rep, err)...)

	// A failed migration leaves no files, and then no resource. Should one have
	// left any, Terraform has to know: a tainted resource gets destroyed.
	if rep == nil || resp.Diagnostics.HasError() && !leftFiles(rep) {
		return
	}
	resp.Diagnostics.Append(plan.setResult(ctx, rep)...)
	switch {
	case resp.Diagnostics.HasError():
		plan.DeletionProtection = types.BoolValue(false) // what is left of a failure has to go
	case plan.DriftDetection.ValueString() == driftChecksum:
		resp.Diagnostics.Append(plan.takeChecksums(runCtx, resp.Private)...)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(remember(ctx, resp.Private, sourceKey, sourceFiles(rep))...)
	resp.Diagnostics.Append(rememberIdentity(ctx, resp.Private, publishedPaths(m, rep))...)
	resp.Diagnostics.Append(identify(ctx, resp.Identity, plan.ID, cmp.Or(r.engine.hostID, artifact.HostID()))...)
}

// createTimeout is how long the migration may take.
func (m *migrationModel) createTimeout(ctx context.Context) (time.Duration, diag.Diagnostics) {
	timeout, diags := m.Timeouts.Create(ctx, defaultCreateTimeout)
	if !diags.HasError() && timeout <= 0 {
		diags.AddAttributeError(path.Root("timeouts").AtName("create"), "Invalid timeout", fmt.Sprintf(
			"A migration cannot end within %s. Give the time that it may take, such as \"90m\", or leave the timeout out: the default is %s.", timeout, defaultCreateTimeout))
	}
	return timeout, diags
}

// setPaths sets the computed paths. What was planned must come true: a plan
// that was made in another directory reads relative paths otherwise.
func (m *migrationModel) setPaths(mf *manifest.Manifest) (diags diag.Diagnostics) {
	paths := plannedPaths(mf, nil)
	for name, value := range map[string]struct {
		planned *types.String
		now     types.String
	}{
		"id":          {&m.ID, paths.id},
		"output_path": {&m.OutputPath, paths.output},
		"report_path": {&m.ReportPath, paths.report},
	} {
		if !value.planned.IsUnknown() && !value.planned.Equal(value.now) {
			diags.AddAttributeError(path.Root(name), "Plan was made in another directory", fmt.Sprintf(
				"The plan has %s, but from here it would be %s. Plan and apply in the same directory, or use absolute paths "+
					"for source.path, output.directory and options.report.path.", value.planned, value.now))
		}
		*value.planned = value.now
	}
	return diags
}

// checkVacant says in Terraform's terms what to do about a file at the output
// path. The engine would refuse it too, but knows nothing of states.
func checkVacant(m *manifest.Manifest) (diags diag.Diagnostics) {
	image := imagePath(m)
	if image == "" || m.Output.Overwrite {
		return nil
	}
	if _, err := os.Lstat(image); err == nil {
		// A migration that was killed before it was done leaves nothing to import.
		_, _ = artifact.Sweep(filepath.Dir(image))
	}
	if _, err := os.Lstat(image); err != nil {
		return nil // the engine says what else may be wrong
	}
	record, err := artifact.ReadRecord(image)
	if err != nil {
		diags.AddAttributeError(path.Root("output"), "Output file exists", paragraphs(source(m), fmt.Sprintf(
			"%s exists, and no migration made it. Move it away, choose another output.filename, or set overwrite = true.", image)))
		return diags
	}
	diags.AddAttributeError(path.Root("output"), "Output file exists", paragraphs(source(m), fmt.Sprintf(
		"%s exists. A migration made it on %s (run %s).", image, record.Created.UTC().Format("2006-01-02 15:04 MST"), record.RunID),
		"- If this is a replacement with create_before_destroy (set here, or on a resource that depends on this one), set overwrite = true: "+
			"the image is then exchanged in one step.\n"+
			"- If Terraform has lost track of it, import it by its path.\n"+
			"- If it belongs to another resource, choose another output.filename."))
	return diags
}

// publishedPaths are the files that the run left under their final names,
// images first.
func publishedPaths(m *manifest.Manifest, rep *report.Report) []string {
	var paths []string
	for _, image := range rep.Artifacts {
		paths = append(paths, image.Path)
	}
	if m.Options.Report.Enabled {
		paths = append(paths, m.ReportPath())
	}
	return paths
}

// leftFiles reports whether an image of the report is there.
func leftFiles(rep *report.Report) bool {
	for _, image := range rep.Artifacts {
		if _, err := os.Lstat(image.Path); err == nil {
			return true
		}
	}
	return false
}
