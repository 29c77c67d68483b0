package conf

import (
	"slices"
	"strings"
)

// HasOption finds a mount option with or without a value.
func HasOption(options, name string) bool {
	for _, option := range strings.Split(options, ",") {
		if key, _, _ := strings.Cut(option, "="); key == name {
			return true
		}
	}
	return false
}

// HasAny reports whether a list has one of the values as an item.
func HasAny(list, separator string, values ...string) bool {
	for _, item := range strings.Split(list, separator) {
		if slices.Contains(values, item) {
			return true
		}
	}
	return false
}

// UnquoteSpec removes the quotes that mount accepts around a whole name.
func UnquoteSpec(field string) (spec, quote string) {
	if len(field) >= 2 && (field[0] == '"' || field[0] == '\'') && field[len(field)-1] == field[0] {
		return field[1 : len(field)-1], field[:1]
	}
	return field, ""
}
