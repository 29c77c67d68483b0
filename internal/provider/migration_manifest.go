package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

const invalidMigration = "Invalid migration"

// reading is what values of Terraform say to do.
type reading struct {
	// manifest has defaults in place of what is not known yet.
	manifest *manifest.Manifest
	unknown  manifest.Unknown
	// problems are what is wrong with the manifest, whatever the unknown values
	// turn out to be.
	problems manifest.Errors
	// writeOnly holds the paths of write-only attributes, by those of the fields
	// whose values they are.
	writeOnly map[string]string
}

// readMigration reads a plan or a state of the resource, or a configuration, in
// which defaults are not filled in yet. The manifest has absolute paths.
func readMigration(ctx context.Context, resource tftypes.Value) (reading, diag.Diagnostics) {
	var diags diag.Diagnostics
	values, err := as[map[string]tftypes.Value](resource)
	if err != nil {
		diags.AddError(invalidMigration, err.Error())
		return reading{}, diags
	}
	read, err := readManifest(migrationSchema(ctx).Attributes, values, func(map[string]any) {})
	if err != nil {
		diags.AddError(invalidMigration, err.Error())
		return reading{}, diags
	}
	read.manifest.MakeAbsolute()
	return read, diags
}

// readManifest reads values by their names: sections of the manifest, and what
// attributes has besides. edit may change the JSON before it is decoded.
func readManifest(attributes map[string]schema.Attribute, values map[string]tftypes.Value, edit func(sections map[string]any)) (reading, error) {
	r := manifestReader{writeOnly: map[string]string{}}
	sections, err := r.sections(attributes, values)
	if err != nil {
		return reading{}, err
	}
	if sections["version"] == nil {
		sections["version"] = manifest.Version
	}
	edit(sections)
	text, err := json.Marshal(sections)
	if err != nil {
		return reading{}, fmt.Errorf("writing the manifest: %w", err)
	}
	read := reading{unknown: r.unknown, writeOnly: r.writeOnly}
	read.manifest, err = manifest.DecodeDraft(bytes.NewReader(text), r.unknown)
	if read.manifest == nil {
		return reading{}, err
	}
	errors.As(err, &read.problems)
	return read, nil
}

// sections are the sections of a manifest in JSON.
func (r *manifestReader) sections(attributes map[string]schema.Attribute, values map[string]tftypes.Value) (map[string]any, error) {
	sections, err := r.object("", reflect.TypeFor[manifest.Manifest](), attributes, values)
	if err != nil {
		return nil, err
	}
	given, ok := values[overwriteAttribute]
	if !ok {
		return sections, nil
	}
	overwrite, err := r.value(overwriteAttribute, nil, attributes[overwriteAttribute], given)
	if overwrite == nil {
		return sections, err
	}
	output, ok := sections["output"].(map[string]any)
	if !ok {
		output = map[string]any{}
		sections["output"] = output
	}
	output["overwrite"] = overwrite
	return sections, nil
}

// withWriteOnly is a plan with the write-only values, which only the
// configuration has. Neither plan nor state may ever be set from it.
func withWriteOnly(ctx context.Context, plan, config tftypes.Value) (tftypes.Value, error) {
	all := migrationSchema(ctx)
	return tftypes.Transform(plan, func(at *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if !isWriteOnly(ctx, all, at) {
			return v, nil
		}
		given, _, err := tftypes.WalkAttributePath(config, at)
		if err != nil {
			return v, fmt.Errorf("the configuration has no %s: %w", at, err)
		}
		value, ok := given.(tftypes.Value)
		if !ok {
			return v, fmt.Errorf("the configuration has a %T at %s", given, at)
		}
		return value, nil
	})
}

// isWriteOnly is false also for what is no attribute, such as an element of a list.
func isWriteOnly(ctx context.Context, all schema.Schema, at *tftypes.AttributePath) bool {
	attribute, err := all.AttributeAtTerraformPath(ctx, at)
	return err == nil && attribute.IsWriteOnly()
}

// diagnostics are the problems as diagnostics of the attributes that they are about,
// in values of the type.
func (r reading) diagnostics(root attr.Type, summary string) (diags diag.Diagnostics) {
	for _, problem := range r.problems {
		if writeOnly, ok := r.writeOnly[problem.Path]; ok {
			problem.Path = writeOnly
		}
		at := attributePath(root, problem.Path)
		if len(at.Steps()) == 0 {
			diags.AddError(summary, problem.Error())
			continue
		}
		diags.AddAttributeError(at, summary, problem.Error())
	}
	return diags
}
