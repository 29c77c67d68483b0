package manifest

import "slices"

// Unknown are the fields of a manifest whose values are not known yet, by their
// paths. They have their defaults in the manifest.
type Unknown []string

// Touch reports whether any of them is the field at the path, lies in it or
// holds it.
func (u Unknown) Touch(path string) bool {
	return slices.ContainsFunc(u, func(unknown string) bool { return covers(unknown, path) || covers(path, unknown) })
}

// Unplaced reports whether it is not known yet where the outputs go.
func (u Unknown) Unplaced() bool { return slices.ContainsFunc(outputsRestOn, u.Touch) }

// given is the collector for an error that rests on other fields than its own:
// one that keeps nothing if any of them is not known yet.
func (c *collector) given(others ...string) *collector {
	if slices.ContainsFunc(others, c.unknown.Touch) {
		return &collector{}
	}
	return c
}
