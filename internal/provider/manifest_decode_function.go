package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

var _ function.Function = (*manifestDecodeFunction)(nil)

func newManifestDecodeFunction() function.Function { return &manifestDecodeFunction{} }

type manifestDecodeFunction struct{}

// Metadata implements function.Function.
func (*manifestDecodeFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "manifest_decode"
}

// Definition implements function.Function.
func (*manifestDecodeFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Reads a JSON manifest",
		MarkdownDescription: "Reads a JSON manifest as strictly as the command `hyper2kvm` does: unknown fields, wrong types and values that cannot work " +
			"are errors which name the line and the nearest known field. `jsondecode` would let Terraform drop a misspelt field without a word.\n\n" +
			"The result has an attribute for each attribute of `hyper2kvm_migration` that a manifest can say: `metadata`, `source`, `output`, `pipeline`, " +
			"`configuration`, `options` and `overwrite`, with all defaults filled in.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "json", MarkdownDescription: "The manifest's text, such as `file(\"migration.json\")`."},
		},
		Return: function.ObjectReturn{AttributeTypes: attributeTypes(manifestAttributes())},
	}
}

// Run implements function.Function.
func (*manifestDecodeFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = function.ConcatFuncErrors(req.Arguments.Get(ctx, &text)); resp.Error != nil {
		return
	}
	m, err := manifest.Decode(strings.NewReader(text))
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, manifestErrorText(err))
		return
	}
	values, err := manifestValues(m)
	if err != nil {
		resp.Error = function.NewFuncError("The manifest does not fit the resource, which is a bug in the provider: " + err.Error())
		return
	}
	object, diags := types.ObjectValue(attributeTypes(manifestAttributes()), values)
	resp.Error = function.ConcatFuncErrors(function.FuncErrorFromDiags(ctx, diags), resp.Result.Set(ctx, object))
}

// manifestErrorText lists what is wrong with a manifest, with places where they
// are known.
func manifestErrorText(err error) string {
	var problems manifest.Errors
	if !errors.As(err, &problems) {
		return err.Error()
	}
	lines := make([]string, len(problems))
	for n, problem := range problems {
		lines[n] = problem.Error()
		if problem.Line > 0 {
			lines[n] = fmt.Sprintf("line %d, column %d: %s", problem.Line, problem.Column, problem.Error())
		}
	}
	return "The manifest is not valid:\n" + strings.Join(lines, "\n")
}
