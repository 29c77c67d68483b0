package provider

import (
	"strings"
	"testing"
)

// TestTimeoutAtPlan: what was not known when the configuration was validated.
func TestTimeoutAtPlan(t *testing.T) {
	t.Parallel()
	m := migrate(t, "")
	for _, timeout := range []string{"0s", "-5m"} {
		config := m.config(`"timeouts": {"create": "` + timeout + `"}`)
		resp, _ := m.plan(instance{}, config)
		wantText(t, strings.Join(texts(resp.Diagnostics), "\n"), `ERROR AttributeName("timeouts").AttributeName("create"): Invalid timeout`)
		_, diags := m.replan(config)
		wantText(t, diags, `ERROR AttributeName("timeouts").AttributeName("create"): Invalid timeout`)
	}
}

func TestValidateConfig(t *testing.T) {
	t.Parallel()
	server := newServer(t, fakeProvider(t), `{}`)
	const good = `"source": {"type": "vmdk", "path": "d.vmdk"}, "output": {"directory": "out"}`
	tests := map[string]struct {
		config string
		want   []string // a part of each diagnostic, in order
	}{
		"shortest":    {`{` + good + `}`, nil},
		"source type": {`{"source": {"type": "qcow3", "path": "d"}, "output": {"directory": "out"}}`, []string{`"source").AttributeName("type")`}},
		"all at once": {
			`{"source": {"type": "qcow3", "path": ""}, "output": {"directory": "out", "format": "vhd"}}`,
			[]string{"source type", "must not be empty", "output format"},
		},
		"vm of a disk": {
			`{"source": {"type": "vmdk", "path": "d", "vm": "web01"}, "output": {"directory": "out"}}`, []string{`"source").AttributeName("vm")`},
		},
		"vm of a source whose type is not known": {
			`{"source": {"type": "(unknown)", "path": "d", "vm": "web01"}, "output": {"directory": "out"}}`, nil,
		},
		"checksum": {
			`{"source": {"type": "raw", "path": "d", "checksum": "sha256:0"}, "output": {"directory": "out"}}`, []string{"64 hexadecimal digits"},
		},
		"max_virtual_size": {
			`{"source": {"type": "raw", "path": "d", "max_virtual_size": -1}, "output": {"directory": "out"}}`, []string{"out of range"},
		},
		"no time":            {`{` + good + `, "timeouts": {"create": "0s"}}`, []string{`"timeouts").AttributeName("create"): Invalid timeout: A migration cannot end within 0s`}},
		"less than no time":  {`{` + good + `, "timeouts": {"create": "-5m"}}`, []string{"within -5m0s"}},
		"time not known yet": {`{` + good + `, "timeouts": {"create": "(unknown)"}}`, nil},
		"fstab mode":         {`{` + good + `, "pipeline": {"fix": {"fstab_mode": "all"}}}`, []string{"fstab mode"}},
		"no stage":           {`{` + good + `, "pipeline": {}}`, []string{"no stage is enabled"}},
		"no stage, as far as is known": {
			`{` + good + `, "pipeline": {"fix": {"enabled": "(unknown)"}}}`, nil,
		},
		"initramfs that is left as it is": {
			`{` + good + `, "pipeline": {"fix": {"regen_initramfs": false, "initramfs": "append"}}}`, []string{`"fix").AttributeName("initramfs"): Invalid migration: pipeline.fix.initramfs: "append" contradicts`},
		},
		"initramfs that may be left as it is": {
			`{` + good + `, "pipeline": {"fix": {"regen_initramfs": "(unknown)", "initramfs": "append"}}}`, nil,
		},
		"zstd without compression": {
			`{` + good + `, "pipeline": {"convert": {"compression_type": "zstd"}}}`, []string{`"convert").AttributeName("compression_type")`},
		},
		"zstd with what may be compression": {
			`{` + good + `, "pipeline": {"convert": {"compress": "(unknown)", "compression_type": "zstd", "compress_level": 3}}}`, nil,
		},
		"preallocation of a format that is not known": {
			`{"source": {"type": "vmdk", "path": "d"}, "output": {"directory": "o", "format": "(unknown)"}, "pipeline": {"convert": {"preallocation": "metadata", "cluster_size": 512}}}`, nil,
		},
		"preallocation": {
			`{"source": {"type": "vmdk", "path": "d"}, "output": {"directory": "o", "format": "raw"}, "pipeline": {"convert": {"preallocation": "metadata"}}}`,
			[]string{"cannot be preallocated"},
		},
		"cluster size": {`{` + good + `, "pipeline": {"convert": {"cluster_size": 1000}}}`, []string{"power of two"}},
		"compress raw": {
			`{"source": {"type": "vmdk", "path": "d"}, "output": {"directory": "o", "format": "raw"}, "pipeline": {"convert": {"compress": true}}}`,
			[]string{"cannot be compressed"},
		},
		"compress what is not known": {
			`{"source": {"type": "vmdk", "path": "d"}, "output": {"directory": "o", "format": "(unknown)", "filename": "d.raw"}, "pipeline": {"convert": {"compress": true}}}`,
			nil,
		},
		"validate without an image, as far as is known": {
			`{` + good + `, "pipeline": {"validate": {}, "fix": "(unknown)"}}`, nil,
		},
		"unknown everything": {`{"source": "(unknown)", "output": "(unknown)", "pipeline": "(unknown)", "configuration": "(unknown)"}`, nil},
		"error beside an unknown value": {
			`{"source": {"type": "qcow3", "path": "(unknown)"}, "output": "(unknown)"}`, []string{"source type"},
		},
		"plain password": {
			`{` + good + `, "configuration": {"users": {"create": [{"name": "u", "password": "swordfish"}]}}}`,
			[]string{`ElementKeyInt(0).AttributeName("password")`},
		},
		"plain write-only password": {
			`{` + good + `, "configuration": {"users": {"create": [{"name": "u", "password_wo": "swordfish", "password_wo_version": 1}]}}}`,
			[]string{`ElementKeyInt(0).AttributeName("password_wo")`},
		},
		"both passwords": {
			`{` + good + `, "configuration": {"users": {"create": [{"name": "u", "password": "!", "password_wo": "!", "password_wo_version": 1}]}}}`,
			[]string{`ElementKeyInt(0).AttributeName("password")`},
		},
		"write-only password without a version": {
			`{` + good + `, "configuration": {"users": {"create": [{"name": "u", "password_wo": "!"}]}}}`, []string{"password_wo_version"},
		},
		"version without a write-only password": {
			`{` + good + `, "configuration": {"users": {"create": [{"name": "u", "password_wo_version": 1}]}}}`, []string{"password_wo"},
		},
		"write-only password that is not known yet": {
			`{` + good + `, "configuration": {"users": {"create": [{"name": "u", "password_wo": "(unknown)", "password_wo_version": 1}]}}}`, nil,
		},
		"configuration without the stage that injects it": {
			`{` + good + `, "pipeline": {"convert": {}}, "configuration": {"hostname": {"hostname": "web"}}}`, []string{`"pipeline").AttributeName("fix")`},
		},
		"configuration with a stage that is not known yet": {
			`{` + good + `, "pipeline": {"fix": {"enabled": "(unknown)"}, "convert": {}}, "configuration": {"hostname": {"hostname": "web"}}}`, nil,
		},
		"network file without effect": {
			`{` + good + `, "configuration": {"network": {"netplan": [{"filename": "a.yaml", "content": "CANARY: 1"}]}}}`,
			[]string{`"netplan").ElementKeyInt(0).AttributeName("content")`},
		},
		"unknown users": {`{` + good + `, "configuration": {"users": {"create": "(unknown)"}}}`, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := texts(server.validate(test.config))
			// What this version cannot do yet changes from version to version.
			got = without(got, "not supported by this version")
			if len(got) != len(test.want) {
				t.Fatalf("got %d diagnostics, want %d: %q", len(got), len(test.want), got)
			}
			for i, want := range test.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("diagnostic %q lacks %q", got[i], want)
				}
				if strings.Contains(got[i], "swordfish") {
					t.Errorf("diagnostic shows a secret: %s", got[i])
				}
			}
		})
	}
}

func without(texts []string, part string) []string {
	var kept []string
	for _, text := range texts {
		if !strings.Contains(text, part) {
			kept = append(kept, text)
		}
	}
	return kept
}
