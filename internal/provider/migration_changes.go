package provider

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// inPlace are the attributes whose change says nothing about the files that
// were made. A change to any other configured attribute migrates again.
var inPlace = map[string]bool{
	"metadata":                true,
	"source.track":            true,
	"source.verify_checksums": true,
	"source.max_virtual_size": true,
	"source.luks_keys":        true,
	"pipeline.fix.fsck":       true,
	"options.verbose":         true,
	"overwrite":               true,
	"timeouts":                true,
	"deletion_protection":     true,
	"on_destroy":              true,
	"drift_detection":         true,
}

// replacingChanges are the configured attributes that differ between two
// values of the resource and that cannot be changed without migrating again.
func replacingChanges(before, after tftypes.Value) path.Paths {
	computed := computedAttributes()
	return changes(path.Empty(), before, after, func(at path.Path) bool {
		_, isComputed := computed[at.String()]
		return isComputed || inPlace[at.String()]
	})
}

// changes lists the attributes that differ and are not ignored, as deep as
// objects go: an element of a list or a set cannot be addressed in a value that
// lacks it.
func changes(at path.Path, before, after tftypes.Value, ignored func(path.Path) bool) (found path.Paths) {
	if ignored(at) || before.Equal(after) || withoutBlanks(before).Equal(withoutBlanks(after)) {
		return nil
	}
	inside, ok := attributesOf(before)
	now, nowOK := attributesOf(after)
	if !ok || !nowOK {
		return path.Paths{at}
	}
	for _, name := range slices.Sorted(maps.Keys(inside)) {
		found = append(found, changes(at.AtName(name), inside[name], now[name], ignored)...)
	}
	return found
}

// withoutBlanks is a value in which attributes that say nothing are null, as they are
// where they are left out: empty texts and collections, and objects of nothing else.
// Elements stay, for their number may count.
func withoutBlanks(v tftypes.Value) tftypes.Value {
	bare, err := tftypes.Transform(v, func(at *tftypes.AttributePath, inner tftypes.Value) (tftypes.Value, error) {
		_, isAttribute := at.LastStep().(tftypes.AttributeName)
		if whole := len(at.Steps()) == 0; (isAttribute || whole) && isBlank(inner) {
			return tftypes.NewValue(inner.Type(), nil), nil
		}
		return inner, nil
	})
	if err != nil {
		return v
	}
	return bare
}

func isBlank(v tftypes.Value) bool {
	if !v.IsKnown() || v.IsNull() {
		return false
	}
	switch typ := v.Type(); {
	case typ.Is(tftypes.String):
		text, err := as[string](v)
		return err == nil && text == ""
	case typ.Is(tftypes.List{}), typ.Is(tftypes.Set{}):
		elements, err := as[[]tftypes.Value](v)
		return err == nil && len(elements) == 0
	case typ.Is(tftypes.Map{}):
		elements, err := as[map[string]tftypes.Value](v)
		return err == nil && len(elements) == 0
	case typ.Is(tftypes.Object{}):
		attributes, ok := attributesOf(v)
		for _, attribute := range attributes {
			ok = ok && attribute.IsNull()
		}
		return ok
	default:
		return false
	}
}

// attributesOf are the attributes of a known object.
func attributesOf(v tftypes.Value) (attributes map[string]tftypes.Value, ok bool) {
	if !v.Type().Is(tftypes.Object{}) || !v.IsKnown() || v.IsNull() {
		return nil, false
	}
	return attributes, v.As(&attributes) == nil
}

// valueAt is the value of an attribute of the resource.
func valueAt(resource tftypes.Value, at path.Path) (tftypes.Value, error) {
	for _, step := range at.Steps() {
		name, ok := step.(path.PathStepAttributeName)
		attributes, isObject := attributesOf(resource)
		if !ok || !isObject {
			return tftypes.Value{}, fmt.Errorf("there is no %s", at)
		}
		resource = attributes[string(name)]
	}
	return resource, nil
}

// textAt is the text of an attribute of the resource, or nothing where it is null
// or unknown.
func textAt(resource tftypes.Value, at path.Path) string {
	v, err := valueAt(resource, at)
	if err != nil || v.IsNull() || !v.IsKnown() {
		return ""
	}
	text, err := as[string](v)
	if err != nil {
		return ""
	}
	return text
}

// sameWithoutSecrets reports whether two configurations differ in their secrets
// alone.
func sameWithoutSecrets(a, b *manifest.Configuration) bool {
	bare := func(c *manifest.Configuration) *manifest.Manifest {
		m, err := (&manifest.Manifest{Configuration: c}).WithoutSecrets()
		if err != nil {
			return nil
		}
		return m
	}
	return reflect.DeepEqual(bare(a), bare(b))
}
