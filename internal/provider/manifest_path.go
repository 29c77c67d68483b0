package provider

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// pathStep matches one step of a manifest's path, such as "users" or "[0]".
var pathStep = regexp.MustCompile(`[^.\[\]]+|\[\d+\]`)

// attributePath finds the attribute that a manifest's path names, such as
// "configuration.users.create[0].name". Where the schema has no such attribute
// or no way to address it (an element of a set), it is the nearest that holds it.
func attributePath(root attr.Type, manifestPath string) path.Path {
	at, current := path.Empty(), root
	for _, step := range pathStep.FindAllString(manifestPath, -1) {
		switch typed := current.(type) {
		case attr.TypeWithAttributeTypes:
			next, ok := typed.AttributeTypes()[step]
			if !ok {
				return at
			}
			at, current = at.AtName(step), next
		case basetypes.ListType:
			index, err := strconv.Atoi(strings.Trim(step, "[]"))
			if err != nil {
				return at
			}
			at, current = at.AtListIndex(index), typed.ElementType()
		default:
			return at
		}
	}
	return at
}
