package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// Where the manifest and the resource differ. All else has one name and one
// place in both.
var (
	// manifestAlone are fields of the manifest that no attribute has.
	manifestAlone = []string{
		"version",          // the provider's own
		"output.overwrite", // at the top level, where typos are caught
	}
	// resourceAlone are attributes that no field of the manifest has. A write-only
	// one is for the field whose name it has without _wo.
	resourceAlone = []string{
		"overwrite", // output.overwrite
		"source.track",
		"configuration.users.create[].password_wo",
		"configuration.users.create[].password_wo_version",
		"deletion_protection", "on_destroy", "drift_detection", "triggers", "timeouts",
		"id", "output_path", "report_path", "source_fingerprint", "report", "artifacts", "guest", "machine", "concerns", "boot",
	}
	// sensitiveButNoSecret are fields that Terraform does not show, and which may
	// stand in an ownership record nevertheless.
	sensitiveButNoSecret = []string{"configuration.users.create[].ssh_authorized_keys"}
)

// TestManifestAndSchemaKeepStep finds a field that is said in one of the two
// alone, or as another kind of thing.
func TestManifestAndSchemaKeepStep(t *testing.T) {
	t.Parallel()
	alone := map[string]bool{}
	for _, path := range slices.Concat(manifestAlone, resourceAlone) {
		alone[path] = false
	}
	compareSection(t, "", reflect.TypeFor[manifest.Manifest](), migrationSchema(t.Context()).Attributes, alone)
	for path, met := range alone {
		if !met {
			t.Errorf("the tables have %s, which both have or neither has", path)
		}
	}
}

func compareSection(t *testing.T, path string, section reflect.Type, attributes map[string]schema.Attribute, alone map[string]bool) {
	t.Helper()
	fields := fieldTypes(section)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		at := strings.TrimPrefix(path+"."+name, ".")
		attribute, ok := attributes[name]
		if !ok {
			if _, listed := alone[at]; !listed {
				t.Errorf("migration_schema_*.go lack the attribute %s", at)
			}
			alone[at] = true
			continue
		}
		field := fields[name]
		switch got, want := kindOfField(field), kindOf(attribute); {
		case got == want:
		case got == "list of strings" && want == "set of strings": // JSON has no sets
		default:
			t.Errorf("%s is a %s in the manifest and a %s in the schema", at, got, want)
		}
		if nested := nestedAttributes(attribute); nested != nil {
			if _, isList := attribute.(schema.ListNestedAttribute); isList {
				at += "[]"
			}
			compareSection(t, at, field, nested, alone)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		at := strings.TrimPrefix(path+"."+name, ".")
		if _, ok := fields[name]; ok {
			continue
		}
		if _, listed := alone[at]; !listed {
			t.Errorf("manifest/types.go lacks %s", at)
		}
		alone[at] = true
		if attributes[name].IsWriteOnly() && fields[replacedBy(name, attributes[name])] == nil {
			t.Errorf("the write-only %s is for no field of the manifest", at)
		}
	}
}

func kindOf(attribute schema.Attribute) string {
	switch attribute := attribute.(type) {
	case schema.SingleNestedAttribute:
		return "section"
	case schema.ListNestedAttribute:
		return "list of sections"
	default:
		switch typ := attribute.GetType(); {
		case typ.Equal(types.StringType):
			return "string"
		case typ.Equal(types.BoolType):
			return "switch"
		case typ.Equal(types.Int64Type):
			return "number"
		case typ.Equal(types.ListType{ElemType: types.StringType}):
			return "list of strings"
		case typ.Equal(types.SetType{ElemType: types.StringType}):
			return "set of strings"
		default:
			return typ.String()
		}
	}
}

func kindOfField(field reflect.Type) string {
	if field.Kind() == reflect.Pointer {
		field = field.Elem()
	}
	switch field.Kind() {
	case reflect.Struct:
		return "section"
	case reflect.Slice:
		return "list of " + kindOfField(field.Elem()) + "s"
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "switch"
	case reflect.Int, reflect.Int64:
		return "number"
	default:
		return field.String()
	}
}

// filled is a manifest whose every field has a value that is neither zero nor
// its default. The values need not make sense.
func filled(t *testing.T) *manifest.Manifest {
	t.Helper()
	m := manifest.Manifest{Pipeline: manifest.DefaultPipeline(), Options: manifest.DefaultOptions(), Source: manifest.NewSource("", "")}
	setEach(t, reflect.ValueOf(&m).Elem(), "")
	m.Version = manifest.Version
	return &m
}

func setEach(t *testing.T, v reflect.Value, at string) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		setEach(t, v.Elem(), at)
	case reflect.Struct:
		for field, inner := range v.Fields() {
			setEach(t, inner, at+"/"+field.Name)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for n := range v.Len() {
			setEach(t, v.Index(n), fmt.Sprintf("%s/%d", at, n))
		}
	case reflect.String:
		v.SetString(at)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + int64(len(at)))
	default:
		t.Fatalf("%s is a %s, which this test cannot fill yet", at, v.Type())
	}
}

// asConfiguration is a manifest as the attributes of the resource that say the
// same.
func asConfiguration(t *testing.T, m *manifest.Manifest) tftypes.Value {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	sections := must[map[string]any](decode(t, string(text)))
	delete(sections, "version")
	output := must[map[string]any](sections["output"])
	sections["overwrite"] = output["overwrite"]
	delete(output, "overwrite")
	return value(t, migrationSchema(t.Context()).Type().TerraformType(t.Context()), sections)
}

func readAs(t *testing.T, resource tftypes.Value) reading {
	t.Helper()
	read, diags := readMigration(t.Context(), resource)
	if diags.HasError() {
		t.Fatal(diags)
	}
	return read
}

// TestEveryFieldTakesTheRoad has no list of fields: one that is new in the
// manifest and the schema is among them. The road back is that of imports and of
// manifest_decode.
func TestEveryFieldTakesTheRoad(t *testing.T) {
	t.Parallel()
	want := filled(t)
	read := readAs(t, asConfiguration(t, want))
	if diff := cmp.Diff(want, read.manifest); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	if len(read.unknown) > 0 {
		t.Errorf("unknown: %q", read.unknown)
	}
	values, err := manifestValues(want)
	if err != nil {
		t.Fatal(err)
	}
	back, err := types.ObjectValueMust(attributeTypes(manifestAttributes()), values).ToTerraformValue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, readAs(t, back).manifest); diff != "" {
		t.Errorf("manifest as attributes and back (-want +got):\n%s", diff)
	}
}

// TestLargeNumbersTakeTheRoad: not all numbers of bytes are a float64.
func TestLargeNumbersTakeTheRoad(t *testing.T) {
	t.Parallel()
	want := filled(t)
	for _, size := range []int64{1<<53 + 1, math.MaxInt64} {
		want.Source.MaxVirtualSize = size
		values, err := manifestValues(want)
		if err != nil {
			t.Fatal(err)
		}
		source := must[types.Object](values["source"])
		if got := must[types.Int64](source.Attributes()["max_virtual_size"]).ValueInt64(); got != size {
			t.Errorf("max_virtual_size is %d, want %d", got, size)
		}
	}
}

// TestEveryUnknownFieldIsRemembered makes each value of the resource unknown in
// turn, also whole sections and elements of lists.
func TestEveryUnknownFieldIsRemembered(t *testing.T) {
	t.Parallel()
	known := asConfiguration(t, filled(t))
	count := 0
	err := tftypes.Walk(known, func(at *tftypes.AttributePath, v tftypes.Value) (bool, error) {
		steps := at.Steps()
		if len(steps) == 0 || v.IsNull() {
			return true, nil
		}
		unknown, err := tftypes.Transform(known, func(other *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
			if other.Equal(at) {
				return tftypes.NewValue(v.Type(), tftypes.UnknownValue), nil
			}
			return v, nil
		})
		if err != nil {
			return false, err
		}
		count++
		read := readAs(t, unknown)
		want := asManifestPath(steps)
		if _, scalar := steps[len(steps)-1].(tftypes.ElementKeyInt); scalar && v.Type().Is(tftypes.String) {
			want = asManifestPath(steps[:len(steps)-1]) // the whole list
		}
		if _, inSet := steps[len(steps)-1].(tftypes.ElementKeyValue); inSet {
			want = asManifestPath(steps[:len(steps)-1])
		}
		if diff := cmp.Diff(manifest.Unknown{want}, read.unknown); diff != "" {
			t.Errorf("unknown %s (-want +got):\n%s", at, diff)
		}
		for _, problem := range read.problems {
			if read.unknown.Touch(problem.Path) {
				t.Errorf("while %s is not known: %v", want, problem)
			}
		}
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count < 100 {
		t.Errorf("only %d values were made unknown", count)
	}
}

func asManifestPath(steps []tftypes.AttributePathStep) string {
	text := ""
	for _, step := range steps {
		switch step := step.(type) {
		case tftypes.AttributeName:
			text = strings.TrimPrefix(text+"."+string(step), ".")
		case tftypes.ElementKeyInt:
			text += fmt.Sprintf("[%d]", int64(step))
		}
	}
	return text
}

// TestDefaultsOfTheSchemaAreTheManifests plans configurations, which fills in
// the defaults of the schema.
func TestDefaultsOfTheSchemaAreTheManifests(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	for _, given := range []string{"", `"pipeline": {}`, `"pipeline": {"fix": {}}`, `"pipeline": {"inspect": {}, "fix": {}, "convert": {}, "validate": {}}`, `"options": {}`, `"options": {"report": {}}`} {
		config := configuration("/vms/disk.vmdk", "/images", given)
		resp, planned := server.plan(instance{}, config)
		server.noErrors(resp.Diagnostics)
		if diff := cmp.Diff(configured(t, config).manifest, readAs(t, planned).manifest); diff != "" {
			t.Errorf("%s (-manifest +schema):\n%s", config, diff)
		}
	}
}

// TestSensitiveFieldsAreSecrets holds what Terraform hides to what the records
// and the logs of a run leave out.
func TestSensitiveFieldsAreSecrets(t *testing.T) {
	t.Parallel()
	full := filled(t)
	bare, err := full.WithoutSecrets()
	if err != nil {
		t.Fatal(err)
	}
	var sensitive []string
	eachAttribute("", manifestAttributes(), func(path string, attribute schema.Attribute) {
		if attribute.IsSensitive() && !slices.Contains(resourceAlone, path) && !slices.Contains(sensitiveButNoSecret, path) {
			sensitive = append(sensitive, path)
		}
	})
	var secret []string
	for _, path := range emptied(reflect.ValueOf(full), reflect.ValueOf(bare), "") {
		if !slices.Contains(secret, path) {
			secret = append(secret, path)
		}
	}
	slices.Sort(sensitive)
	slices.Sort(secret)
	if diff := cmp.Diff(sensitive, secret); diff != "" {
		t.Errorf("-sensitive in the schema, +left out by WithoutSecrets:\n%s", diff)
	}
}

func eachAttribute(path string, attributes map[string]schema.Attribute, do func(path string, attribute schema.Attribute)) {
	for name, attribute := range attributes {
		at := strings.TrimPrefix(path+"."+name, ".")
		do(at, attribute)
		if _, isList := attribute.(schema.ListNestedAttribute); isList {
			at += "[]"
		}
		eachAttribute(at, nestedAttributes(attribute), do)
	}
}

// emptied lists the fields that have a value in before and none in after.
func emptied(before, after reflect.Value, path string) (found []string) {
	switch before.Kind() {
	case reflect.Pointer:
		return emptied(before.Elem(), after.Elem(), path)
	case reflect.Slice:
		for n := range before.Len() {
			found = append(found, emptied(before.Index(n), after.Index(n), path+"[]")...)
		}
	case reflect.Struct:
		for n := range before.NumField() {
			name, _, _ := strings.Cut(before.Type().Field(n).Tag.Get("json"), ",")
			found = append(found, emptied(before.Field(n), after.Field(n), strings.TrimPrefix(path+"."+name, "."))...)
		}
	default:
		if !before.IsZero() && after.IsZero() {
			found = append(found, path)
		}
	}
	return found
}

// TestWriteOnlyValuesComeFromTheConfiguration has a plan that differs from the
// configuration in all else, too.
func TestWriteOnlyValuesComeFromTheConfiguration(t *testing.T) {
	t.Parallel()
	all := migrationSchema(t.Context())
	writeOnly := 0
	fillIn := func(text string, written func(tftypes.Type) tftypes.Value) tftypes.Value {
		m := filled(t)
		m.Metadata.Owner = text
		v, err := tftypes.Transform(asConfiguration(t, m), func(at *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
			if isWriteOnly(t.Context(), all, at) {
				writeOnly++
				return written(v.Type()), nil
			}
			return v, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	config := fillIn("configured", func(typ tftypes.Type) tftypes.Value { return tftypes.NewValue(typ, "write-only") })
	if writeOnly != 4 {
		t.Errorf("%d write-only values", writeOnly) // two passwords and two keys
	}
	plan := fillIn("planned", func(typ tftypes.Type) tftypes.Value { return tftypes.NewValue(typ, nil) })
	complete, err := withWriteOnly(t.Context(), plan, config)
	if err != nil {
		t.Fatal(err)
	}
	m := readAs(t, complete).manifest
	if m.Metadata.Owner != "planned" {
		t.Errorf("owner %q is not the planned one", m.Metadata.Owner)
	}
	for n := range 2 {
		if m.Configuration.Users.Create[n].Password != "write-only" || m.Source.LUKSKeys[n].Key != "write-only" {
			t.Errorf("write-only values of %+v and %+v", m.Configuration.Users.Create[n], m.Source.LUKSKeys[n])
		}
	}
	if planned := readAs(t, plan).manifest; planned.Source.LUKSKeys[0].Key != "" {
		t.Errorf("the plan has the key %q", planned.Source.LUKSKeys[0].Key)
	}
}
