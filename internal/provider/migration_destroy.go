package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

// ownFiles are the files of a migration, as its state knows them.
type ownFiles struct {
	// deletable are the images and the report that destroying removes.
	deletable []string
	// staying says of the others why they stay, for people.
	staying []string
	// unclear are those of which it cannot be told; deleting them fails.
	unclear []*artifact.NotOwnedError
}

// files looks at the files of the migration. An image that another migration
// has replaced is gone, and its place belongs to that migration.
func (m *migrationModel) files(ctx context.Context, identity artifact.Identity) (files ownFiles, diags diag.Diagnostics) {
	images, diags := m.imagePaths(ctx)
	for _, path := range images {
		switch status := artifact.Check(path, identity); {
		case status.State == artifact.StateOwned, status.State == artifact.StateChanged, status.State == artifact.StateMissing:
			files.deletable = append(files.deletable, path)
		case status.State == artifact.StateReplaced && anotherRuns(path, status.Record, identity):
			files.staying = append(files.staying, status.Reason)
		default:
			files.unclear = append(files.unclear, &artifact.NotOwnedError{Path: path, Status: status})
		}
	}
	paths, pathDiags := m.accompanyingPaths(ctx)
	diags.Append(pathDiags...)
	for _, path := range paths {
		switch status := artifact.Check(path, identity); status.State {
		case artifact.StateReplaced, artifact.StateUnrecorded:
			// Another migration's report, or the user's own file. It must not
			// stop the images from being deleted.
			files.staying = append(files.staying, status.Reason)
		case artifact.StateUnknown, artifact.StateElsewhere:
			files.unclear = append(files.unclear, &artifact.NotOwnedError{Path: path, Status: status})
		default:
			files.deletable = append(files.deletable, path)
		}
	}
	return files, diags
}

// accompanyingPaths are the files beside the images: what is kept of a boot, and
// the report.
func (m *migrationModel) accompanyingPaths(ctx context.Context) (paths []string, diags diag.Diagnostics) {
	if !m.Boot.IsNull() && !m.Boot.IsUnknown() {
		var booted bootModel
		diags = m.Boot.As(ctx, &booted, basetypes.ObjectAsOptions{})
		for _, path := range []*string{booted.LogPath, booted.ScreenshotPath} {
			if path != nil {
				paths = append(paths, *path)
			}
		}
	}
	if !m.ReportPath.IsNull() && !m.ReportPath.IsUnknown() {
		paths = append(paths, m.ReportPath.ValueString())
	}
	return paths, diags
}

// anotherRuns reports whether the file at path was published by another run,
// which is the one that may delete it.
func anotherRuns(path string, record *artifact.Record, identity artifact.Identity) bool {
	if record == nil || identity.RunID == "" || record.RunID == identity.RunID {
		return false
	}
	state := artifact.Check(path, record.Identity()).State
	return state == artifact.StateOwned || state == artifact.StateChanged
}

// paths are those of the files that destroying deletes or fails for.
func (f ownFiles) paths() []string {
	paths := slices.Clone(f.deletable)
	for _, of := range f.unclear {
		paths = append(paths, of.Path)
	}
	return paths
}

// notice lists the files before something happens to them, a line each. It is
// empty if there are none.
func (f ownFiles) notice() string {
	var lines []string
	for _, path := range f.paths() {
		note := ""
		if artifact.InUse(path) {
			note = " (in use now, as by a virtual machine: it is not deleted before that ends)"
		}
		lines = append(lines, "  - "+path+note)
	}
	return strings.Join(lines, "\n")
}

// obstacle says why nothing can be deleted as things are, and what helps; or it is
// empty.
func (f ownFiles) obstacle() string {
	var texts []string
	for _, of := range f.unclear {
		texts = append(texts, paragraphs(of.Status.Reason+".", sentence(of.Remedy())))
	}
	return strings.Join(slices.Compact(texts), "\n\n")
}

// protectedError says that deletion_protection is in the way.
func protectedError(diags *diag.Diagnostics, what string) {
	diags.AddError("Migration is protected from deletion",
		fmt.Sprintf("%s would delete the migrated image, and deletion_protection is set. Apply with deletion_protection = false first.", what))
}
