package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// writeOnlySuffix ends the name of a write-only attribute that stands beside the
// one whose value it replaces.
const writeOnlySuffix = "_wo"

// manifestReader turns values of Terraform into the JSON of a manifest. It goes
// by the names that the values, the schema and the manifest's types have, and
// knows no field.
type manifestReader struct {
	unknown manifest.Unknown
	// writeOnly holds the paths of write-only attributes, by those of the fields
	// whose values they are.
	writeOnly map[string]string
}

// object is an object with these attributes as JSON of a section. What is null
// or unknown is left out, and so is what the schema has and the section has not.
// What neither has stays, for Decode to refuse.
func (r *manifestReader) object(at string, section reflect.Type, attributes map[string]schema.Attribute, values map[string]tftypes.Value) (map[string]any, error) {
	known := fieldTypes(section)
	fields := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(values)) { // so that password_wo comes behind password
		attribute, ours := attributes[name]
		field := name
		if _, ok := known[name]; !ok && ours {
			if field = replacedBy(name, attribute); known[field] == nil {
				continue
			}
		}
		inner := strings.TrimPrefix(at+"."+field, ".")
		value, err := r.value(inner, known[field], attribute, values[name])
		if err != nil {
			return nil, err
		}
		if value == nil {
			continue
		}
		fields[field] = value
		if field != name {
			r.writeOnly[inner] = strings.TrimPrefix(at+"."+name, ".")
		}
	}
	return fields, nil
}

// replacedBy is the attribute whose value a write-only one replaces, if any.
func replacedBy(name string, attribute schema.Attribute) string {
	if replaced, ok := strings.CutSuffix(name, writeOnlySuffix); ok && attribute.IsWriteOnly() {
		return replaced
	}
	return ""
}

// value is nil for a value that is null or unknown.
func (r *manifestReader) value(at string, field reflect.Type, attribute schema.Attribute, v tftypes.Value) (any, error) {
	switch typ := v.Type(); {
	case !v.IsKnown():
		r.unknown = append(r.unknown, at)
		return nil, nil
	case v.IsNull():
		return nil, nil
	case typ.Is(tftypes.Object{}), typ.Is(tftypes.Map{}):
		values, err := as[map[string]tftypes.Value](v)
		if err != nil {
			return nil, err
		}
		return r.object(at, field, nestedAttributes(attribute), values)
	case typ.Is(tftypes.List{}), typ.Is(tftypes.Set{}), typ.Is(tftypes.Tuple{}):
		elements, err := as[[]tftypes.Value](v)
		if err != nil {
			return nil, err
		}
		return r.list(at, field, attribute, elements)
	case typ.Is(tftypes.Bool):
		return as[bool](v)
	case typ.Is(tftypes.Number):
		number, err := as[big.Float](v)
		return json.Number(number.Text('f', -1)), err
	case typ.Is(tftypes.String):
		return as[string](v)
	default:
		return nil, fmt.Errorf("%s: a manifest has no values of the type %s", at, typ)
	}
}

// list keeps the places of objects, which have paths of their own: an unknown one
// is an empty one. Texts have none. Those that are null or unknown are left out,
// and the unknown ones make the whole list unknown.
func (r *manifestReader) list(at string, field reflect.Type, attribute schema.Attribute, elements []tftypes.Value) (any, error) {
	objects := len(fieldTypes(field)) > 0
	list := []any{}
	for n, element := range elements {
		inner := at
		if objects {
			inner = fmt.Sprintf("%s[%d]", at, n)
		}
		value, err := r.value(inner, field, attribute, element)
		switch {
		case err != nil:
			return nil, err
		case objects && !element.IsKnown():
			list = append(list, map[string]any{})
		case objects, value != nil:
			list = append(list, value)
		}
	}
	return list, nil
}

// as is a known value in Go's terms.
func as[T any](v tftypes.Value) (T, error) {
	var value T
	err := v.As(&value)
	return value, err
}

// fieldTypes are the types of the fields of a section, or of a list of such, by
// the names that they have in JSON. Nothing else has any.
func fieldTypes(section reflect.Type) map[string]reflect.Type {
	for section != nil && (section.Kind() == reflect.Pointer || section.Kind() == reflect.Slice) {
		section = section.Elem()
	}
	if section == nil || section.Kind() != reflect.Struct {
		return nil
	}
	fields := make(map[string]reflect.Type, section.NumField())
	for field := range section.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		fields[name] = field.Type
	}
	return fields
}

// nestedAttributes are those of an attribute's object, or of the objects in its list.
func nestedAttributes(attribute schema.Attribute) map[string]schema.Attribute {
	switch attribute := attribute.(type) {
	case schema.SingleNestedAttribute:
		return attribute.Attributes
	case schema.ListNestedAttribute:
		return attribute.NestedObject.Attributes
	default:
		return nil
	}
}
