package provider

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

// The keys of the private state.
const (
	// identityKey remembers which run made the files: the ownership record
	// beside each file may be gone with it.
	identityKey = "identity"
	// sourceKey remembers the source files as they were.
	sourceKey = "source"
	// importedKey says that the state comes from an ownership record, which knows
	// neither secrets nor what a manifest has no field for.
	importedKey = "imported"
	// protectedKey tells the second pass of a replacement, which has no state, that
	// what it replaces is protected from deletion. A forced replacement has no other.
	protectedKey = "protected"
	// checksumsKey remembers the images' checksums by path, as published.
	checksumsKey = "checksums"
)

type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type writablePrivateState interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// remember stores a value in the private state.
func remember(ctx context.Context, private writablePrivateState, key string, value any) (diags diag.Diagnostics) {
	encoded, err := json.Marshal(value)
	if err != nil {
		diags.AddError("Unable to store the resource's private state", err.Error())
		return diags
	}
	return private.SetKey(ctx, key, encoded)
}

// recall reads a value from the private state. What is not there leaves value
// as it is.
func recall(ctx context.Context, private privateState, key string, value any) (diags diag.Diagnostics) {
	encoded, diags := private.GetKey(ctx, key)
	if diags.HasError() || len(encoded) == 0 {
		return diags
	}
	if err := json.Unmarshal(encoded, value); err != nil {
		diags.AddError("Unable to read the resource's private state", "Its entry "+key+" is damaged: "+err.Error())
	}
	return diags
}

// rememberIdentity stores the identity of the run that published the files.
func rememberIdentity(ctx context.Context, private writablePrivateState, paths []string) (diags diag.Diagnostics) {
	for _, path := range paths {
		record, err := artifact.ReadRecord(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			diags.AddWarning("Unable to read an ownership record", err.Error())
			continue
		}
		diags.Append(remember(ctx, private, identityKey, identityAt(path, record))...)
		return diags
	}
	return diags
}

// identityAt is the identity of the run that published the file at path.
func identityAt(path string, record *artifact.Record) artifact.Identity {
	identity := record.Identity()
	identity.Directory = filepath.Dir(path)
	return identity
}

// recallIdentity is the stored identity, for this host to judge by. Without one
// it is empty, and the records alone decide.
func (e *engine) recallIdentity(ctx context.Context, private privateState) (identity artifact.Identity, diags diag.Diagnostics) {
	diags = recall(ctx, private, identityKey, &identity)
	if e != nil { // it is configured
		identity.Here = e.hostID
	}
	return identity, diags
}

// imageModels are the resource's artifacts.
func (m *migrationModel) imageModels(ctx context.Context) (images []artifactModel, diags diag.Diagnostics) {
	if m.Artifacts.IsNull() || m.Artifacts.IsUnknown() {
		return nil, nil
	}
	diags.Append(m.Artifacts.ElementsAs(ctx, &images, false)...)
	return images, diags
}

// imagePaths are the paths in the resource's artifacts.
func (m *migrationModel) imagePaths(ctx context.Context) (paths []string, diags diag.Diagnostics) {
	images, diags := m.imageModels(ctx)
	for _, image := range images {
		paths = append(paths, image.Path)
	}
	return paths, diags
}
