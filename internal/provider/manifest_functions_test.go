package provider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// call runs a function of one argument.
func call(t *testing.T, f function.Function, argument attr.Value) (attr.Value, *function.FuncError) {
	t.Helper()
	var definition function.DefinitionResponse
	f.Definition(t.Context(), function.DefinitionRequest{}, &definition)
	empty, err := definition.Definition.Return.NewResultData(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	resp := function.RunResponse{Result: empty}
	f.Run(t.Context(), function.RunRequest{Arguments: function.NewArgumentsData([]attr.Value{argument})}, &resp)
	return resp.Result.Value(), resp.Error
}

func decodeManifest(t *testing.T, text string) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Decode(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return m
}

func TestManifestFunctions(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../manifest/testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			decoded, funcErr := call(t, newManifestDecodeFunction(), types.StringValue(string(text)))
			if funcErr != nil {
				t.Fatal(funcErr)
			}
			encoded, funcErr := call(t, newManifestEncodeFunction(), types.DynamicValue(decoded))
			if funcErr != nil {
				t.Fatal(funcErr)
			}
			if diff := cmp.Diff(decodeManifest(t, string(text)), decodeManifest(t, must[types.String](encoded).ValueString())); diff != "" {
				t.Errorf("decoding and encoding changes (-before +after):\n%s", diff)
			}
		})
	}
}

func TestManifestDecodeIsStrict(t *testing.T) {
	t.Parallel()
	_, err := call(t, newManifestDecodeFunction(), types.StringValue(`{
  "version": "1.0",
  "source": {"type": "vmdk", "pathh": "/d.vmdk"},
  "output": {"directory": "/o"}, "pipeline": {"convert": {}}
}`))
	if err == nil {
		t.Fatal("a misspelt field is no error")
	}
	wantText(t, err.Error(), "line 3, column 30", "source.pathh", `did you mean "path"?`, "missing required field")
}

func TestManifestEncode(t *testing.T) {
	t.Parallel()
	object := func(fields map[string]attr.Value) attr.Value {
		attributes := map[string]attr.Type{}
		for name, value := range fields {
			attributes[name] = value.Type(t.Context())
		}
		return types.ObjectValueMust(attributes, fields)
	}
	text := types.StringValue
	// As HCL has it: tuples, numbers, and what belongs to the resource alone.
	migration := map[string]attr.Value{
		"source":    object(map[string]attr.Value{"type": text("vmdk"), "path": text("/d.vmdk"), "track": text("fingerprint")}),
		"output":    object(map[string]attr.Value{"directory": text("/o")}),
		"overwrite": types.BoolValue(true),
		"triggers":  object(map[string]attr.Value{"a": text("b")}),
		"id":        text("/o/d.qcow2"),
		"configuration": object(map[string]attr.Value{
			"users": object(map[string]attr.Value{"create": types.TupleValueMust(
				[]attr.Type{object(map[string]attr.Value{"name": text("u"), "uid": types.NumberValue(nil), "password_wo_version": types.Int64Value(1)}).Type(t.Context())},
				[]attr.Value{object(map[string]attr.Value{"name": text("u"), "uid": types.NumberNull(), "password_wo_version": types.Int64Value(1)})},
			)}),
		}),
	}
	encoded, err := call(t, newManifestEncodeFunction(), types.DynamicValue(object(migration)))
	if err != nil {
		t.Fatal(err)
	}
	m := decodeManifest(t, must[types.String](encoded).ValueString())
	if !m.Output.Overwrite || !m.Pipeline.Fix.Enabled || m.Configuration.Users.Create[0].Name != "u" || m.Configuration.Users.Create[0].UID != nil {
		t.Errorf("encoded %s", encoded)
	}

	// A resource has lost its write-only keys; an object has its passwords yet.
	user := object(map[string]attr.Value{"name": text("u"), "password_wo": text("$6$salt$hash")})
	key := object(map[string]attr.Value{"device": text("all"), "key": types.StringNull()})
	migration["source"] = object(map[string]attr.Value{"type": text("vmdk"), "path": text("/d.vmdk"),
		"luks_keys": types.ListValueMust(key.Type(t.Context()), []attr.Value{key})})
	migration["configuration"] = object(map[string]attr.Value{
		"users": object(map[string]attr.Value{"create": types.ListValueMust(user.Type(t.Context()), []attr.Value{user})}),
	})
	if encoded, err = call(t, newManifestEncodeFunction(), types.DynamicValue(object(migration))); err != nil {
		t.Fatal(err)
	}
	m = decodeManifest(t, must[types.String](encoded).ValueString())
	if m.Configuration.Users.Create[0].Password != "$6$salt$hash" || len(m.Source.LUKSKeys) != 0 {
		t.Errorf("encoded %s", encoded)
	}

	migration["sorce"] = text("x")
	_, err = call(t, newManifestEncodeFunction(), types.DynamicValue(object(migration)))
	if err == nil {
		t.Fatal("a misspelt section is no error")
	}
	wantText(t, err.Error(), "sorce", `did you mean "source"?`)
	if strings.Contains(err.Error(), "line") {
		t.Errorf("the error names lines of a text that nobody sees: %v", err)
	}
	if _, err := call(t, newManifestEncodeFunction(), types.DynamicValue(text("x"))); err == nil {
		t.Error("a text is encoded")
	}
}
