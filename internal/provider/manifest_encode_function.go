package provider

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

var _ function.Function = (*manifestEncodeFunction)(nil)

func newManifestEncodeFunction() function.Function { return &manifestEncodeFunction{} }

type manifestEncodeFunction struct{}

// Metadata implements function.Function.
func (*manifestEncodeFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "manifest_encode"
}

// Definition implements function.Function.
func (*manifestEncodeFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Writes a JSON manifest",
		MarkdownDescription: "Writes the JSON manifest that says the same as an object with attributes of `hyper2kvm_migration`, for the command `hyper2kvm` or " +
			"for the record. A whole resource can be given, too: what a manifest has no field for is left out, and so are " +
			"write-only values, which a resource does not have any more; in an object, `password_wo` becomes `password`. The manifest is checked as strictly " +
			"as by `manifest_decode`, and has all defaults filled in.",
		Parameters: []function.Parameter{
			function.DynamicParameter{Name: "migration", MarkdownDescription: "The object: `source` and `output` at least."},
		},
		Return: function.StringReturn{},
	}
}

// Run implements function.Function.
func (*manifestEncodeFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var argument types.Dynamic
	if resp.Error = function.ConcatFuncErrors(req.Arguments.Get(ctx, &argument)); resp.Error != nil {
		return
	}
	migration, err := argument.ToTerraformValue(ctx)
	values, valuesErr := as[map[string]tftypes.Value](migration)
	if err != nil || valuesErr != nil || migration.IsNull() {
		resp.Error = function.NewArgumentFuncError(0, "A migration is an object with source, output and the like")
		return
	}
	text, err := encodeManifest(values)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, text)
}

// encodeManifest makes a manifest of the attributes of a migration.
func encodeManifest(values map[string]tftypes.Value) (string, error) {
	read, err := readManifest(migrationSchema(context.Background()).Attributes, values, forgetLostKeys)
	if err != nil {
		return "", err
	}
	if len(read.problems) > 0 {
		return "", errors.New(manifestErrorText(read.problems))
	}
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(read.manifest); err != nil {
		return "", err
	}
	return out.String(), nil
}

// forgetLostKeys leaves out the keys of encrypted devices that a resource has no
// more, because they were write-only.
func forgetLostKeys(sections map[string]any) {
	source, _ := sections["source"].(map[string]any)
	if keys, ok := source["luks_keys"].([]any); ok {
		source["luks_keys"] = slices.DeleteFunc(keys, func(one any) bool {
			key, isObject := one.(map[string]any)
			return isObject && key["key"] == nil && key["key_file"] == nil
		})
	}
}
