package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// configReader turns framework values into plain ones. A null value becomes
// its default. So does an unknown one, and its path is remembered.
type configReader struct {
	ctx   context.Context
	read  reading
	diags diag.Diagnostics
}

// reading is what the plain values do not tell of themselves.
type reading struct {
	unknown unknownPaths
	// writeOnly holds the paths of write-only attributes, by those of the
	// attributes whose values they replace.
	writeOnly map[string]string
}

func (r *configReader) text(at path.Path, value types.String, otherwise string) string {
	if r.missing(at, value) {
		return otherwise
	}
	return value.ValueString()
}

// secret is the value of an attribute, or of the write-only one beside it whose
// name ends with _wo. Only a configuration has write-only values.
func (r *configReader) secret(at path.Path, name string, value, writeOnly types.String) string {
	instead := at.AtName(name + "_wo")
	if r.missing(instead, writeOnly) {
		return r.text(at.AtName(name), value, "")
	}
	if r.read.writeOnly == nil {
		r.read.writeOnly = map[string]string{}
	}
	r.read.writeOnly[at.AtName(name).String()] = instead.String()
	return writeOnly.ValueString()
}

func (r *configReader) flag(at path.Path, value types.Bool, otherwise bool) bool {
	if r.missing(at, value) {
		return otherwise
	}
	return value.ValueBool()
}

func (r *configReader) number(at path.Path, value types.Int64, otherwise int) int {
	if r.missing(at, value) {
		return otherwise
	}
	return int(value.ValueInt64())
}

// size is a number of bytes.
func (r *configReader) size(at path.Path, value types.Int64, otherwise int64) int64 {
	if r.missing(at, value) {
		return otherwise
	}
	return value.ValueInt64()
}

// optionalNumber is nil where there is no value.
func (r *configReader) optionalNumber(at path.Path, value types.Int64) *int {
	if r.missing(at, value) {
		return nil
	}
	number := int(value.ValueInt64())
	return &number
}

// collection is a list or a set.
type collection interface {
	attr.Value
	Elements() []attr.Value
}

// texts leaves unknown elements out and remembers the whole collection.
func (r *configReader) texts(at path.Path, value collection) []string {
	if r.missing(at, value) {
		return nil
	}
	var texts []string
	for _, element := range value.Elements() {
		text, ok := element.(basetypes.StringValue)
		if !ok || r.missing(at, text) {
			continue
		}
		texts = append(texts, text.ValueString())
	}
	return texts
}

// section reads an object into a model. It is false where there is none.
func (r *configReader) section(at path.Path, value types.Object, model any) bool {
	if r.missing(at, value) {
		return false
	}
	diags := value.As(r.ctx, model, basetypes.ObjectAsOptions{})
	r.diags.Append(diags...)
	return !diags.HasError()
}

// sections calls read for each object of the list, unknown ones too: indexes
// must stay what they are.
func (r *configReader) sections(at path.Path, value types.List, read func(at path.Path, value types.Object)) {
	if r.missing(at, value) {
		return
	}
	for i, element := range value.Elements() {
		if object, ok := element.(basetypes.ObjectValue); ok {
			read(at.AtListIndex(i), object)
		}
	}
}

func (r *configReader) missing(at path.Path, value attr.Value) bool {
	if value.IsUnknown() {
		r.read.unknown = append(r.read.unknown, at)
	}
	return value.IsNull() || value.IsUnknown()
}

// unknownPaths are the attributes whose values are not known yet.
type unknownPaths []path.Path

// touch reports whether any unknown attribute is the one at the path, lies
// inside it or holds it. The path is written as the manifest's errors write it,
// which is also how the framework does.
func (u unknownPaths) touch(attribute string) bool {
	for _, unknown := range u {
		if holds(unknown.String(), attribute) || holds(attribute, unknown.String()) {
			return true
		}
	}
	return false
}

// holds reports whether the attribute at inner is the one at outer or part of it.
func holds(outer, inner string) bool {
	rest, ok := strings.CutPrefix(inner, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
