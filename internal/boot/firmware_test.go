package boot

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// described is a descriptor of QEMU's firmware, as distributions have them.
func described(code, codeFormat, template, templateFormat, machine, more string) string {
	return fmt.Sprintf(`{"description": "x", "interface-types": ["uefi"], "mapping": {"device": "flash"%s,
 "executable": {"filename": %q, "format": %q}, "nvram-template": {"filename": %q, "format": %q}},
 "targets": [{"architecture": "aarch64", "machines": ["virt-*"]}, {"architecture": "x86_64", "machines": [%q]}], "features": ["acpi-s3"]}`,
		more, code, codeFormat, template, templateFormat, machine)
}

// TestFindFlash: the host's descriptors tell which firmware there is, by their names and by
// their directories, and the machines of a test do not get what they cannot start.
func TestFindFlash(t *testing.T) {
	t.Parallel()
	const q35 = "pc-q35-*"
	for name, test := range map[string]struct {
		files map[string]string // below the test's folder; @ stands for that
		want  string            // the base name of the code, or nothing
		form  string
	}{
		"Fedora": {map[string]string{
			"usr/30-secure.json": `{"interface-types": ["uefi"], "mapping": {"device": "flash", "executable": {"filename": "@/secure", "format": "raw"}, "nvram-template": {"filename": "@/vars", "format": "raw"}},
			 "targets": [{"architecture": "x86_64", "machines": ["pc-q35-*"]}], "features": ["enrolled-keys", "requires-smm", "secure-boot"]}`,
			"usr/50-x64.json": described("@/code.qcow2", "qcow2", "@/vars.qcow2", "qcow2", q35, ""),
			"secure":          "", "vars": "", "code.qcow2": "", "vars.qcow2": "",
		}, "code.qcow2", "qcow2"},
		"the administrator's before": {map[string]string{
			"etc/50.json": described("@/own", "raw", "@/vars", "raw", q35, ""), "usr/50.json": described("@/code", "raw", "@/vars", "raw", q35, ""),
			"own": "", "code": "", "vars": "",
		}, "own", "raw"},
		"masked": {map[string]string{
			"etc/50.json": "", "usr/50.json": described("@/code", "raw", "@/vars", "raw", q35, ""), "usr/60.json": described("@/other", "raw", "@/vars", "raw", q35, ""),
			"other": "", "code": "", "vars": "",
		}, "other", "raw"},
		"by name": {map[string]string{
			"etc/60.json": described("@/late", "raw", "@/vars", "raw", q35, ""), "usr/50.json": described("@/early", "raw", "@/vars", "raw", q35, `, "mode": "split"`),
			"early": "", "late": "", "vars": "",
		}, "early", "raw"},
		"its file is not there":    {map[string]string{"usr/50.json": described("@/gone", "raw", "@/vars", "raw", q35, ""), "vars": "", "known": ""}, "known", "raw"},
		"a store that keeps none":  {map[string]string{"usr/50.json": described("@/code", "raw", "@/vars", "raw", q35, `, "mode": "stateless"`), "code": "", "vars": "", "known": ""}, "known", "raw"},
		"for another machine":      {map[string]string{"usr/50.json": described("@/code", "raw", "@/vars", "raw", "microvm", ""), "code": "", "vars": "", "known": ""}, "known", "raw"},
		"a format that is unknown": {map[string]string{"usr/50.json": described("@/code", "vmdk", "@/vars", "raw", q35, ""), "code": "", "vars": "", "known": ""}, "known", "raw"},
		"no descriptor":            {map[string]string{"vars": "", "known": ""}, "known", "raw"},
		"nothing":                  {nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			for file, text := range test.files {
				at := filepath.Join(folder, file)
				if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(at, []byte(strings.ReplaceAll(text, "@", folder)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			known := []flash{{filepath.Join(folder, "known"), "raw", filepath.Join(folder, "vars"), "raw"}}
			got, err := findFlash([]string{filepath.Join(folder, "etc"), filepath.Join(folder, "usr")}, known)
			if (err != nil) != (test.want == "") {
				t.Fatalf("%+v, %v", got, err)
			}
			if err == nil && (filepath.Base(got.code) != test.want || got.codeFormat != test.form || got.variablesFormat != test.form) {
				t.Errorf("%+v, want %s", got, test.want)
			}
		})
	}
}
