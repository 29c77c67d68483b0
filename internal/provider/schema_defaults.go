package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// section is an optional object that is planned in full where it is left out.
// The defaults of its attributes do not do that alone: Terraform would plan the
// object as "known after apply".
func section(description string, attributes map[string]schema.Attribute, defaultObject types.Object) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: description,
		Optional:            true,
		Computed:            true,
		Attributes:          attributes,
		Default:             objectdefault.StaticValue(defaultObject),
	}
}

// defaultObject is the object in which every attribute has its default, or is
// null where it has none; except replaces some of the values.
func defaultObject(attributes map[string]schema.Attribute, except map[string]attr.Value) types.Object {
	values := make(map[string]attr.Value, len(attributes))
	for name, attribute := range attributes {
		values[name] = defaultOf(attribute)
	}
	for name, value := range except {
		values[name] = value
	}
	return types.ObjectValueMust(attributeTypes(attributes), values)
}

func defaultOf(attribute schema.Attribute) attr.Value {
	ctx := context.Background()
	switch a := attribute.(type) {
	case schema.BoolAttribute:
		resp := defaults.BoolResponse{PlanValue: types.BoolNull()}
		if a.Default != nil {
			a.Default.DefaultBool(ctx, defaults.BoolRequest{}, &resp)
		}
		return resp.PlanValue
	case schema.StringAttribute:
		resp := defaults.StringResponse{PlanValue: types.StringNull()}
		if a.Default != nil {
			a.Default.DefaultString(ctx, defaults.StringRequest{}, &resp)
		}
		return resp.PlanValue
	case schema.Int64Attribute:
		resp := defaults.Int64Response{PlanValue: types.Int64Null()}
		if a.Default != nil {
			a.Default.DefaultInt64(ctx, defaults.Int64Request{}, &resp)
		}
		return resp.PlanValue
	case schema.SingleNestedAttribute:
		if a.Default != nil {
			resp := defaults.ObjectResponse{}
			a.Default.DefaultObject(ctx, defaults.ObjectRequest{}, &resp)
			return resp.PlanValue
		}
	}
	return null(attribute.GetType())
}

// null is the null value of a type.
func null(typ attr.Type) attr.Value {
	ctx := context.Background()
	value, err := typ.ValueFromTerraform(ctx, tftypes.NewValue(typ.TerraformType(ctx), nil))
	if err != nil {
		panic(fmt.Sprintf("type %s has no null value: %v", typ, err)) // a null value fits every type
	}
	return value
}
