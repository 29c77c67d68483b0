package provider

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
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

// TestNothingIsNothing: what is left out, empty and blank is the same to a migration.
// A module that fills in what its caller left out, and an import, whose record has no
// blanks, must not cost the image.
func TestNothingIsNothing(t *testing.T) {
	t.Parallel()
	const disabled = `"configuration": {"services": {"disable": ["cups"]}}`
	user := func(rest string) string {
		return `"configuration": {"users": {"create": [{"name": "ops"` + rest + `}]}}`
	}
	source := sourceFile(t)
	from := func(rest string) string { return `"source": {"type": "vmdk", "path": "` + source + `"` + rest + `}` }
	for name, test := range map[string]struct {
		before, after string
		replaces      bool
	}{
		"an empty section":         {"", `"configuration": {}`, false},
		"empty sections":           {"", `"configuration": {"users": {"create": [], "delete": []}, "hostname": {"hostname": ""}, "first_boot": []}`, false},
		"an empty list":            {disabled, `"configuration": {"services": {"disable": ["cups"], "enable": []}}`, false},
		"a user's":                 {user(""), user(`, "comment": "", "groups": [], "sudo": []`), false},
		"the source's":             {from(""), from(`, "nics": [], "directories": [], "root": "", "vm": "", "checksum": ""`), false},
		"no triggers":              {"", `"triggers": {}`, false},
		"a trigger that is blank":  {"", `"triggers": {"a": ""}`, true},
		"a service":                {disabled, `"configuration": {"services": {"disable": []}}`, true},
		"a user":                   {user(""), `"configuration": {"users": {"create": []}}`, true},
		"a user's number":          {user(""), user(`, "gid": 0`), true},
		"a card":                   {from(""), from(`, "nics": [{"mac": "00:50:56:9a:01:02"}]`), true},
		"what is not known at all": {"", `"configuration": "(unknown)"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, imports := range []bool{false, true} {
				for _, way := range [][2]string{{test.before, test.after}, {test.after, test.before}} {
					if strings.Contains(way[0], "(unknown)") || imports && strings.Contains(way[0], "triggers") {
						continue
					}
					m := migrate(t, way[0])
					if imports {
						var diags []*tfprotov6.Diagnostic
						m.instance, diags = m.importState(m.image, "")
						m.noErrors(diags)
					}
					replaces, diags := m.replan(m.config(way[1]))
					takenOver := imports && strings.Contains(name, "trigger")
					if want := test.replaces && !takenOver; (replaces != "") != want {
						t.Errorf("from %q to %q, imported: %t: replaces for %q: %s", way[0], way[1], imports, replaces, diags)
					}
				}
			}
		})
	}
}

// TestImportAdoptsSecretsThatAreNotKnownYet, which no record has; anything else that is
// not known may be another configuration.
func TestImportAdoptsSecretsThatAreNotKnownYet(t *testing.T) {
	t.Parallel()
	script := func(name, content string) string {
		return `"configuration": {"first_boot": [{"name": "` + name + `", "content": "` + content + `"}]}`
	}
	m := migrate(t, script("join", "echo 1"))
	var diags []*tfprotov6.Diagnostic
	m.instance, diags = m.importState(m.image, "")
	m.noErrors(diags)
	for config, want := range map[string]bool{
		script("join", unknownText):                                false,
		script(unknownText, "echo 1"):                              true,
		`"configuration": {"first_boot": "` + unknownText + `"}`:   true,
		`"configuration": "` + unknownText + `"`:                   true,
		script("join", "echo 1") + `, "deletion_protection": true`: false,
	} {
		if replaces, text := m.replan(m.config(config)); (replaces != "") != want {
			t.Errorf("%s: replaces for %q: %s", config, replaces, text)
		}
	}
}

// TestNamesOfTheSameFiles: a name that is written down, and is the one that the files
// have, is no reason to make them again.
func TestNamesOfTheSameFiles(t *testing.T) {
	t.Parallel()
	m := migrate(t, "")
	output := func(rest string) string { return `"output": {"directory": "` + m.directory + `"` + rest + `}` }
	reported := func(path string) string { return `"options": {"report": {"path": "` + path + `"}}` }
	was := m.instance
	for config, replaced := range map[string]string{
		output(`, "filename": "disk.qcow2"`): "", output(`, "filename": "web.qcow2"`): "filename", output(`, "filename": "` + unknownText + `"`): "filename",
		reported(m.report): "", reported("./report.json"): "", reported("web.json"): "path",
	} {
		m.instance = was
		replaces, diags := m.replan(m.config(config))
		if (replaces != "") != (replaced != "") || !strings.Contains(replaces, replaced) {
			t.Errorf("%s: replaces for %q, want %q: %s", config, replaces, replaced, diags)
		}
		if replaced != "" {
			continue
		}
		named, applied := m.apply(t.Context(), was, m.config(config))
		m.noErrors(applied)
		m.instance = named
		if replaces, diags := m.replan(m.config("")); replaces != "" {
			t.Errorf("without %s again: replaces for %q: %s", config, replaces, diags)
		}
	}
}
