package manifest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// fieldsOf lists the JSON names of a section's fields, in order. The types of
// this package have no other fields.
func fieldsOf(section reflect.Type) []string {
	names := make([]string, section.NumField())
	for n := range names {
		names[n], _, _ = strings.Cut(section.Field(n).Tag.Get("json"), ",")
	}
	return names
}

// suggestField is what to tell about an unknown field of the section at path,
// whose known fields are given: the nearest of them, else where a field of that
// name belongs, else all of them.
func suggestField(path, name string, known []string) string {
	if near := nearest(name, known); near != "" {
		return fmt.Sprintf(": did you mean %q?", near)
	}
	if places := sectionsWith(reflect.TypeFor[Manifest](), "", name); len(places) > 0 {
		return ": it belongs in " + strings.Join(places, " or ")
	}
	if path == "" {
		return ": the manifest has " + strings.Join(known, ", ")
	}
	return fmt.Sprintf(": %s has %s", path, strings.Join(known, ", "))
}

// nearest is the candidate that name most probably was meant to be, or nothing:
// one that differs in few letters, else one of which name is a part.
func nearest(name string, candidates []string) string {
	name = strings.ToLower(name)
	best, distance := "", len(name)/3+1
	for _, candidate := range candidates {
		if d := levenshtein.Distance(name, candidate, nil); d < distance && d < len(candidate) {
			best, distance = candidate, d
		}
	}
	if best != "" || len(name) < 4 {
		return best
	}
	for _, candidate := range candidates {
		if strings.Contains(candidate, name) {
			return candidate
		}
	}
	return ""
}

// sectionsWith lists the sections, by path, that have a field of that name.
func sectionsWith(section reflect.Type, path, name string) []string {
	var found []string
	known := fieldsOf(section)
	if slices.Contains(known, name) {
		found = append(found, path)
		if path == "" {
			found[0] = "the manifest's top level"
		}
	}
	for n, inner := range known {
		t, step := section.Field(n).Type, field(path, inner)
		if t.Kind() == reflect.Slice {
			t, step = t.Elem(), step+"[]"
		}
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() == reflect.Struct {
			found = append(found, sectionsWith(t, step, name)...)
		}
	}
	return found
}
