package manifest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

func TestUnknownTouch(t *testing.T) {
	t.Parallel()
	unknown := manifest.Unknown{"source.path", "pipeline.fix", "configuration.users.create[1]"}
	for path, want := range map[string]bool{
		"source.path": true, "source": true, "source.pathname": false, "source.type": false,
		"pipeline.fix.fsck": true, "pipeline.fixed": false, "pipeline": true, "output": false,
		"configuration.users.create[1].name": true, "configuration.users.create[10].name": false, "configuration.users.create": true,
	} {
		if got := unknown.Touch(path); got != want {
			t.Errorf("%s is touched: %t", path, got)
		}
	}
	if manifest.Unknown(nil).Touch("source") {
		t.Error("what is known is touched")
	}
}

// TestDecodeDraft has values that are not known yet beside what is wrong
// whatever they turn out to be.
func TestDecodeDraft(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text    string
		unknown manifest.Unknown
		want    []string
	}{
		"nothing is unknown": {
			minimal(t, map[string]string{"output": `{"format": "qcow3"}`, "source": `{"type": "raw", "path": "d", "pathh": "e"}`}), nil,
			[]string{
				`0:0 output.directory: missing required field`,
				`0:0 source.pathh: unknown field: did you mean "path"?`,
				`0:0 output.format: unsupported output format "qcow3": did you mean "qcow2"? (use one of qcow2, raw, vdi)`,
			},
		},
		"a field that is required": {
			minimal(t, map[string]string{"source": `{"path": "d"}`, "options": `{"verbose": 3}`}), manifest.Unknown{"source.type"},
			[]string{`0:0 options.verbose: 3 is out of range: use 0 (quiet), 1 (normal) or 2 (verbose)`},
		},
		"sections":               {minimal(t, map[string]string{"source": "", "output": "", "pipeline": ""}), manifest.Unknown{"source", "output", "pipeline"}, nil},
		"an element of a list":   {minimal(t, map[string]string{"configuration": `{"users": {"create": [{}]}}`}), manifest.Unknown{"configuration.users.create[0]"}, nil},
		"another element of it":  {minimal(t, map[string]string{"configuration": `{"users": {"create": [{}, {}]}}`}), manifest.Unknown{"configuration.users.create[1]"}, []string{`0:0 configuration.users.create[0].name: missing required field`}},
		"the name of a file":     {minimal(t, map[string]string{"configuration": `{"network": {"systemd_networkd": [{"content": "[NetDev]\nName=br0"}]}}`}), manifest.Unknown{"configuration.network.systemd_networkd[0].filename"}, nil},
		"an output's name":       {minimal(t, map[string]string{"source": `{"type": "raw", "path": "/o/report.json"}`, "output": `{"directory": "/o", "filename": "a"}`, "options": `{"report": {}}`}), manifest.Unknown{"options.report.path"}, nil},
		"whether a report is":    {minimal(t, map[string]string{"options": `{"report": {"path": "../r"}}`}), manifest.Unknown{"options.report.enabled"}, nil},
		"it is no JSON":          {`{`, manifest.Unknown{"source"}, []string{`1:2 the manifest ends before its JSON is complete`}},
		"the value is not there": {minimal(t, nil), manifest.Unknown{"metadata.name"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := manifest.DecodeDraft(strings.NewReader(test.text), test.unknown)
			var found manifest.Errors
			if err != nil && !errors.As(err, &found) {
				t.Fatalf("error %v is not manifest.Errors", err)
			}
			if diff := cmp.Diff(test.want, positions(found), cmpEmpty); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if (m == nil) != (test.text == `{`) {
				t.Errorf("manifest %+v with %v", m, err)
			}
		})
	}
}

// TestDecodeDraftHasDefaults has the defaults of sections of which nothing is
// known.
func TestDecodeDraftHasDefaults(t *testing.T) {
	t.Parallel()
	m, err := manifest.DecodeDraft(strings.NewReader(`{"version": "1.0"}`), manifest.Unknown{"source", "output"})
	if err != nil {
		t.Fatal(err)
	}
	want := &manifest.Manifest{
		Version: "1.0", Source: manifest.NewSource("", ""), Output: manifest.Output{Format: manifest.DefaultFormat},
		Pipeline: manifest.DefaultPipeline(), Options: manifest.DefaultOptions(),
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
}

// assertForgiving takes each field that the manifest has or could have for one
// that is not known yet. No error may be found then that a value of that field
// puts right: a rule about several fields has to say so.
func assertForgiving(t *testing.T, text string) {
	t.Helper()
	var document, schema map[string]any
	if err := errors.Join(json.Unmarshal([]byte(text), &document), json.Unmarshal(manifest.Schema(), &schema)); err != nil {
		t.Fatal(err)
	}
	encode := func() *strings.Reader {
		encoded, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		return strings.NewReader(string(encoded))
	}
	eachField(document, schema, "", func(object map[string]any, name, path string, schema map[string]any) {
		given, isGiven := object[name]
		delete(object, name)
		_, err := manifest.DecodeDraft(encode(), manifest.Unknown{path})
		var found manifest.Errors
		errors.As(err, &found)
		for _, value := range valuesOf(schema) {
			object[name] = value
			_, err := manifest.Decode(encode())
			var still manifest.Errors
			errors.As(err, &still)
			for _, one := range found {
				if !slices.ContainsFunc(still, func(other manifest.Error) bool { return strings.HasPrefix(one.Path, other.Path) }) {
					t.Errorf("while %s is not known, this is found, which %v puts right: %v", path, value, one)
				}
			}
		}
		delete(object, name)
		if isGiven {
			object[name] = given
		}
	})
}

// eachField calls do with the fields that the schema has of the objects which
// the document has.
func eachField(object, schema map[string]any, path string, do func(object map[string]any, name, path string, schema map[string]any)) {
	for name, inner := range properties(schema) {
		at := strings.TrimPrefix(path+"."+name, ".")
		do(object, name, at, inner)
		switch value := object[name].(type) {
		case map[string]any:
			eachField(value, inner, at, do)
		case []any:
			items, _ := inner["items"].(map[string]any)
			for n, element := range value {
				if element, ok := element.(map[string]any); ok {
					eachField(element, items, fmt.Sprintf("%s[%d]", at, n), do)
				}
			}
		}
	}
}

// valuesOf are values that a field can have.
func valuesOf(schema map[string]any) []any {
	if enum, ok := schema["enum"].([]any); ok {
		return slices.DeleteFunc(slices.Clone(enum), func(value any) bool { return value == nil })
	}
	switch typ := fmt.Sprint(schema["type"]); {
	case strings.Contains(typ, "boolean"):
		return []any{true, false}
	case strings.Contains(typ, "integer"):
		return []any{1, 4096}
	case strings.Contains(typ, "string"):
		return []any{"x", "/x/y", "x.raw", "x.netdev"}
	case strings.Contains(typ, "object"):
		return []any{map[string]any{}}
	default:
		return []any{[]any{}}
	}
}

// cmpEmpty makes no difference between no list and an empty one.
var cmpEmpty = cmp.FilterValues(func(a, b []string) bool { return len(a)+len(b) == 0 }, cmp.Ignore())
