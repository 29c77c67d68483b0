package manifest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// examples are the manifests of the documentation and one that has every field.
func examples(t *testing.T) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 7 {
		t.Fatalf("only %d examples in testdata", len(paths))
	}
	found := map[string][]byte{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found[filepath.Base(path)] = content
	}
	return found
}

func decode(t *testing.T, text string) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Decode(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestEncodedDecodesToTheSame is what the worker process counts on.
func TestEncodedDecodesToTheSame(t *testing.T) {
	t.Parallel()
	for name, text := range examples(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := decode(t, string(text))
			encoded, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(m, decode(t, string(encoded))); diff != "" {
				t.Errorf("decoded again (-first +second):\n%s", diff)
			}
		})
	}
}

func TestEmptySectionsDecodeToTheSame(t *testing.T) {
	t.Parallel()
	m := decode(t, `{
		"version": "1.0", "metadata": {"tags": []}, "source": {"type": "raw", "path": "d.img"}, "output": {"directory": "out"},
		"pipeline": {"inspect": {}},
		"configuration": {"users": {"create": []}, "services": {}, "hostname": {"hosts": []}, "network": {"systemd_networkd": []}, "first_boot": []},
		"options": {"report": {"enabled": false, "path": ""}}
	}`)
	encoded, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, decode(t, string(encoded))); diff != "" {
		t.Errorf("decoded again (-first +second):\n%s", diff)
	}
}

func TestDecodeEverything(t *testing.T) {
	t.Parallel()
	uid, level, cluster := 1001, 9, 128<<10
	want := &manifest.Manifest{
		Version: "1.0",
		Metadata: &manifest.Metadata{
			Name: "everything", Description: "Every field of the schema, none at its default",
			Tags: []string{"a", "b"}, Owner: "ops-team", Created: "2026-01-21",
		},
		Source: manifest.Source{
			Type: manifest.SourceOVA, Path: "disks/web.v2.ova", VM: "web01",
			Checksum:       "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
			MaxVirtualSize: 1 << 40,
			LUKSKeys:       []manifest.LUKSKey{{Device: "/dev/sda5", Key: "correct horse"}, {KeyFile: "keys/web"}},
		},
		Output: manifest.Output{Directory: "out", Format: manifest.FormatQCOW2, Filename: "web.qcow2", Overwrite: true},
		Pipeline: manifest.Pipeline{
			Inspect: manifest.Inspect{Enabled: true, CollectGuestInfo: true},
			Fix: manifest.Fix{
				Enabled: true, PrintFstab: true, Initramfs: manifest.InitramfsAuto, FstabMode: manifest.FstabBypathOnly, RemoveVMwareTools: true,
				Fsck: manifest.FsckWarn, VirtioWin: "virtio-win.iso", BlockDriver: manifest.BlockVioscsi,
			},
			Convert: manifest.Convert{
				Enabled: true, Compress: true, CompressLevel: &level, CompressionType: manifest.CompressionZstd,
				Preallocation: manifest.PreallocationOff, ClusterSize: &cluster,
			},
			Validate: manifest.Validate{
				Enabled: true,
				Boot:    manifest.Boot{Enabled: true, TimeoutSeconds: 900, MemoryMiB: 4096, CPUs: 4, OnFailure: manifest.BootWarn},
			},
		},
		Configuration: &manifest.Configuration{
			Users: &manifest.Users{Disable: []string{"vagrant"}, Delete: []string{"oldadmin"}, Create: []manifest.User{
				{
					Name: "sysadmin", UID: &uid, GID: &uid, Comment: "System administration", Home: "/srv/sysadmin",
					Sudo: []string{"ALL=(ALL:ALL) NOPASSWD: /usr/bin/systemctl, /usr/bin/journalctl"}, Groups: []string{"wheel", "docker"}, Shell: "/bin/bash",
					Password:          "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
					SSHAuthorizedKeys: []string{"ssh-rsa AAAAB3... user@host"},
				},
				{Name: "guest"},
			}},
			Services: &manifest.Services{Enable: []string{"sshd", "docker.socket"}, Disable: []string{"vmware-tools"}, Mask: []string{"cups"}},
			Hostname: &manifest.Hostname{Hostname: "webserver01", Domain: "example.com", Hosts: []manifest.Host{
				{IP: "127.0.0.1", Hostname: "localhost"},
				{IP: "fd00::10", Hostname: "webserver01.example.com webserver01"},
			}},
			MachineID: manifest.MachineIDReset,
			Network: &manifest.Network{
				SystemdNetworkd: []manifest.NetworkFile{{
					Filename: "10-eth0.network", Content: "[Match]\nName=eth0\n\n[Network]\nDHCP=no\nAddress=10.0.0.10/24\n",
				}},
				Netplan: []manifest.NetworkFile{{
					Filename: "60-eth1.yaml", Content: "network:\n  version: 2\n  ethernets:\n    eth1:\n      dhcp4: true\n",
				}},
				NetworkManager: []manifest.NetworkFile{{
					Filename: "eth2.nmconnection", Content: "[connection]\nid=eth2\ntype=ethernet\ninterface-name=eth2\n",
				}},
			},
			FirstBoot: []manifest.Script{{Name: "greet", Content: "echo migrated >> /etc/motd\n"}},
		},
		Options: manifest.Options{DryRun: true, Verbose: 2, Report: manifest.ReportOptions{Path: "reports/web.json"}},
	}
	if diff := cmp.Diff(want, decode(t, string(examples(t)["everything.json"]))); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
}

// minimal is a manifest with the given members in place of its own.
func minimal(t *testing.T, replaced map[string]string) string {
	t.Helper()
	members := map[string]json.RawMessage{
		"version":  json.RawMessage(`"1.0"`),
		"source":   json.RawMessage(`{"type": "vmdk", "path": "/data/source/disk.vmdk"}`),
		"output":   json.RawMessage(`{"directory": "/data/output"}`),
		"pipeline": json.RawMessage(`{"inspect": {}, "fix": {}, "convert": {}, "validate": {}}`),
	}
	for name, value := range replaced {
		if value == "" {
			delete(members, name)
		} else {
			members[name] = json.RawMessage(value)
		}
	}
	encoded, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

func TestDecodeDefaults(t *testing.T) {
	t.Parallel()
	off := manifest.DefaultPipeline()
	off.Inspect.Enabled, off.Fix.Enabled, off.Convert.Enabled, off.Validate.Enabled = false, false, false, false
	for name, test := range map[string]struct {
		members map[string]string
		want    func(*manifest.Manifest)
	}{
		"minimal": {nil, func(*manifest.Manifest) {}},
		"null is the same as absent": {
			map[string]string{
				"source":   `{"type": "vmdk", "path": "/data/source/disk.vmdk", "vm": null, "checksum": null, "verify_checksums": null, "max_virtual_size": null}`,
				"metadata": "null", "configuration": "null", "options": `{"verbose": null, "report": null}`,
				"output":   `{"directory": "/data/output", "format": null, "filename": null, "overwrite": null}`,
				"pipeline": `{"inspect": {"enabled": null}, "fix": {"fstab_mode": null}, "convert": {"compress_level": null}, "validate": {}}`,
			},
			func(*manifest.Manifest) {},
		},
		"no pipeline is all stages":   {map[string]string{"pipeline": ""}, func(*manifest.Manifest) {}},
		"null pipeline is all stages": {map[string]string{"pipeline": "null"}, func(*manifest.Manifest) {}},
		"a stage that is absent is off": {
			map[string]string{"pipeline": `{"inspect": {}, "convert": null}`},
			func(m *manifest.Manifest) {
				m.Pipeline = off
				m.Pipeline.Inspect.Enabled = true
			},
		},
		"a stage that is switched off keeps its options": {
			map[string]string{"pipeline": `{"inspect": {}, "fix": {"enabled": false, "backup": false}}`},
			func(m *manifest.Manifest) {
				m.Pipeline = off
				m.Pipeline.Inspect.Enabled = true
				m.Pipeline.Fix.Backup = false
			},
		},
		"options keep their other defaults": {
			map[string]string{"options": `{"dry_run": true, "report": {"path": "r.json"}}`},
			func(m *manifest.Manifest) {
				m.Options.DryRun = true
				m.Options.Report.Path = "r.json"
			},
		},
		"a whole number in another spelling": {
			map[string]string{"options": `{"verbose": 2.0}`},
			func(m *manifest.Manifest) { m.Options.Verbose = 2 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := &manifest.Manifest{
				Version:  "1.0",
				Source:   manifest.NewSource(manifest.SourceVMDK, "/data/source/disk.vmdk"),
				Output:   manifest.Output{Directory: "/data/output", Format: manifest.FormatQCOW2},
				Pipeline: manifest.DefaultPipeline(),
				Options:  manifest.Options{Verbose: 1, Report: manifest.ReportOptions{Enabled: true, Path: "report.json"}},
			}
			test.want(want)
			if diff := cmp.Diff(want, decode(t, minimal(t, test.members))); diff != "" {
				t.Errorf("manifest (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeSkipsByteOrderMark(t *testing.T) {
	t.Parallel()
	decode(t, "\ufeff"+minimal(t, nil))
}

// complete is a manifest that lacks only its end, which begins on line 2.
const complete = `{"version": "1.0", "source": {"type": "raw", "path": "d"}, "output": {"directory": "o"}, "pipeline": {"inspect": {}},
`

// TestDecodeErrors is for what is wrong with the JSON; TestValidate is for what
// is wrong with the values.
func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want string // line:column path: message, a line for each error
	}{
		"empty":         {" \n", `0:0 the manifest is empty`},
		"cut off":       {"{\n  \"version\": ", `2:14 the manifest ends before its JSON is complete`},
		"comment":       {"{\n  // why\n}", `2:3 the manifest is not JSON: invalid character '/' looking for beginning of object key string (JSON has no comments)`},
		"comma":         {`{"a": 1,}`, `1:9 the manifest is not JSON: invalid character '}' looking for beginning of object key string (is there a comma too many before it?)`},
		"no JSON":       {`version: 1`, `1:1 the manifest is not JSON: invalid character 'v' looking for beginning of value`},
		"no object":     {`[1]`, `1:1 a manifest is a JSON object, not a list`},
		"null":          {`null`, `1:1 a manifest is a JSON object, not null`},
		"trailing":      {minimal(t, nil) + "\n{}", `2:1 there is more after the end of the manifest, which is one JSON object`},
		"not UTF-8":     {"{\"é\": \"\xff\"}", `1:8 the manifest is not UTF-8 text`},
		"deeply nested": {strings.Repeat("[", 20000), `1:10001 the manifest is not JSON: invalid character '[' exceeded max depth`},
		"nothing given": {
			"{}",
			`1:1 version: missing required field
			 1:1 source: missing required field
			 1:1 output: missing required field`,
		},
		"required fields of sections": {
			`{
			"version": null,
			"source": {},
			"output": {},
			"pipeline": {"fix": {}},
			"configuration": {
				"users": {"create": [{}]},
				"hostname": {"hosts": [{}]},
				"network": {"systemd_networkd": [{}]},
				"first_boot": [{}]
			}}`,
			`1:1 version: missing required field
			 3:14 source.type: missing required field
			 3:14 source.path: missing required field
			 4:14 output.directory: missing required field
			 7:26 configuration.users.create[0].name: missing required field
			 8:28 configuration.hostname.hosts[0].ip: missing required field
			 8:28 configuration.hostname.hosts[0].hostname: missing required field
			 9:38 configuration.network.systemd_networkd[0].filename: missing required field
			 9:38 configuration.network.systemd_networkd[0].content: missing required field
			 10:20 configuration.first_boot[0].name: missing required field
			 10:20 configuration.first_boot[0].content: missing required field`,
		},
		"wrong types": {
			`{
			"version": 1.0,
			"metadata": {"tags": ["a", 2, null]},
			"source": "disk.vmdk",
			"output": {"directory": ["/data"]},
			"pipeline": {"inspect": true, "fix": {"backup": "yes"}, "convert": {"compress": true, "compress_level": "6"}},
			"options": {"verbose": 1.5, "report": []}
			}`,
			`2:15 version: must be a string, not a number
			 3:31 metadata.tags[1]: must be a string, not a number
			 3:34 metadata.tags[2]: must be a string, not null
			 4:14 source: must be an object, not a string
			 5:28 output.directory: must be a string, not a list
			 6:28 pipeline.inspect: must be an object, not true or false
			 6:52 pipeline.fix.backup: must be true or false, not a string
			 6:108 pipeline.convert.compress_level: must be a number, not a string
			 7:27 options.verbose: must be a whole number, not 1.5
			 7:42 options.report: must be an object, not a list`,
		},
		"a number that is too large": {
			complete + `"options": {"verbose": 1e300}}`,
			`2:24 options.verbose: must be a whole number, not 1e300`,
		},
		"given twice": {
			"{\"version\": \"1.0\",\n\"version\": \"1.0\",\n\"source\": {\"type\": \"raw\", \"path\": \"d\", \"path\": \"e\"}, \"output\": {\"directory\": \"o\"}, \"pipeline\": {\"inspect\": {}}}",
			`2:1 version: is given twice: keep one of the two
			 3:40 source.path: is given twice: keep one of the two`,
		},
		"unknown fields and everything else at once, by position": {
			`{
			"version": "2.0",
			"source": {"typ": "vmdk", "type": "qcow3", "path": ""},
			"fstab_mode": "noop",
			"output": {"directory": "o", "we ird": 1},
			"pipeline": {
				"fix": {"enable": true, "fstab_mode": "stabilise-all", "path": "x"},
				"convert": {"compress_level": 12}
			},
			"Options": {}
			}`,
			`2:15 version: unsupported manifest version "2.0": this program reads version "1.0"
			 3:15 source.typ: unknown field: did you mean "type"?
			 3:38 source.type: unsupported source type "qcow3": did you mean "qcow2"? (use one of vmdk, vmx, ova, ovf, vhd, vhdx, qcow2, raw)
			 3:55 source.path: must not be empty
			 4:4 fstab_mode: unknown field: it belongs in pipeline.fix
			 5:33 output["we ird"]: unknown field: output has directory, format, filename, overwrite, mode, owner
			 7:13 pipeline.fix.enable: unknown field: did you mean "enabled"?
			 7:43 pipeline.fix.fstab_mode: unknown fstab mode "stabilise-all": did you mean "stabilize-all"? (use one of stabilize-all, bypath-only, noop)
			 7:60 pipeline.fix.path: unknown field: it belongs in source or options.report
			 8:35 pipeline.convert.compress_level: 12 is out of range: use 1 (fastest) to 9 (smallest)
			 8:35 pipeline.convert.compress_level: has no effect without compression: set compress to true, or leave it out
			 10:4 Options: unknown field: did you mean "options"?`,
		},
		"unknown field with nothing near": {
			complete + `"zzz": 1}`,
			`2:1 zzz: unknown field: the manifest has version, metadata, source, output, pipeline, configuration, options`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := manifest.Decode(strings.NewReader(test.text))
			if m != nil {
				t.Error("a manifest came with the error")
			}
			var found manifest.Errors
			if !errors.As(err, &found) {
				t.Fatalf("error %v is not manifest.Errors", err)
			}
			if diff := cmp.Diff(lines(test.want), positions(found)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func lines(text string) []string {
	found := strings.Split(text, "\n")
	for n := range found {
		found[n] = strings.TrimSpace(found[n])
	}
	return found
}

func TestDecodeReadErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	if _, err := manifest.Decode(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	_, err := manifest.Decode(bytes.NewReader(make([]byte, 17<<20)))
	if err == nil || !strings.Contains(err.Error(), "larger than 16 MiB") {
		t.Errorf("a disk image as the manifest: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.json")
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Add([]byte(`{"a[": {"b.c": [{"]": 1}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := manifest.Decode(bytes.NewReader(text))
		if (m == nil) == (err == nil) {
			t.Fatalf("manifest %v with error %v", m, err)
		}
		if err != nil {
			_ = err.Error()
			return
		}
		encoded, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := manifest.Decode(bytes.NewReader(encoded))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, again); diff != "" {
			t.Errorf("decoded again (-first +second):\n%s", diff)
		}
	})
}
