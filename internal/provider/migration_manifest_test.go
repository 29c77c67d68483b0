package provider

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// configured reads a configuration in JSON.
func configured(t *testing.T, config string) reading {
	t.Helper()
	read, diags := readMigration(t.Context(), value(t, migrationSchema(t.Context()).Type().TerraformType(t.Context()), decode(t, config)))
	if diags.HasError() {
		t.Fatal(diags)
	}
	return read
}

// expected is the manifest of the shortest configuration, changed by edit.
func expected(edit func(*manifest.Manifest)) *manifest.Manifest {
	m := &manifest.Manifest{
		Version:  "1.0",
		Source:   manifest.NewSource(manifest.SourceVMDK, "/vms/disk.vmdk"),
		Output:   manifest.Output{Directory: "/images", Format: manifest.FormatQCOW2},
		Pipeline: manifest.DefaultPipeline(),
		Options:  manifest.DefaultOptions(),
	}
	if edit != nil {
		edit(m)
	}
	return m
}

func TestManifest(t *testing.T) {
	t.Parallel()
	const required = `"source": {"type": "vmdk", "path": "/vms/disk.vmdk"}, "output": {"directory": "/images"}`
	level, cluster, uid, gid := 6, 4096, 1001, 1002
	tests := map[string]struct {
		config  string
		want    *manifest.Manifest
		unknown []string
	}{
		"all defaults": {config: `{` + required + `}`, want: expected(nil)},
		"a given pipeline switches off what it leaves out": {
			config: `{` + required + `, "pipeline": {"inspect": {}, "fix": {"enabled": false}}}`,
			want: expected(func(m *manifest.Manifest) {
				m.Pipeline.Fix.Enabled = false
				m.Pipeline.Convert.Enabled = false
				m.Pipeline.Validate.Enabled = false
			}),
		},
		"initramfs mode": {
			config: `{` + required + `, "pipeline": {"inspect": {}, "fix": {"initramfs": "rebuild"}, "convert": {}, "validate": {}}}`,
			want:   expected(func(m *manifest.Manifest) { m.Pipeline.Fix.Initramfs = manifest.InitramfsRebuild }),
		},
		"every field": {
			config: `{
				"metadata": {"name": "web", "description": "d", "tags": ["a", "b"], "owner": "ops", "created": "2026-01-21"},
				"source": {"type": "ova", "path": "/vms/a/../web.ova", "vm": "web01", "checksum": "md5:d41d8cd98f00b204e9800998ecf8427e",
					"verify_checksums": false, "max_virtual_size": 1099511627776},
				"output": {"directory": "/images/", "format": "vdi", "filename": "web.vdi"},
				"pipeline": {
					"inspect": {"enabled": true, "collect_guest_info": true},
					"fix": {"backup": false, "print_fstab": true, "update_grub": false, "regen_initramfs": false, "fstab_mode": "noop", "remove_vmware_tools": true, "fsck": "off",
						"virtio_win": "/iso/../virtio-win.iso", "block_driver": "vioscsi"},
					"convert": {"compress": true, "compress_level": 6, "compression_type": "zstd", "preallocation": "full", "cluster_size": 4096},
					"validate": {
						"check_image_integrity": false,
						"boot": {"enabled": true, "timeout_seconds": 60, "memory_mib": 512, "cpus": 1, "on_failure": "warn", "screenshot": false}
					}
				},
				"configuration": {
					"users": {
						"create": [
							{"name": "u", "uid": 1001, "password": "$6$x", "groups": ["wheel"], "shell": "/bin/sh", "ssh_authorized_keys": ["k"],
								"gid": 1002, "comment": "c", "home": "/srv/u", "sudo": ["ALL=ALL"]},
							{"name": "v", "password_wo": "$6$y", "password_wo_version": 1}
						],
						"disable": ["w"], "delete": ["x"]
					},
					"services": {"enable": ["sshd"], "disable": ["vmtoolsd"], "mask": ["cups"]},
					"hostname": {"hostname": "web", "domain": "example.com", "hosts": [{"ip": "::1", "hostname": "localhost"}]},
					"machine_id": "reset",
					"network": {
						"systemd_networkd": [{"filename": "a.network", "content": "[Match]"}],
						"netplan": [{"filename": "b.yaml", "content": "b"}],
						"network_manager": [{"filename": "c.nmconnection", "content": "c"}]
					},
					"first_boot": [{"name": "s", "content": "true"}]
				},
				"options": {"dry_run": true, "verbose": 2, "report": {"enabled": false, "path": "r.json"}},
				"overwrite": true
			}`,
			want: &manifest.Manifest{
				Version:  "1.0",
				Metadata: &manifest.Metadata{Name: "web", Description: "d", Tags: []string{"a", "b"}, Owner: "ops", Created: "2026-01-21"},
				Source: manifest.Source{
					Type: manifest.SourceOVA, Path: "/vms/web.ova", VM: "web01", Checksum: "md5:d41d8cd98f00b204e9800998ecf8427e", MaxVirtualSize: 1 << 40,
				},
				Output: manifest.Output{Directory: "/images", Format: manifest.FormatVDI, Filename: "web.vdi", Overwrite: true},
				Pipeline: manifest.Pipeline{
					Inspect: manifest.Inspect{Enabled: true, CollectGuestInfo: true},
					Fix: manifest.Fix{
						Enabled: true, PrintFstab: true, Initramfs: manifest.InitramfsAuto, FstabMode: manifest.FstabNoop, RemoveVMwareTools: true,
						Fsck: manifest.FsckOff, VirtioWin: "/virtio-win.iso", BlockDriver: manifest.BlockVioscsi,
					},
					Convert: manifest.Convert{
						Enabled: true, Compress: true, CompressLevel: &level, CompressionType: manifest.CompressionZstd,
						Preallocation: manifest.PreallocationFull, ClusterSize: &cluster,
					},
					Validate: manifest.Validate{
						Enabled: true,
						Boot:    manifest.Boot{Enabled: true, TimeoutSeconds: 60, MemoryMiB: 512, CPUs: 1, OnFailure: manifest.BootWarn},
					},
				},
				Configuration: &manifest.Configuration{
					Users: &manifest.Users{
						Create: []manifest.User{
							{
								Name: "u", UID: &uid, Password: "$6$x", Groups: []string{"wheel"}, Shell: "/bin/sh", SSHAuthorizedKeys: []string{"k"},
								GID: &gid, Comment: "c", Home: "/srv/u", Sudo: []string{"ALL=ALL"},
							},
							{Name: "v", Password: "$6$y"},
						},
						Disable: []string{"w"}, Delete: []string{"x"},
					},
					Services: &manifest.Services{Enable: []string{"sshd"}, Disable: []string{"vmtoolsd"}, Mask: []string{"cups"}},
					Hostname: &manifest.Hostname{
						Hostname: "web", Domain: "example.com", Hosts: []manifest.Host{{IP: "::1", Hostname: "localhost"}},
					},
					MachineID: manifest.MachineIDReset,
					Network: &manifest.Network{
						SystemdNetworkd: []manifest.NetworkFile{{Filename: "a.network", Content: "[Match]"}},
						Netplan:         []manifest.NetworkFile{{Filename: "b.yaml", Content: "b"}},
						NetworkManager:  []manifest.NetworkFile{{Filename: "c.nmconnection", Content: "c"}},
					},
					FirstBoot: []manifest.Script{{Name: "s", Content: "true"}},
				},
				Options: manifest.Options{DryRun: true, Verbose: 2, Report: manifest.ReportOptions{Path: "r.json"}},
			},
		},
		"unknown values have their defaults": {
			config: `{
				"source": {"type": "vmdk", "path": "(unknown)"}, "output": {"directory": "/images", "format": "(unknown)"},
				"pipeline": {"inspect": {"enabled": "(unknown)"}, "fix": {}, "convert": {"compress_level": "(unknown)"}, "validate": {}},
				"configuration": {"users": {"create": ["(unknown)", {"name": "u", "groups": ["(unknown)", "g"]}]}, "hostname": "(unknown)"},
				"overwrite": "(unknown)"
			}`,
			want: expected(func(m *manifest.Manifest) {
				m.Source.Path = ""
				m.Configuration = &manifest.Configuration{
					Users: &manifest.Users{Create: []manifest.User{{}, {Name: "u", Groups: []string{"g"}}}},
				}
			}),
			unknown: []string{
				"source.path", "output.format", "pipeline.inspect.enabled", "pipeline.convert.compress_level",
				"configuration.users.create[0]", "configuration.users.create[1].groups", "configuration.hostname", "overwrite",
			},
		},
		"unknown sections have their defaults": {
			config: `{"source": "(unknown)", "output": "(unknown)", "pipeline": "(unknown)", "options": "(unknown)", "metadata": "(unknown)"}`,
			want: expected(func(m *manifest.Manifest) {
				m.Source = manifest.NewSource("", "")
				m.Output.Directory = ""
			}),
			unknown: []string{"metadata", "source", "output", "pipeline", "options"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read := configured(t, test.config)
			if diff := cmp.Diff(test.want, read.manifest); diff != "" {
				t.Errorf("manifest (-want +got):\n%s", diff)
			}
			slices.Sort(test.unknown)
			if diff := cmp.Diff(test.unknown, slices.Sorted(slices.Values(read.unknown))); diff != "" {
				t.Errorf("unknown (-want +got):\n%s", diff)
			}
		})
	}
}

// TestShortestManifest holds the defaults of the command to those of the
// resource.
func TestShortestManifest(t *testing.T) {
	t.Parallel()
	const sections = `"source": {"type": "vmdk", "path": "/vms/disk.vmdk"}, "output": {"directory": "/images"}`
	for _, pipeline := range []string{"", `, "pipeline": null`, `, "pipeline": {"inspect": {}}`, `, "pipeline": {"convert": {"enabled": true}, "fix": null}`} {
		fromHCL := configured(t, `{`+sections+pipeline+`}`).manifest
		fromJSON, err := manifest.Decode(strings.NewReader(`{"version": "1.0", ` + sections + pipeline + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fromJSON, fromHCL); diff != "" {
			t.Errorf("manifest%s (-command +resource):\n%s", pipeline, diff)
		}
	}
}

func TestAttributePath(t *testing.T) {
	t.Parallel()
	root := migrationSchema(t.Context()).Type()
	for from, want := range map[string]string{
		"source.type":                          "source.type",
		"pipeline.fix.fstab_mode":              "pipeline.fix.fstab_mode",
		"configuration.users.create[1].name":   "configuration.users.create[1].name",
		"configuration.users.create[0].groups": "configuration.users.create[0].groups",
		"configuration.services.enable[0]":     "configuration.services.enable", // a set
		"configuration.users.create[0].absent": "configuration.users.create[0]",
		"configuration.users.create.name":      "configuration.users.create",
		"configuration.users.create.x":         "configuration.users.create",
		"configuration.hostname.hosts[2].ip":   "configuration.hostname.hosts[2].ip",
		"output.overwrite":                     "output",
		"version":                              "",
		"":                                     "",
		"options.report.path":                  "options.report.path",
		"configuration.users.create[0].ssh_authorized_keys[3]": "configuration.users.create[0].ssh_authorized_keys[3]",
	} {
		if got := attributePath(root, from).String(); got != want {
			t.Errorf("attributePath(%q) = %q, want %q", from, got, want)
		}
	}
}
