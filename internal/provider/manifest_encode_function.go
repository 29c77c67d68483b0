package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
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
	fields, ok := toJSON(argument.UnderlyingValue()).(map[string]any)
	if !ok {
		resp.Error = function.NewArgumentFuncError(0, "A migration is an object with source, output and the like")
		return
	}
	text, err := encodeManifest(fields)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, text)
}

// encodeManifest makes a manifest of the attributes of a migration.
func encodeManifest(fields map[string]any) (string, error) {
	if overwrite, ok := fields["overwrite"]; ok {
		if output, isObject := fields["output"].(map[string]any); isObject {
			output["overwrite"] = overwrite
		}
	}
	takeWriteOnly(fields)
	dropForeign(fields, migrationSchema(context.Background()).Attributes, reflect.TypeFor[manifest.Manifest]())
	if _, ok := fields["version"]; !ok {
		fields["version"] = manifest.Version
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return "", err
	}
	m, err := manifest.Decode(bytes.NewReader(text))
	if err != nil {
		return "", fmt.Errorf("%s", withoutPlaces(err))
	}
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(m); err != nil {
		return "", err
	}
	return out.String(), nil
}

// takeWriteOnly makes of write-only attributes what a manifest has in their
// place. In a resource they are null: keys of encrypted devices that nobody
// knows any more are left out.
func takeWriteOnly(fields map[string]any) {
	for _, user := range objects(fields, "configuration", "users", "create") {
		if password, ok := user["password_wo"]; ok {
			user["password"] = password
		}
	}
	source, _ := fields["source"].(map[string]any)
	var known []any
	for _, key := range objects(source, "luks_keys") {
		if key["key"] != nil || key["key_file"] != nil {
			known = append(known, key)
		}
	}
	switch {
	case len(known) > 0:
		source["luks_keys"] = known
	default:
		delete(source, "luks_keys")
	}
}

// objects are the objects in the list that the names lead to.
func objects(fields map[string]any, names ...string) []map[string]any {
	last := len(names) - 1
	for _, name := range names[:last] {
		fields, _ = fields[name].(map[string]any)
	}
	list, _ := fields[names[last]].([]any)
	var found []map[string]any
	for _, element := range list {
		if object, ok := element.(map[string]any); ok {
			found = append(found, object)
		}
	}
	return found
}

// withoutPlaces is the text of errors in a text that nobody has seen.
func withoutPlaces(err error) string {
	if problems, ok := err.(manifest.Errors); ok { //nolint:errorlint // as Decode returns them
		for n := range problems {
			problems[n].Line, problems[n].Column = 0, 0
		}
	}
	return manifestErrorText(err)
}

// dropForeign removes the attributes that the resource has and the manifest has
// not. What neither has stays, and is an error later.
func dropForeign(fields map[string]any, attributes map[string]schema.Attribute, section reflect.Type) {
	for section.Kind() == reflect.Pointer || section.Kind() == reflect.Slice {
		section = section.Elem()
	}
	known := map[string]reflect.Type{}
	for field := range section.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		known[name] = field.Type
	}
	for name, attribute := range attributes {
		inner, isField := known[name]
		if !isField {
			delete(fields, name)
			continue
		}
		switch attribute := attribute.(type) {
		case schema.SingleNestedAttribute:
			if object, ok := fields[name].(map[string]any); ok {
				dropForeign(object, attribute.Attributes, inner)
			}
		case schema.ListNestedAttribute:
			list, _ := fields[name].([]any)
			for _, element := range list {
				if object, ok := element.(map[string]any); ok {
					dropForeign(object, attribute.NestedObject.Attributes, inner)
				}
			}
		}
	}
}

// toJSON is a known value as JSON has it. Null attributes are left out.
func toJSON(value attr.Value) any {
	if value == nil || value.IsNull() {
		return nil
	}
	switch value := value.(type) {
	case types.Dynamic:
		return toJSON(value.UnderlyingValue())
	case types.String:
		return value.ValueString()
	case types.Bool:
		return value.ValueBool()
	case types.Number:
		return json.Number(value.ValueBigFloat().Text('f', -1))
	case types.Int64:
		return value.ValueInt64()
	case interface{ Attributes() map[string]attr.Value }:
		return mapToJSON(value.Attributes())
	case types.Map:
		return mapToJSON(value.Elements())
	case interface{ Elements() []attr.Value }:
		list := []any{}
		for _, element := range value.Elements() {
			list = append(list, toJSON(element))
		}
		return list
	}
	return value.String()
}

func mapToJSON(values map[string]attr.Value) map[string]any {
	fields := map[string]any{}
	for name, value := range values {
		if plain := toJSON(value); plain != nil {
			fields[name] = plain
		}
	}
	return fields
}
