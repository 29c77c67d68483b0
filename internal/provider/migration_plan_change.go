package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// planChange plans an update in place or a replacement. For a replacement
// Terraform plans once more without a state, and drops the warnings of that.
func (r *migrationResource) planChange(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	c := change{before: req.State.Raw, after: req.Plan.Raw}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &c.plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &c.state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, diags := c.plan.createTimeout(ctx)
	resp.Diagnostics.Append(diags...)
	read, diags := readMigration(ctx, req.Plan.Raw)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	c.manifest, c.unknown, c.paths = read.manifest, read.unknown, plannedPaths(read.manifest, read.unknown)
	c.identity, diags = r.engine.recallIdentity(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(recall(ctx, req.Private, sourceKey, &c.source)...)
	resp.Diagnostics.Append(recall(ctx, req.Private, checksumsKey, &c.published)...)
	resp.Diagnostics.Append(recall(ctx, req.Private, importedKey, &c.imported)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(remember(ctx, resp.Private, protectedKey, c.state.DeletionProtection.ValueBool())...)
	if c.identity.RunID != "" {
		resp.Diagnostics.Append(r.engine.registerPaths(c.paths, c.identity.RunID)...)
	}
	replaced, diags := c.replaced(ctx)
	resp.Diagnostics.Append(diags...)
	if len(replaced) == 0 {
		// UseStateForUnknown would not do: the framework makes null attributes
		// of known objects unknown.
		c.plan.copyComputed(&c.state)
		resp.Diagnostics.Append(c.planChecksums(ctx)...)
	} else {
		resp.RequiresReplace = append(resp.RequiresReplace, replaced...)
		c.plan.planComputed(c.paths)
		resp.Diagnostics.Append(c.checkReplacement(ctx)...)
		old := replacedFiles{deletes: c.state.OnDestroy.ValueString() != onDestroyKeep, overwrites: c.plan.Overwrite.ValueBool()}
		images, diags := c.state.imagePaths(ctx)
		resp.Diagnostics.Append(diags...)
		old.find(c.identity, images...)
		resp.Diagnostics.Append(r.engine.preflight(ctx, read.manifest, read.unknown, old)...)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &c.plan)...)
}

// change is a planned change of an existing migration.
type change struct {
	before, after tftypes.Value
	state, plan   migrationModel
	manifest      *manifest.Manifest // of plan
	unknown       manifest.Unknown   // of plan
	was           *manifest.Manifest // of state, where something differs that may replace
	paths         resultPaths        // of plan
	identity      artifact.Identity
	source        []report.SourceFile
	published     checksums
	imported      bool
}

// replaced lists the attributes for whose sake the migration has to be made
// again, and warns where it is not the configuration that has changed.
func (c *change) replaced(ctx context.Context) (replaced path.Paths, diags diag.Diagnostics) {
	differs := replacingChanges(c.before, c.after)
	if len(differs) > 0 {
		var was reading
		if was, diags = readMigration(ctx, c.before); diags.HasError() {
			return nil, diags
		}
		c.was = was.manifest
	}
	for _, at := range differs {
		if !c.sameFiles(at) && !c.adopts(ctx, at) && !c.isNewDefault(ctx, at) {
			replaced = append(replaced, at)
		}
	}
	if textAt(c.after, path.Root("source").AtName("track")) == trackFingerprint {
		if changed := sourceChanges(c.source); len(changed) > 0 {
			replaced = append(replaced, path.Root("source_fingerprint"))
			diags.AddAttributeWarning(path.Root("source"), "Source has changed since it was migrated: "+c.state.name(), strings.Join(changed, "\n")+
				"\n\nIt is planned to be migrated again, because source.track is fingerprint.")
		}
	}
	if c.plan.DriftDetection.ValueString() == driftChecksum {
		images, imageDiags := c.state.imageModels(ctx)
		diags.Append(imageDiags...)
		if changed := drifted(images, c.published); len(changed) > 0 {
			replaced = append(replaced, path.Root("artifacts"))
			diags.AddWarning("Image has changed since it was migrated: "+c.state.name(), strings.Join(changed, "\n")+
				"\n\nIt is planned to be migrated again, because drift_detection is checksum.")
		}
	}
	return replaced, diags
}

// sameFiles reports whether a changed path still names the same file, as a
// relative path does that became an absolute one, and a default that was written down.
func (c *change) sameFiles(at path.Path) bool {
	if is, err := valueAt(c.after, at); err != nil || !is.IsFullyKnown() {
		return false
	}
	switch at.String() {
	case "source.path":
		return c.was.Source.Path == c.manifest.Source.Path
	case "source.directories":
		return slices.Equal(c.was.Source.Directories, c.manifest.Source.Directories)
	case virtioWinAttribute:
		return c.was.Pipeline.Fix.VirtioWin == c.manifest.Pipeline.Fix.VirtioWin
	case "output.directory", "output.filename", "options.report.path":
		return c.paths.id.Equal(c.state.ID) && c.paths.output.Equal(c.state.OutputPath) && c.paths.report.Equal(c.state.ReportPath)
	default:
		return false
	}
}

// virtioWinAttribute is the one that the provider's setting stands in for.
const virtioWinAttribute = "pipeline.fix.virtio_win"

// adopts reports whether a change only adds to the state of an imported
// migration what its ownership record cannot tell, or takes from it what the record
// has of the provider's settings.
func (c *change) adopts(ctx context.Context, at path.Path) bool {
	if !c.imported {
		return false
	}
	switch section, _ := at.Steps()[0].(path.PathStepAttributeName); section {
	case "configuration":
		return c.knowsAllButSecrets(ctx, at) && sameWithoutSecrets(c.was.Configuration, c.manifest.Configuration)
	case "triggers":
		was, err := valueAt(c.before, at)
		return err == nil && was.IsNull()
	}
	is, err := valueAt(c.after, at)
	return at.String() == virtioWinAttribute && err == nil && is.IsNull()
}

// knowsAllButSecrets reports whether nothing at the path is unknown but what no
// ownership record has.
func (c *change) knowsAllButSecrets(ctx context.Context, at path.Path) bool {
	all := migrationSchema(ctx)
	return !slices.ContainsFunc(c.unknown, func(field string) bool {
		if !(manifest.Unknown{field}).Touch(at.String()) {
			return false
		}
		attribute, diags := all.AttributeAtPath(ctx, attributePath(all.Type(), field))
		text, isText := attribute.(schema.StringAttribute)
		return diags.HasError() || !isText || !text.Sensitive
	})
}

// isNewDefault reports whether a change only adds to the state the default of an
// attribute that the provider which wrote it did not have. A default is never
// null in the states of a provider that has it.
func (c *change) isNewDefault(ctx context.Context, at path.Path) bool {
	was, err := valueAt(c.before, at)
	if err != nil || !was.IsNull() {
		return false
	}
	attribute, diags := migrationSchema(ctx).AttributeAtPath(ctx, at)
	if diags.HasError() {
		return false
	}
	preset, err := defaultOf(attribute).ToTerraformValue(ctx)
	if err != nil || preset.IsNull() {
		return false
	}
	is, err := valueAt(c.after, at)
	return err == nil && is.Equal(preset)
}

// planChecksums plans the artifacts for a drift_detection that was switched.
func (c *change) planChecksums(ctx context.Context) diag.Diagnostics {
	switch before, after := c.state.DriftDetection, c.plan.DriftDetection; {
	case after.IsUnknown(), before.Equal(after):
		return nil
	case after.ValueString() == driftChecksum:
		c.plan.Artifacts = types.ListUnknown(imageType())
		return nil
	default:
		return c.plan.forgetChecksums(ctx)
	}
}

// checkReplacement says what a replacement will do, and refuses one that is
// known to fail only after it has deleted the images.
func (c *change) checkReplacement(ctx context.Context) (diags diag.Diagnostics) {
	if c.state.DeletionProtection.ValueBool() {
		protectedError(&diags, "Replacing this resource")
		return diags
	}
	samePath := !c.state.OutputPath.IsNull() && c.paths.output.Equal(c.state.OutputPath)
	overwrite := c.plan.Overwrite.ValueBool()
	if c.state.OnDestroy.ValueString() == onDestroyKeep {
		if samePath && !overwrite {
			diags.AddAttributeError(path.Root("on_destroy"), "Image to be kept is in the way of its replacement", fmt.Sprintf(
				"This change migrates again to %s, and on_destroy is keep: the image that is there would stay and be in the way. Choose another "+
					"output.filename, set overwrite = true, or apply with on_destroy = \"delete\" first.", c.state.OutputPath.ValueString()))
		}
	} else {
		files, fileDiags := c.state.files(ctx, c.identity)
		diags.Append(fileDiags...)
		if obstacle := files.obstacle(); obstacle != "" {
			diags.AddWarning("Replacement cannot delete the migrated image: "+c.state.name(),
				"As things are, this fails before anything is deleted or migrated.\n\n"+obstacle)
		} else if notice := files.notice(); notice != "" {
			text := "Before the source is migrated again, these files are deleted:\n" + notice
			if samePath && !overwrite {
				text += "\n\nThe new image has the same path, so this cannot work together with create_before_destroy, be it of this resource or of one " +
					"that depends on it: such an apply fails before it does anything. Set overwrite = true there, which exchanges the image in one step."
			}
			diags.AddWarning("Replacement deletes the migrated image: "+c.state.name(), text)
		}
	}
	return diags
}

// planDestroy says what will be deleted.
func (r *migrationResource) planDestroy(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state migrationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	identity, diags := r.engine.recallIdentity(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if state.DeletionProtection.ValueBool() {
		protectedError(&resp.Diagnostics, "Destroying this resource")
		return
	}
	files, diags := state.files(ctx, identity)
	resp.Diagnostics.Append(diags...)
	notice, obstacle, name := files.notice(), files.obstacle(), state.name()
	switch {
	case notice == "":
	case state.OnDestroy.ValueString() == onDestroyKeep:
		resp.Diagnostics.AddWarning("Destroying keeps the migrated image: "+name, "on_destroy is keep. These files stay:\n"+notice)
	case obstacle != "":
		resp.Diagnostics.AddWarning("Destroying cannot delete the migrated image: "+name, "As things are, this fails and nothing is deleted.\n\n"+obstacle)
	default:
		resp.Diagnostics.AddWarning("Destroying deletes the migrated image: "+name, "These files are deleted:\n"+notice)
	}
}
