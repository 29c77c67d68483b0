package inject

import "fmt"

// The attribute that an error is about is named as in the manifest.
const (
	attrCreate         = "configuration.users.create"
	attrDisable        = "configuration.users.disable"
	attrDelete         = "configuration.users.delete"
	attrEnable         = "configuration.services.enable"
	attrServiceDisable = "configuration.services.disable"
	attrMask           = "configuration.services.mask"
	attrHostname       = "configuration.hostname"
	attrFirstBoot      = "configuration.first_boot"
)

// attribute names one element of a list in the manifest.
func attribute(list string, index int, field string) string {
	name := fmt.Sprintf("%s[%d]", list, index)
	if field != "" {
		name += "." + field
	}
	return name
}
