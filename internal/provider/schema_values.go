package provider

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// manifestValues are the values of the resource's attributes that say what m
// says. Attributes that a manifest has no field for have their defaults, or are
// null.
func manifestValues(m *manifest.Manifest) (map[string]attr.Value, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encoding the manifest: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // a float64 has not room for all numbers of bytes
	var sections map[string]any
	if err := decoder.Decode(&sections); err != nil {
		return nil, fmt.Errorf("reading the encoded manifest: %w", err)
	}
	sections[overwriteAttribute] = m.Output.Overwrite
	values := map[string]attr.Value{}
	for name, attribute := range manifestAttributes() {
		if values[name], err = fromJSON(attribute, sections[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return values, nil
}

// fromJSON is a decoded JSON value as a value of an attribute. Fields that the
// attribute does not have are left out; missing ones have their defaults.
func fromJSON(attribute schema.Attribute, value any) (attr.Value, error) {
	if value == nil {
		return defaultOf(attribute), nil
	}
	switch attribute := attribute.(type) {
	case schema.SingleNestedAttribute:
		return objectFromJSON(attribute.Attributes, value)
	case schema.ListNestedAttribute:
		list, ok := value.([]any)
		if !ok {
			return nil, fmt.Errorf("%v is no list", value)
		}
		elements := make([]attr.Value, len(list))
		for i, element := range list {
			var err error
			if elements[i], err = objectFromJSON(attribute.NestedObject.Attributes, element); err != nil {
				return nil, err
			}
		}
		result, diags := types.ListValue(attribute.NestedObject.Type(), elements)
		return result, diagsError(diags)
	default:
		return scalarFromJSON(attribute.GetType(), value)
	}
}

func objectFromJSON(attributes map[string]schema.Attribute, value any) (attr.Value, error) {
	fields, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%v is no object", value)
	}
	values := make(map[string]attr.Value, len(attributes))
	for name, attribute := range attributes {
		var err error
		if values[name], err = fromJSON(attribute, fields[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	result, diags := types.ObjectValue(attributeTypes(attributes), values)
	return result, diagsError(diags)
}

// scalarFromJSON also takes lists and sets of scalars.
func scalarFromJSON(typ attr.Type, value any) (attr.Value, error) {
	switch value := value.(type) {
	case string:
		return types.StringValue(value), nil
	case bool:
		return types.BoolValue(value), nil
	case json.Number:
		number, err := value.Int64()
		return types.Int64Value(number), err
	case []any:
		collection, ok := typ.(attr.TypeWithElementType)
		if !ok {
			return nil, fmt.Errorf("a list is no %s", typ)
		}
		elements := make([]attr.Value, len(value))
		for i, element := range value {
			var err error
			if elements[i], err = scalarFromJSON(collection.ElementType(), element); err != nil {
				return nil, err
			}
		}
		if _, ok := typ.(types.SetType); ok {
			result, diags := types.SetValue(collection.ElementType(), elements)
			return result, diagsError(diags)
		}
		result, diags := types.ListValue(collection.ElementType(), elements)
		return result, diagsError(diags)
	}
	return nil, fmt.Errorf("%T is no %s", value, typ)
}

// diagsError is the first error of what should not fail.
func diagsError(diags diag.Diagnostics) error {
	for _, d := range diags.Errors() {
		return fmt.Errorf("%s: %s", d.Summary(), d.Detail())
	}
	return nil
}
