package manifest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(manifest.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("manifest.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func instance(t *testing.T, text string) any {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestSchemaAcceptsExamples(t *testing.T) {
	t.Parallel()
	schema := compiledSchema(t)
	for name, text := range examples(t) {
		if err := schema.Validate(instance(t, string(text))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		encoded, err := json.Marshal(decode(t, string(text)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(instance(t, string(encoded))); err != nil {
			t.Errorf("%s as encoded: %v", name, err)
		}
	}
}

// TestSchemaRefusesWhatDecodeRefuses holds the two to each other. What only
// Decode can check is in TestValidate alone.
func TestSchemaRefusesWhatDecodeRefuses(t *testing.T) {
	t.Parallel()
	schema := compiledSchema(t)
	refused := map[string]map[string]string{
		"version":             {"version": `"2.0"`},
		"version as a number": {"version": `1.0`},
		"no version":          {"version": ``},
		"no source":           {"source": ``},
		"no output":           {"output": ``},
		"no stage":            {"pipeline": `{}`},
		"unknown field":       {"options": `{"verbos": 1}`},
		"unknown section":     {"opts": `{}`},
		"source type":         {"source": `{"type": "qcow3", "path": "d"}`},
		"source path":         {"source": `{"type": "raw"}`},
		"vm of a disk":        {"source": `{"type": "raw", "path": "d", "vm": "web01"}`},
		"checksum":            {"source": `{"type": "raw", "path": "d", "checksum": "sha256:00"}`},
		"max_virtual_size":    {"source": `{"type": "raw", "path": "d", "max_virtual_size": 0}`},
		"no key":              {"source": `{"type": "raw", "path": "d", "luks_keys": [{}]}`},
		"two keys":            {"source": `{"type": "raw", "path": "d", "luks_keys": [{"key": "a", "key_file": "b"}]}`},
		"device":              {"source": `{"type": "raw", "path": "d", "luks_keys": [{"key": "a", "device": "sda5"}]}`},
		"format":              {"output": `{"directory": "o", "format": "vmdk"}`},
		"filename":            {"output": `{"directory": "o", "filename": "a/b"}`},
		"hidden filename":     {"output": `{"directory": "o", "filename": ".b"}`},
		"fstab_mode":          {"pipeline": `{"fix": {"fstab_mode": "all"}}`},
		"boot's timeout":      {"pipeline": `{"convert": {}, "validate": {"boot": {"timeout_seconds": 1}}}`},
		"boot's failure":      {"pipeline": `{"convert": {}, "validate": {"boot": {"on_failure": "ignore"}}}`},
		"fsck":                {"pipeline": `{"fix": {"fsck": "yes"}}`},
		"initramfs":           {"pipeline": `{"fix": {"initramfs": "dracut"}}`},
		"initramfs left":      {"pipeline": `{"fix": {"initramfs": "append", "regen_initramfs": false}}`},
		"compress_level":      {"pipeline": `{"convert": {"compress": true, "compress_level": 10}}`},
		"level alone":         {"pipeline": `{"convert": {"compress_level": 5}}`},
		"compression_type":    {"pipeline": `{"convert": {"compress": true, "compression_type": "lzma"}}`},
		"zstd alone":          {"pipeline": `{"convert": {"compression_type": "zstd"}}`},
		"preallocation":       {"pipeline": `{"convert": {"preallocation": "on"}}`},
		"cluster_size":        {"pipeline": `{"convert": {"cluster_size": 1000}}`},
		"verbose":             {"options": `{"verbose": 3}`},
		"tags":                {"metadata": `{"tags": "a"}`},
		"user name":           {"configuration": `{"users": {"create": [{"name": "a b"}]}}`},
		"no user name":        {"configuration": `{"users": {"create": [{"uid": 1000}]}}`},
		"uid":                 {"configuration": `{"users": {"create": [{"name": "a", "uid": 0}]}}`},
		"password":            {"configuration": `{"users": {"create": [{"name": "a", "password": "hunter2"}]}}`},
		"shell":               {"configuration": `{"users": {"create": [{"name": "a", "shell": "bash"}]}}`},
		"groups":              {"configuration": `{"users": {"create": [{"name": "a", "groups": ["x", "x"]}]}}`},
		"service":             {"configuration": `{"services": {"enable": ["a/b"]}}`},
		"hosts":               {"configuration": `{"hostname": {"hosts": [{"ip": "::1"}]}}`},
		"gid":                 {"configuration": `{"users": {"create": [{"name": "a", "gid": -1}]}}`},
		"comment":             {"configuration": `{"users": {"create": [{"name": "a", "comment": "a:b"}]}}`},
		"home":                {"configuration": `{"users": {"create": [{"name": "a", "home": "home/a"}]}}`},
		"sudo":                {"configuration": `{"users": {"create": [{"name": "a", "sudo": ["NOPASSWD"]}]}}`},
		"disable":             {"configuration": `{"users": {"disable": ["a b"]}}`},
		"delete":              {"configuration": `{"users": {"delete": [""]}}`},
		"mask":                {"configuration": `{"services": {"mask": ["../a"]}}`},
		"machine_id":          {"configuration": `{"machine_id": "keep"}`},
		"netplan filename":    {"configuration": `{"network": {"netplan": [{"filename": "a.yml", "content": "network: {version: 2}"}]}}`},
		"keyfile name":        {"configuration": `{"network": {"network_manager": [{"filename": "a", "content": "[connection]\ntype=ethernet"}]}}`},
		"script name":         {"configuration": `{"first_boot": [{"name": "../a", "content": "true"}]}`},
		"script":              {"configuration": `{"first_boot": [{"name": "a", "content": ""}]}`},
		"networkd filename":   {"configuration": `{"network": {"systemd_networkd": [{"filename": "a.conf", "content": "[Match]"}]}}`},
	}
	for name, members := range refused {
		text := minimal(t, members)
		if _, err := manifest.Decode(strings.NewReader(text)); err == nil {
			t.Errorf("%s: Decode accepts it", name)
		}
		if err := schema.Validate(instance(t, text)); err == nil {
			t.Errorf("%s: the schema accepts it", name)
		}
	}
	for name, members := range map[string]map[string]string{
		"minimal":      nil,
		"no pipeline":  {"pipeline": ``},
		"no stages":    {"pipeline": `null`},
		"nulls":        {"metadata": `null`, "options": `{"verbose": null}`, "pipeline": `{"fix": {"fstab_mode": null, "backup": null}, "convert": null}`},
		"initramfs":    {"pipeline": `{"fix": {"initramfs": "rebuild", "regen_initramfs": true}}`},
		"no initramfs": {"pipeline": `{"fix": {"initramfs": "auto", "regen_initramfs": false}}`},
		"package":      {"source": `{"type": "ova", "path": "d", "vm": "web01", "checksum": null, "max_virtual_size": 512}`},
		"no vm":        {"source": `{"type": "raw", "path": "d", "vm": "", "checksum": "SHA1:DA39a3ee5e6b4b0d3255bfef95601890afd80709"}`},
		"keys":         {"source": `{"type": "raw", "path": "d", "luks_keys": [{"key": "a", "key_file": null}, {"key_file": "b", "device": "UUID=1"}]}`},
		"locked":       {"configuration": `{"users": {"create": [{"name": "a", "password": "!"}, {"name": "b", "uid": null}]}}`},
	} {
		text := minimal(t, members)
		decode(t, text)
		if err := schema.Validate(instance(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSchemaKeepsStep holds the schema to the Go types: the same fields with
// the same types, and to the defaults.
func TestSchemaKeepsStep(t *testing.T) {
	t.Parallel()
	var root map[string]any
	if err := json.Unmarshal(manifest.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	compare(t, "", reflect.TypeFor[manifest.Manifest](), root)

	enums := map[string][]string{
		"source.type":                       spell(manifest.SourceTypes),
		"output.format":                     append(spell(manifest.OutputFormats), "<nil>"),
		"pipeline.fix.fstab_mode":           append(spell(manifest.FstabModes), "<nil>"),
		"pipeline.validate.boot.on_failure": append(spell(manifest.BootFailures), "<nil>"),
		"pipeline.fix.fsck":                 append(spell(manifest.FsckModes), "<nil>"),
		"configuration.machine_id":          append(spell(manifest.MachineIDs), "<nil>"),
	}
	for path, want := range enums {
		var got []string
		values, ok := at(t, root, path)["enum"].([]any)
		if !ok {
			t.Errorf("%s has no enum", path)
		}
		for _, value := range values {
			got = append(got, fmt.Sprint(value))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("enum of %s (-types +schema):\n%s", path, diff)
		}
	}

	// A manifest whose sections are all there and empty has every default.
	encoded, err := json.Marshal(decode(t, minimal(t, map[string]string{"options": `{"report": {}}`})))
	if err != nil {
		t.Fatal(err)
	}
	var defaults map[string]any
	if err := json.Unmarshal(encoded, &defaults); err != nil {
		t.Fatal(err)
	}
	for _, section := range []string{"source", "pipeline.inspect", "pipeline.fix", "pipeline.convert", "pipeline.validate", "pipeline.validate.boot", "options", "options.report"} {
		for name, schema := range properties(at(t, root, section)) {
			if name == "report" || name == "boot" || section == "source" && schema["default"] == nil {
				continue
			}
			value := any(defaults)
			for _, step := range strings.Split(section+"."+name, ".") {
				fields, _ := value.(map[string]any)
				value = fields[step]
			}
			inSchema, ok := schema["default"]
			if !ok || inSchema != value {
				t.Errorf("default of %s.%s: %v in the schema, %v by Decode", section, name, inSchema, value)
			}
		}
	}
}

func spell[T ~string](values []T) []string {
	var text []string
	for _, value := range values {
		text = append(text, string(value))
	}
	return text
}

func properties(schema map[string]any) map[string]map[string]any {
	found := map[string]map[string]any{}
	inner, _ := schema["properties"].(map[string]any)
	for name, value := range inner {
		found[name], _ = value.(map[string]any)
	}
	return found
}

func at(t *testing.T, root map[string]any, path string) map[string]any {
	t.Helper()
	for _, step := range strings.Split(path, ".") {
		root = properties(root)[step]
		if root == nil {
			t.Fatalf("the schema has no %s", path)
		}
	}
	return root
}

var jsonTypes = map[reflect.Kind]string{
	reflect.Struct: "object", reflect.Slice: "array", reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Int64: "integer",
}

// compare walks a Go type and its schema together.
func compare(t *testing.T, path string, goType reflect.Type, schema map[string]any) {
	t.Helper()
	if goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
	}
	if path != "" && !strings.HasSuffix(path, "[]") && schema["description"] == nil {
		t.Errorf("%s has no description", path)
	}
	if declared, ok := schema["type"]; ok {
		if want := jsonTypes[goType.Kind()]; declared != want && !reflect.DeepEqual(declared, []any{want, "null"}) {
			t.Errorf("%s is %v in the schema and %s in Go", path, declared, want)
		}
	} else if schema["enum"] == nil {
		t.Errorf("%s has neither a type nor an enum", path)
	}
	switch goType.Kind() {
	case reflect.Slice:
		items, _ := schema["items"].(map[string]any)
		compare(t, path+"[]", goType.Elem(), items)
	case reflect.Struct:
		if schema["additionalProperties"] != false {
			t.Errorf("%s takes unknown fields", path)
		}
		inSchema := properties(schema)
		var names []string
		for n := range goType.NumField() {
			name, _, _ := strings.Cut(goType.Field(n).Tag.Get("json"), ",")
			names = append(names, name)
			inner := strings.TrimPrefix(path+"."+name, ".")
			if inSchema[name] == nil {
				t.Errorf("schema.json lacks %s", inner)
				continue
			}
			compare(t, inner, goType.Field(n).Type, inSchema[name])
		}
		for name := range inSchema {
			if !slices.Contains(names, name) {
				t.Errorf("types.go lacks %s.%s", path, name)
			}
		}
	default: // the others hold nothing
	}
}
