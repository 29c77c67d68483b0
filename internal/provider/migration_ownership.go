package provider

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
)

// identityKey is the key of the private state that remembers which run made
// the files. The ownership record beside each file may be gone with it.
const identityKey = "identity"

type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type writablePrivateState interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
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
		encoded, err := json.Marshal(record.Identity())
		if err != nil {
			diags.AddError("Unable to remember who made the image", err.Error())
			return diags
		}
		diags.Append(private.SetKey(ctx, identityKey, encoded)...)
		return diags
	}
	return diags
}

// recallIdentity is the stored identity. Without one it is empty, and the
// records alone decide.
func recallIdentity(ctx context.Context, private privateState) (identity artifact.Identity, diags diag.Diagnostics) {
	encoded, diags := private.GetKey(ctx, identityKey)
	if diags.HasError() || len(encoded) == 0 {
		return identity, diags
	}
	if err := json.Unmarshal(encoded, &identity); err != nil {
		diags.AddError("Unable to tell who made the image", "The resource's private state is damaged: "+err.Error())
	}
	return identity, diags
}

// imagePaths are the paths in the resource's artifacts.
func (m *migrationModel) imagePaths(ctx context.Context) (paths []string, diags diag.Diagnostics) {
	if m.Artifacts.IsNull() || m.Artifacts.IsUnknown() {
		return nil, nil
	}
	var artifacts []artifactModel
	diags.Append(m.Artifacts.ElementsAs(ctx, &artifacts, false)...)
	for _, image := range artifacts {
		paths = append(paths, image.Path)
	}
	return paths, diags
}
