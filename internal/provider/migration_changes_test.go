package provider

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestChangesInPlaceAreDocumented: who reads that a change is made in place, or is not,
// decides by that about an image which a machine may be running from.
func TestChangesInPlaceAreDocumented(t *testing.T) {
	t.Parallel()
	want := slices.Sorted(maps.Keys(inPlace))
	for name, document := range map[string]struct{ text, after, before string }{
		"the resource": {migrationSchema(t.Context()).MarkdownDescription, "Changes to ", " are made in place"},
		"the guide":    {readText(t, "../../docs/guides/lifecycle.md"), "## Changes in place and replacements\n", " change in place"},
	} {
		_, rest, found := strings.Cut(document.text, document.after)
		list, _, ends := strings.Cut(rest, document.before)
		if !found || !ends {
			t.Fatalf("%s does not list them", name)
		}
		var got []string
		for _, quote := range quoted.FindAllStringSubmatch(list, -1) {
			got = append(got, quote[1])
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s has %q, the program %q", name, got, want)
		}
	}
}
