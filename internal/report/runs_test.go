package report_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// results are the types of the results of all stages.
var results = []report.StageResult{
	report.LoadResult{}, report.Inspection{}, report.FixResult{}, report.Conversion{}, report.Validation{},
}

// recorded are the texts of real runs by their paths in testdata/runs. Package
// pipeline records them. Those of one kind have the same name.
func recorded(t *testing.T, name string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "runs", "*", name))
	if err != nil || len(paths) == 0 {
		t.Fatalf("found %q, %v", paths, err)
	}
	texts := map[string][]byte{}
	for _, path := range paths {
		if texts[path], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

// TestRunsHaveTheFieldsOfTheTypes holds the types to what real runs wrote: every
// member has a field, spelled alike, and every field occurs. So a field that is
// renamed, added or removed fails here before a reader misses it.
func TestRunsHaveTheFieldsOfTheTypes(t *testing.T) {
	t.Parallel()
	found, declared := members{}, members{}
	for name, of := range map[string]reflect.Type{
		"report.json": reflect.TypeFor[report.Report](),
		"events.json": reflect.TypeFor[[]report.Event](),
		"origin.json": reflect.TypeFor[report.Origin](),
	} {
		declared.declare(of)
		for path, text := range recorded(t, name) {
			var value any
			if err := json.Unmarshal(text, &value); err != nil {
				t.Fatal(err)
			}
			for _, unknown := range found.add(of, value) {
				t.Errorf("%s has %s, which no field stands for", path, unknown)
			}
		}
	}
	for _, result := range results {
		declared.declare(reflect.TypeOf(result))
	}
	for _, field := range slices.Sorted(maps.Keys(declared)) {
		if !found[field] {
			t.Errorf("no run has %s", field)
		}
	}
}

// TestReportsDecodeStrictly decodes reports as their readers do, but accepts no
// unknown field, and encodes them again to the same text.
func TestReportsDecodeStrictly(t *testing.T) {
	t.Parallel()
	for path, text := range recorded(t, "report.json") {
		var r report.Report
		strictly(t, text, &r)
		for n := range r.Pipeline.Stages {
			stage := &r.Pipeline.Stages[n]
			if len(stage.Result) == 0 {
				continue
			}
			result := reflect.New(resultType(stage.Name))
			strictly(t, stage.Result, result.Interface())
			var encoded bytes.Buffer
			encoder := json.NewEncoder(&encoded)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(result.Interface()); err != nil {
				t.Fatal(err)
			}
			stage.Result = encoded.Bytes()
		}
		again, err := r.Indented()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(text), string(again)); diff != "" {
			t.Errorf("%s decoded and encoded (-recorded +encoded):\n%s", path, diff)
		}
	}
}

// TestReportsHaveResults reads the results as the provider does.
func TestReportsHaveResults(t *testing.T) {
	t.Parallel()
	r, err := report.Read(filepath.Join("testdata", "runs", "migration", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	loaded := resultOf[report.LoadResult](t, r)
	inspected := resultOf[report.Inspection](t, r)
	fixed := resultOf[report.FixResult](t, r)
	converted := resultOf[report.Conversion](t, r)
	validated := resultOf[report.Validation](t, r)
	if loaded.Machine == nil || len(inspected.Disks) != loaded.Disks || len(fixed.Changes) == 0 ||
		len(converted.Images) != loaded.Disks || len(validated.Images) != loaded.Disks {
		t.Errorf("the results are %+v, %+v, %+v, %+v, %+v", loaded, inspected, fixed, converted, validated)
	}
	failed, err := report.Read(filepath.Join("testdata", "runs", "failure", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(report.LoadResult{}, resultOf[report.LoadResult](t, failed)); diff != "" {
		t.Errorf("the result of a stage that failed (-want +got):\n%s", diff)
	}
	r.Pipeline.Stages[0].Result = json.RawMessage(`{"name": "web01", "disks": "two"}`)
	if got, err := report.ResultOf[report.LoadResult](r); err == nil || !strings.Contains(err.Error(), "stage load_manifest") || got.Name != "" {
		t.Errorf("%+v, %v of a result of another form", got, err)
	}
}

func resultOf[T report.StageResult](t *testing.T, r *report.Report) T {
	t.Helper()
	result, err := report.ResultOf[T](r)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func strictly(t *testing.T, text []byte, into any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Error(err)
	}
}

// resultType is the type of the result of a stage.
func resultType(stage string) reflect.Type {
	n := slices.IndexFunc(results, func(r report.StageResult) bool { return r.StageName() == stage })
	return reflect.TypeOf(results[n])
}

// members are members of JSON objects with the Go type of their object, such
// as "Machine.vcpus".
type members map[string]bool

// add enters the members of value, which has the form of of, and returns those
// that of has no field for.
func (m members) add(of reflect.Type, value any) (unknown []string) {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			unknown = append(unknown, m.add(of.Elem(), element)...)
		}
	case map[string]any:
		for name, member := range value {
			if of == reflect.TypeFor[report.Stages]() {
				unknown = append(unknown, m.addStage(name, member)...)
				continue
			}
			field, ok := fieldsOf(of)[name]
			if !ok && isStruct(of) {
				unknown = append(unknown, qualified(of, name))
			}
			if ok {
				m[qualified(of, name)] = true
				unknown = append(unknown, m.add(field, member)...)
			}
		}
	}
	return unknown
}

// addStage enters the members of a stage and of its result.
func (m members) addStage(name string, value any) []string {
	unknown := m.add(reflect.TypeFor[report.Stage](), value)
	if stage, ok := value.(map[string]any); ok {
		unknown = append(unknown, m.add(resultType(name), stage["result"])...)
	}
	return unknown
}

// declare enters all members that values of a type can have.
func (m members) declare(of reflect.Type) {
	switch {
	case of == reflect.TypeFor[report.Stages]():
		m.declare(reflect.TypeFor[report.Stage]())
	case of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer:
		m.declare(of.Elem())
	}
	for name, field := range fieldsOf(of) {
		m[qualified(of, name)] = true
		m.declare(field)
	}
}

// fieldsOf are the types of a struct's fields by their names in JSON.
func fieldsOf(of reflect.Type) map[string]reflect.Type {
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	fields := map[string]reflect.Type{}
	if !isStruct(of) {
		return fields
	}
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "-" {
			fields[name] = field.Type
		}
	}
	return fields
}

// isStruct reports whether a type encodes as an object with a member a field,
// which times do not.
func isStruct(of reflect.Type) bool {
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	return of.Kind() == reflect.Struct && of != reflect.TypeFor[report.Time]() && of != reflect.TypeFor[time.Time]()
}

func qualified(of reflect.Type, name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(of.String(), "*"), "report.") + "." + name
}
