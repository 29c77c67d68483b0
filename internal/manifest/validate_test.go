package manifest_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// TestValidate decodes a minimal manifest with some members replaced, so that
// every case holds for Decode and for Validate.
func TestValidate(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 201)
	for name, test := range map[string]struct {
		members map[string]string
		want    []string
	}{
		"minimal": {},
		"version": {
			map[string]string{"version": `"1.1"`},
			[]string{`version: unsupported manifest version "1.1": this program reads version "1.0"`},
		},
		"created as a date":       {map[string]string{"metadata": `{"created": "2026-01-21"}`}, nil},
		"created as a time":       {map[string]string{"metadata": `{"created": "2026-01-21T18:23:32+01:00"}`}, nil},
		"created as a local time": {map[string]string{"metadata": `{"created": "2026-01-21T18:23:32.5"}`}, nil},
		"created otherwise": {
			map[string]string{"metadata": `{"created": "21.1.2026"}`},
			[]string{`metadata.created: "21.1.2026" is not a date of the form 2026-01-21, or a time of the form 2026-01-21T18:23:32Z`},
		},
		"source type": {
			map[string]string{"source": `{"type": "hdd", "path": "d"}`},
			[]string{`source.type: unsupported source type "hdd": use one of vmdk, vmx, ova, ovf, vhd, vhdx, qcow2, raw`},
		},
		"source type with nothing near": {
			map[string]string{"source": `{"type": "", "path": "d"}`},
			[]string{`source.type: unsupported source type "": use one of vmdk, vmx, ova, ovf, vhd, vhdx, qcow2, raw`},
		},
		"source path": {
			map[string]string{"source": `{"type": "raw", "path": "a\u0000b"}`},
			[]string{`source.path: "a\x00b" holds a control character`},
		},
		"vm of a package":         {map[string]string{"source": `{"type": "ovf", "path": "d", "vm": "web 01"}`}, nil},
		"empty vm and checksum":   {map[string]string{"source": `{"type": "raw", "path": "d", "vm": "", "checksum": ""}`}, nil},
		"checksum":                {map[string]string{"source": `{"type": "raw", "path": "d", "checksum": "MD5:D41D8CD98F00B204E9800998ECF8427E"}`}, nil},
		"max_virtual_size":        {map[string]string{"source": `{"type": "raw", "path": "d", "max_virtual_size": 1099511627776}`}, nil},
		"unverified vmdk":         {map[string]string{"source": `{"type": "vmdk", "path": "d", "verify_checksums": false}`}, nil},
		"max_virtual_size as 1e9": {map[string]string{"source": `{"type": "raw", "path": "d", "max_virtual_size": 1e9}`}, nil},
		"vm of a disk": {
			map[string]string{"source": `{"type": "vmdk", "path": "d", "vm": "web01"}`},
			[]string{`source.vm: has no effect on a source of type vmdk: only packages (ova, ovf) hold several virtual machines; leave it out`},
		},
		"vm with a control character": {
			map[string]string{"source": `{"type": "ova", "path": "d", "vm": "web\u001b01"}`},
			[]string{`source.vm: "web\x1b01" holds a control character`},
		},
		"checksum without algorithm": {
			map[string]string{"source": `{"type": "raw", "path": "d", "checksum": "d41d8cd98f00b204e9800998ecf8427e"}`},
			[]string{`source.checksum: "d41d8cd98f00b204e9800998ecf8427e" does not begin with its algorithm: write sha256: and 64 hexadecimal digits (md5, sha1 and sha512 are understood too)`},
		},
		"checksum of the wrong length": {
			map[string]string{"source": `{"type": "raw", "path": "d", "checksum": "SHA256:d41d8cd98f00b204e9800998ecf8427e"}`},
			[]string{`source.checksum: "SHA256:d41d8cd98f00b204e9800998ecf8427e" is no sha256 checksum: it has 64 hexadecimal digits`},
		},
		"checksum that is not hexadecimal": {
			map[string]string{"source": `{"type": "raw", "path": "d", "checksum": "md5:x41d8cd98f00b204e9800998ecf8427e"}`},
			[]string{`source.checksum: "md5:x41d8cd98f00b204e9800998ecf8427e" is no md5 checksum: it has 32 hexadecimal digits`},
		},
		"max_virtual_size of zero": {
			map[string]string{"source": `{"type": "raw", "path": "d", "max_virtual_size": 0}`},
			[]string{`source.max_virtual_size: 0 is out of range: give a number of bytes, such as 70368744177664 for 64 TiB`},
		},
		"cards, a system and directories": {
			map[string]string{"source": `{"type": "vmx", "path": "d", "root": "UUID=1234-5678", "directories": ["/data"],
				"nics": [{"mac": "00:50:56:9A:01:02", "name": "ens192", "addresses": ["192.0.2.10", "2001:db8::1/64"], "network": "VM Network"}, {"mac": "00-50-56-9a-01-03"}, {"mac": "0050.569a.0104"}]}`},
			nil,
		},
		"cards": {
			map[string]string{"source": `{"type": "raw", "path": "d", "nics": [{"mac": "00:50:56:9a:01"}, {"mac": "01:50:56:9a:01:02"}, {"mac": "00:50:56:9a:01:02", "name": "a b"},
				{"mac": "00-50-56-9A-01-02", "name": "eth0"}, {"mac": "00:50:56:9a:01:03", "name": "eth0", "addresses": ["192.0.2.256", "192.0.2.1/33", "web"], "network": "a\u0000"}]}`},
			[]string{
				`source.nics[0].mac: "00:50:56:9a:01" is no MAC address: write six pairs of hexadecimal digits, such as 00:50:56:9a:01:02`,
				`source.nics[1].mac: "01:50:56:9a:01:02" is an address of a group, which no card has`,
				`source.nics[2].name: "a b" is no name of a network card: it begins with a letter and has up to 15 letters, digits, "-" and "_"`,
				`source.nics[3].mac: "00-50-56-9A-01-02" is given twice`,
				`source.nics[4].name: "eth0" is given twice`,
				`source.nics[4].addresses[0]: "192.0.2.256" is no IP address: write it as the guest has it, such as 192.0.2.10 or 192.0.2.10/24`,
				`source.nics[4].addresses[1]: "192.0.2.1/33" is no IP address: write it as the guest has it, such as 192.0.2.10 or 192.0.2.10/24`,
				`source.nics[4].addresses[2]: "web" is no IP address: write it as the guest has it, such as 192.0.2.10 or 192.0.2.10/24`,
				`source.nics[4].network: "a\x00" holds a control character`,
			},
		},
		"root and directories": {
			map[string]string{"source": `{"type": "raw", "path": "d", "root": "sda2", "directories": [""]}`},
			[]string{
				`source.root: "sda2" is not a device as the guest names one: use a path such as "/dev/sda2", as the warning of several systems lists them, or "UUID=..."`,
				`source.directories[0]: must not be empty`,
			},
		},
		"mode and owner":        {map[string]string{"output": `{"directory": "o", "mode": "0640", "owner": "libvirt-qemu:kvm"}`}, nil},
		"mode and owner, short": {map[string]string{"output": `{"directory": "o", "mode": "664", "owner": ":107"}`}, nil},
		"no mode and no owner": {
			map[string]string{"output": `{"directory": "o", "mode": "0755", "owner": "a b"}`},
			[]string{
				`output.mode: "0755" is no mode that lets the owner read and write: use octal digits such as "0640", without execution`,
				`output.owner: "a b" is no owner: use "user", "user:group" or ":group", by name or by number`,
			},
		},
		"output directory": {
			map[string]string{"output": `{"directory": ""}`},
			[]string{`output.directory: must not be empty`},
		},
		"output format": {
			map[string]string{"output": `{"directory": "o", "format": "vmdk"}`},
			[]string{`output.format: unsupported output format "vmdk": use one of qcow2, raw, vdi`},
		},
		"filename without extension":   {map[string]string{"output": `{"directory": "o", "filename": "web"}`}, nil},
		"filename with open extension": {map[string]string{"output": `{"directory": "o", "filename": "web.img"}`}, nil},
		"filename with dots":           {map[string]string{"output": `{"directory": "o", "filename": "web.v2.prod"}`}, nil},
		"filename in capitals":         {map[string]string{"output": `{"directory": "o", "filename": "WEB.QCOW2"}`}, nil},
		"filename of another format": {
			map[string]string{"output": `{"directory": "o", "format": "raw", "filename": "web.qcow2"}`},
			[]string{`output.filename: "web.qcow2" has the extension of the format qcow2, but output.format is raw: change one of the two`},
		},
		"filename of a source format": {
			map[string]string{"output": `{"directory": "o", "filename": "web.vmdk"}`},
			[]string{`output.filename: "web.vmdk" has the extension of the format vmdk, but output.format is qcow2: change one of the two`},
		},
		"filename with a slash": {
			map[string]string{"output": `{"directory": "o", "filename": "a/web.qcow2"}`},
			[]string{`output.filename: "a/web.qcow2" is not a plain file name: the directory belongs in output.directory`},
		},
		"filename is a directory": {
			map[string]string{"output": `{"directory": "o", "filename": ".."}`},
			[]string{`output.filename: ".." is not a plain file name: the directory belongs in output.directory`},
		},
		"hidden filename": {
			map[string]string{"output": `{"directory": "o", "filename": ".web.qcow2"}`},
			[]string{`output.filename: ".web.qcow2" begins with a dot and would be a hidden file`},
		},
		"filename with a newline": {
			map[string]string{"output": `{"directory": "o", "filename": "a\nb"}`},
			[]string{`output.filename: "a\nb" holds a control character`},
		},
		"long filename": {
			map[string]string{"output": `{"directory": "o", "filename": "` + long + `"}`},
			[]string{`output.filename: is longer than 200 bytes`},
		},
		"initramfs mode": {
			map[string]string{"pipeline": `{"fix": {"initramfs": "dracut"}}`},
			[]string{`pipeline.fix.initramfs: unknown initramfs mode "dracut": use one of auto, append, rebuild`},
		},
		"initramfs that is left as it is": {
			map[string]string{"pipeline": `{"fix": {"initramfs": "rebuild", "regen_initramfs": false}}`},
			[]string{`pipeline.fix.initramfs: "rebuild" contradicts regen_initramfs, which is false and leaves every initramfs as it is: set that to true, or leave one of the two out`},
		},
		"initramfs by default and left as it is": {map[string]string{"pipeline": `{"fix": {"initramfs": "auto", "regen_initramfs": false}}`}, nil},
		"fstab mode of a stage that is off": {
			map[string]string{"pipeline": `{"inspect": {}, "fix": {"enabled": false, "fstab_mode": "none"}}`},
			[]string{`pipeline.fix.fstab_mode: unknown fstab mode "none": use one of stabilize-all, bypath-only, noop`},
		},
		"boot out of bounds": {
			map[string]string{"pipeline": `{"convert": {}, "validate": {"boot": {"timeout_seconds": 5, "memory_mib": 64, "cpus": 0, "on_failure": "ignore"}}}`},
			[]string{
				`pipeline.validate.boot.timeout_seconds: 5 is out of range: use 10 to 86400 seconds`,
				`pipeline.validate.boot.memory_mib: 64 is out of range: use 128 to 1048576 MiB`,
				`pipeline.validate.boot.cpus: 0 is out of range: use 1 to 255`,
				`pipeline.validate.boot.on_failure: unknown answer to a failure "ignore": use one of fatal, warn`,
			},
		},
		"boot without validate": {
			map[string]string{"pipeline": `{"convert": {}, "validate": {"enabled": false, "boot": {"enabled": true}}}`},
			[]string{`pipeline.validate.boot.enabled: the guest cannot be booted while validate is off: switch that on, or this off`},
		},
		"boot": {map[string]string{"pipeline": `{"convert": {}, "validate": {"boot": {"enabled": true, "timeout_seconds": 30}}}`}, nil},
		"no stage given": {
			map[string]string{"pipeline": `{}`},
			[]string{`pipeline: no stage is enabled: enable at least one of inspect, fix, convert and validate`},
		},
		"all stages off": {
			map[string]string{"pipeline": `{"inspect": {"enabled": false}, "fix": null}`},
			[]string{`pipeline: no stage is enabled: enable at least one of inspect, fix, convert and validate`},
		},
		"convert alone":               {map[string]string{"pipeline": `{"convert": {}}`}, nil},
		"validate the overlay of fix": {map[string]string{"pipeline": `{"fix": {}, "validate": {}}`}, nil},
		"validate nothing": {
			map[string]string{"pipeline": `{"inspect": {}, "validate": {}}`},
			[]string{`pipeline.validate: there would be no image to validate: enable convert (or fix), or switch validate off`},
		},
		"dry run with all stages": {map[string]string{"options": `{"dry_run": true}`}, nil},
		"compress raw": {
			map[string]string{"output": `{"directory": "o", "format": "raw"}`, "pipeline": `{"convert": {"compress": true}}`},
			[]string{`pipeline.convert.compress: the format raw cannot be compressed: set output.format to qcow2, or compress to false`},
		},
		"compress qcow2": {map[string]string{"pipeline": `{"convert": {"compress": true, "compress_level": 1}}`}, nil},
		"compress level 0": {
			map[string]string{"pipeline": `{"convert": {"compress": true, "compress_level": 0}}`},
			[]string{`pipeline.convert.compress_level: 0 is out of range: use 1 (fastest) to 9 (smallest)`},
		},
		"compress level 10": {
			map[string]string{"pipeline": `{"convert": {"compress": true, "compress_level": 10}}`},
			[]string{`pipeline.convert.compress_level: 10 is out of range: use 1 (fastest) to 9 (smallest)`},
		},
		"compress level without compress": {
			map[string]string{"pipeline": `{"convert": {"compress_level": 6}}`},
			[]string{`pipeline.convert.compress_level: has no effect without compression: set compress to true, or leave it out`},
		},
		"verbose": {
			map[string]string{"options": `{"verbose": 3}`},
			[]string{`options.verbose: 3 is out of range: use 0 (quiet), 1 (normal) or 2 (verbose)`},
		},
		"negative verbose": {
			map[string]string{"options": `{"verbose": -1}`},
			[]string{`options.verbose: -1 is out of range: use 0 (quiet), 1 (normal) or 2 (verbose)`},
		},
		"absolute report path":       {map[string]string{"options": `{"report": {"path": "/var/log/r.json"}}`}, nil},
		"report path in a directory": {map[string]string{"options": `{"report": {"path": "reports/r.json"}}`}, nil},
		"empty report path": {
			map[string]string{"options": `{"report": {"path": ""}}`},
			[]string{`options.report.path: must not be empty: leave it out for report.json, or switch the report off`},
		},
		"empty report path of no report": {map[string]string{"options": `{"report": {"enabled": false, "path": ""}}`}, nil},
		"report path outside": {
			map[string]string{"options": `{"report": {"path": "a/../../r.json"}}`},
			[]string{`options.report.path: "a/../../r.json" leaves the output directory: use an absolute path for a report elsewhere`},
		},
		"report path is a directory": {
			map[string]string{"options": `{"report": {"path": "reports/"}}`},
			[]string{`options.report.path: "reports/" names a directory: add the report's file name`},
		},
		"report path with a tab": {
			map[string]string{"options": `{"report": {"path": "a\tb"}}`},
			[]string{`options.report.path: "a\tb" holds a control character`},
		},
		"output is the source": {
			map[string]string{"source": `{"type": "qcow2", "path": "/data/./disk.qcow2"}`, "output": `{"directory": "/data/x/.."}`},
			[]string{`output.filename: /data/disk.qcow2 is the source: choose another name or directory`},
		},
		"output would be the source but nothing is written": {
			map[string]string{
				"source": `{"type": "qcow2", "path": "/data/disk.qcow2"}`, "output": `{"directory": "/data"}`,
				"options": `{"dry_run": true}`,
			},
			nil,
		},
		"report is the source": {
			map[string]string{"options": `{"report": {"path": "/data/source/disk.vmdk"}}`},
			[]string{`options.report.path: /data/source/disk.vmdk is the source: choose another name or directory`},
		},
		"report is the output": {
			map[string]string{"options": `{"report": {"path": "disk.qcow2"}}`},
			[]string{`options.report.path: /data/output/disk.qcow2 is the output image: choose another name or directory`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertErrors(t, minimal(t, test.members), test.want)
		})
	}
}

func TestValidateConfiguration(t *testing.T) {
	t.Parallel()
	const hash = `"$6$rounds=656000$..."`
	for name, test := range map[string]struct {
		configuration string
		want          []string
	}{
		"empty": {`{}`, nil},
		"user name": {`{"users": {"create": [{"name": "0day"}, {"name": "a b"}, {"name": "root:x"}, {"name": ""}, {"name": "_www-data.2"}]}}`, []string{
			`configuration.users.create[0].name: "0day" is not a user name: use up to 32 letters, digits, '_', '-' and '.', with a letter or '_' first`,
			`configuration.users.create[1].name: "a b" is not a user name: use up to 32 letters, digits, '_', '-' and '.', with a letter or '_' first`,
			`configuration.users.create[2].name: "root:x" is not a user name: use up to 32 letters, digits, '_', '-' and '.', with a letter or '_' first`,
			`configuration.users.create[3].name: "" is not a user name: use up to 32 letters, digits, '_', '-' and '.', with a letter or '_' first`,
		}},
		"same user twice": {`{"users": {"create": [{"name": "a"}, {"name": "b", "uid": 1001}, {"name": "a", "uid": 1001}]}}`, []string{
			`configuration.users.create[2].name: the user "a" is in configuration.users.create[0] already`,
			`configuration.users.create[2].uid: 1001 is the uid of configuration.users.create[1] already`,
		}},
		"uid": {`{"users": {"create": [{"name": "a", "uid": 0}, {"name": "b", "uid": 65534}, {"name": "c", "uid": 4294967295}, {"name": "d", "uid": 1}]}}`, []string{
			`configuration.users.create[0].uid: 0 cannot be a user's uid: use 1 to 4294967294 without 65534 and 65535 (people have 1000 and more)`,
			`configuration.users.create[1].uid: 65534 cannot be a user's uid: use 1 to 4294967294 without 65534 and 65535 (people have 1000 and more)`,
			`configuration.users.create[2].uid: 4294967295 cannot be a user's uid: use 1 to 4294967294 without 65534 and 65535 (people have 1000 and more)`,
		}},
		"groups": {`{"users": {"create": [{"name": "a", "groups": ["wheel", "my group", "wheel"]}]}}`, []string{
			`configuration.users.create[0].groups[1]: "my group" is not a group name: use up to 32 letters, digits, '_', '-' and '.', with a letter or '_' first`,
			`configuration.users.create[0].groups[2]: the group "wheel" is there twice`,
		}},
		"shell": {`{"users": {"create": [{"name": "a", "shell": "bash"}, {"name": "b", "shell": "/bin/sh:x"}, {"name": "c", "shell": "/bin/zsh"}]}}`, []string{
			`configuration.users.create[0].shell: "bash" is not the absolute path of a shell, such as /bin/bash`,
			`configuration.users.create[1].shell: "/bin/sh:x" is not the absolute path of a shell, such as /bin/bash`,
		}},
		"services": {`{"services": {"enable": ["sshd", "getty@tty1.service", "../x"], "disable": ["sshd.service", "a b", ""]}}`, []string{
			`configuration.services.enable[2]: "../x" is not the name of a service or unit`,
			`configuration.services.disable[0]: the service "sshd.service" is enabled and disabled: keep one of the two`,
			`configuration.services.disable[1]: "a b" is not the name of a service or unit`,
			`configuration.services.disable[2]: "" is not the name of a service or unit`,
		}},
		"hostname": {`{"hostname": {"hostname": "web_1", "domain": "-x.com"}}`, []string{
			`configuration.hostname.hostname: "web_1" is not a host name: use up to 64 letters, digits and inner hyphens`,
			`configuration.hostname.domain: "-x.com" is not a domain name`,
		}},
		"domain of the guest's own name": {`{"hostname": {"domain": "example.com"}}`, nil},
		"domain of a whole name":         {`{"hostname": {"hostname": "web.example.com", "domain": "Example.com"}}`, nil},
		"another domain": {`{"hostname": {"hostname": "web.example.com", "domain": "example.org"}}`, []string{
			`configuration.hostname.domain: the host name "web.example.com" is in another domain: leave domain out, or give hostname without one`,
		}},
		"same user in several lists": {`{"users": {"create": [{"name": "a"}, {"name": "b"}], "disable": ["c", "a"], "delete": ["c", "0x", "b"]}}`, []string{
			`configuration.users.disable[1]: the user "a" is in configuration.users.create[0] already`,
			`configuration.users.delete[0]: the user "c" is in configuration.users.disable[0] already`,
			`configuration.users.delete[1]: "0x" is not a user name: use up to 32 letters, digits, '_', '-' and '.', with a letter or '_' first`,
			`configuration.users.delete[2]: the user "b" is in configuration.users.create[1] already`,
		}},
		"gid": {`{"users": {"create": [{"name": "a", "gid": -1}, {"name": "b", "gid": 65535}, {"name": "c", "gid": 0}]}}`, []string{
			`configuration.users.create[0].gid: -1 cannot be a group's gid: use 0 to 4294967294 without 65535`,
			`configuration.users.create[1].gid: 65535 cannot be a group's gid: use 0 to 4294967294 without 65535`,
		}},
		"comment": {`{"users": {"create": [{"name": "a", "comment": "Jörg, Web"}, {"name": "b", "comment": "x\nroot::0:0::/:"}]}}`, []string{
			`configuration.users.create[1].comment: "x\nroot::0:0::/:" holds a colon or a control character`,
		}},
		"home": {`{"users": {"create": [{"name": "a", "home": "home"}, {"name": "b", "home": "/srv/../b"}, {"name": "c", "home": "/srv/c"}]}}`, []string{
			`configuration.users.create[0].home: "home" is not the absolute path of a directory, such as /home/web`,
			`configuration.users.create[1].home: "/srv/../b" is not the absolute path of a directory, such as /home/web`,
		}},
		"sudo": {`{"users": {"create": [{"name": "a", "sudo": ["ALL=(ALL) NOPASSWD: ALL", "ALL = /bin/ls", "web ALL=(ALL) ALL", "ALL=(ALL) ALL\nroot ALL=ALL", ""]}]}}`, []string{
			`configuration.users.create[0].sudo[2]: "web ALL=(ALL) ALL" is not a sudo rule without its user, such as "ALL=(ALL) NOPASSWD: ALL"`,
			`configuration.users.create[0].sudo[3]: "ALL=(ALL) ALL\nroot ALL=ALL" is not a sudo rule without its user, such as "ALL=(ALL) NOPASSWD: ALL"`,
			`configuration.users.create[0].sudo[4]: "" is not a sudo rule without its user, such as "ALL=(ALL) NOPASSWD: ALL"`,
		}},
		"mask": {`{"services": {"enable": ["ssh"], "disable": ["cron"], "mask": ["cron", "ssh.service", "ssh.socket", "a/b"]}}`, []string{
			`configuration.services.mask[1]: the service "ssh.service" is enabled and masked: keep one of the two`,
			`configuration.services.mask[3]: "a/b" is not the name of a service or unit`,
		}},
		"machine_id": {`{"machine_id": "rest"}`, []string{
			`configuration.machine_id: "rest" is not known: did you mean "reset"? (use one of reset)`,
		}},
		"netplan": {`{"network": {"netplan": [
			{"filename": "a.yaml", "content": "network: {version: 2}"}, {"filename": "a.yml", "content": "network:\n\tCANARY: ["},
			{"filename": "b.yaml", "content": "- CANARY"}, {"filename": "a.yaml", "content": "CANARY: 1"}
		]}}`, []string{
			`configuration.network.netplan[1].filename: "a.yml" is not a plain file name that ends with .yaml`,
			`configuration.network.netplan[1].content: line 2 is not valid YAML`,
			`configuration.network.netplan[2].content: is no YAML of the form that netplan reads`,
			`configuration.network.netplan[3].filename: "a.yaml" is in configuration.network.netplan[0] already`,
			`configuration.network.netplan[3].content: has no network section, without which the file has no effect`,
		}},
		"network_manager": {`{"network": {"network_manager": [
			{"filename": "lan.nmconnection", "content": "[connection]\ntype=ethernet\n"}, {"filename": "b", "content": "[wifi]\npsk=CANARY"},
			{"filename": "c.nmconnection", "content": "[connection]\nCANARY"}, {"filename": "d.nmconnection", "content": "[connection]\nid=CANARY"}
		]}}`, []string{
			`configuration.network.network_manager[1].filename: "b" is not a plain file name that ends with .nmconnection`,
			`configuration.network.network_manager[1].content: has no [connection] section, without which the file has no effect`,
			`configuration.network.network_manager[2].content: line 2 is neither [section] nor key=value`,
			`configuration.network.network_manager[3].content: has no type in its [connection] section, such as type=ethernet`,
		}},
		"first_boot": {`{"first_boot": [{"name": "a", "content": "true"}, {"name": "../a", "content": " "}, {"name": "a", "content": "x\u0000"}]}`, []string{
			`configuration.first_boot[1].name: "../a" is not a script name: use up to 64 letters, digits, '_', '-' and '.', with a letter or digit first`,
			`configuration.first_boot[1].content: must not be empty`,
			`configuration.first_boot[2].name: "a" is in configuration.first_boot[0] already`,
			`configuration.first_boot[2].content: holds a NUL character`,
		}},
		"hosts": {`{"hostname": {"hosts": [
			{"ip": "10.0.0.256", "hostname": "a"}, {"ip": "::1", "hostname": " "},
			{"ip": "10.0.0.1", "hostname": "a\n10.0.0.2 b"}, {"ip": "10.0.0.1", "hostname": "good ba/d"}, {"ip": "fe80::1%eth0", "hostname": "my_host\tb"}
		]}}`, []string{
			`configuration.hostname.hosts[0].ip: "10.0.0.256" is not an IPv4 or IPv6 address`,
			`configuration.hostname.hosts[1].hostname: must not be empty`,
			`configuration.hostname.hosts[2].hostname: "a\n10.0.0.2 b" is more than one line`,
			`configuration.hostname.hosts[3].hostname: "ba/d" is not a host name`,
		}},
		"network": {`{"network": {"systemd_networkd": [
			{"filename": "a/b.network", "content": "[Match]"}, {"filename": "10-eth0.conf", "content": "[Match]"}, {"filename": ".network", "content": " "},
			{"filename": "10-a.link", "content": "[Match]"}, {"filename": "10-a.link", "content": "x\u0000"}, {"filename": "20-br0.netdev", "content": "[NetDev]"},
			{"filename": "a.network", "content": "[Network]\nCANARY=1"}, {"filename": "b.network", "content": "[Match]\nCANARY"}
		]}}`, []string{
			`configuration.network.systemd_networkd[0].filename: "a/b.network" is not a plain file name that ends with .network, .netdev or .link`,
			`configuration.network.systemd_networkd[1].filename: "10-eth0.conf" is not a plain file name that ends with .network, .netdev or .link`,
			`configuration.network.systemd_networkd[2].filename: ".network" is not a plain file name that ends with .network, .netdev or .link`,
			`configuration.network.systemd_networkd[2].content: must not be empty`,
			`configuration.network.systemd_networkd[4].filename: "10-a.link" is in configuration.network.systemd_networkd[3] already`,
			`configuration.network.systemd_networkd[4].content: holds a NUL character`,
			`configuration.network.systemd_networkd[6].content: has no [Match] section, without which the file has no effect`,
			`configuration.network.systemd_networkd[7].content: line 2 is neither [Section] nor Key=value`,
		}},
		"the hash of the documentation": {`{"users": {"create": [{"name": "a", "password": ` + hash + `}]}}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assertErrors(t, minimal(t, map[string]string{"configuration": test.configuration}), test.want)
		})
	}
}

// TestValidateConfigurationNeedsFix also holds what counts as nothing.
func TestValidateConfigurationNeedsFix(t *testing.T) {
	t.Parallel()
	const without = `{"inspect": {}, "fix": {"enabled": false}, "convert": {}}`
	for configuration, refused := range map[string]bool{
		`null`:                              false,
		`{}`:                                false,
		`{"users": {}, "network": {}}`:      false,
		`{"users": {"create": []}}`:         false,
		`{"users": {"delete": ["a"]}}`:      true,
		`{"hostname": {"hostname": "web"}}`: true,
		`{"machine_id": "reset"}`:           true,
	} {
		var want []string
		if refused {
			want = []string{`pipeline.fix: is off, but it injects the configuration: enable it, or leave configuration out`}
		}
		assertErrors(t, minimal(t, map[string]string{"pipeline": without, "configuration": configuration}), want)
	}
}

func TestValidatePassword(t *testing.T) {
	t.Parallel()
	for password, good := range map[string]bool{
		"$6$rounds=656000$abc$deadBEEF./":       true,
		"$y$j9T$salt$hash":                      true,
		"$2b$12$abcdefghijklmnopqrstuv":         true,
		"$2b$12$abcdefghijklmnopqrstuv/.":       true,
		"!":                                     true,
		"!!":                                    true,
		"*":                                     true,
		"!$6$salt$hash":                         true,
		"secure-hash-here":                      false,
		"hunter2":                               false,
		"$ecret":                                false,
		"$6$":                                   false,
		"$99$salt$hash":                         false,
		"$6$salt$ha:sh":                         false,
		"$6$salt$ha sh":                         false,
		"$6$salt$ha*sh":                         false,
		"$argon2id$v=19$m=65536,t=3,p=4$c2F$aA": false,
		"$6$salt$hash\nroot::0:0:::":            false,
		"DES13charsXYZ":                         false,
	} {
		t.Run(password, func(t *testing.T) {
			t.Parallel()
			m := decode(t, minimal(t, nil))
			m.Configuration = &manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{Name: "a", Password: password}}}}
			err := m.Validate()
			if good {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			if strings.Contains(err.Error(), password) {
				t.Errorf("the error shows the password: %v", err)
			}
			if !strings.Contains(err.Error(), "openssl passwd -6") {
				t.Errorf("the error does not say how to make a hash: %v", err)
			}
		})
	}
}

func TestValidateSSHKeys(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"ssh-rsa AAAAB3... user@host":                 "",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI":       "",
		"ssh-ed25519 AAAAC3Nz user@host\n":            "",
		"ecdsa-sha2-nistp256 AAAAE2Vj x":              "",
		"sk-ssh-ed25519@openssh.com AAAAG x":          "",
		"ssh-rsa-cert-v01@openssh.com AAAAH x":        "",
		"ssh-rot13 AAAAB3Nz x":                        "is not an SSH public key",
		`from="10.0.0.0/8",no-pty ssh-rsa AAAAB3Nz x`: "",
		"":                             "is not an SSH public key",
		"hunter2":                      "is not an SSH public key",
		"# ssh-rsa AAAAB3 off":         "is not an SSH public key",
		"ssh-rsa AAAA x\nssh-rsa AAAA": "is more than one line",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nabc": "is a private key",
	} {
		m := decode(t, minimal(t, nil))
		m.Configuration = &manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{Name: "a", SSHAuthorizedKeys: []string{key}}}}}
		err := m.Validate()
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", key, err)
		case want != "" && (err == nil || !strings.HasPrefix(err.Error(), "configuration.users.create[0].ssh_authorized_keys[0]: "+want)):
			t.Errorf("%q: got %v, want %q", key, err, want)
		case want != "" && key != "" && strings.Contains(err.Error(), key):
			t.Errorf("the error shows the key: %v", err)
		}
	}
}

// assertErrors decodes a manifest and checks the errors, and that Validate finds
// the same ones where there is no Decode.
func assertErrors(t *testing.T, text string, want []string) {
	t.Helper()
	decoded, err := manifest.Decode(strings.NewReader(text))
	var found manifest.Errors
	if err != nil && !errors.As(err, &found) {
		t.Fatalf("error %v is not manifest.Errors", err)
	}
	var got []string
	for _, e := range found {
		if e.Line < 1 || e.Column < 1 {
			t.Errorf("no position: %+v", e)
		}
		got = append(got, e.Error())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	if err != nil {
		assertForgiving(t, text)
		return
	}
	if err := decoded.Validate(); err != nil {
		t.Errorf("Validate after Decode: %v", err)
	}
}

// TestValidateWithoutDecode is for manifests that a program builds.
func TestValidateWithoutDecode(t *testing.T) {
	t.Parallel()
	var found manifest.Errors
	if err := new(manifest.Manifest).Validate(); !errors.As(err, &found) {
		t.Fatalf("error %v is not manifest.Errors", err)
	}
	want := []string{
		`0:0 version: unsupported manifest version "": this program reads version "1.0"`,
		`0:0 source.type: unsupported source type "": use one of vmdk, vmx, ova, ovf, vhd, vhdx, qcow2, raw`,
		`0:0 source.path: must not be empty`,
		`0:0 source.max_virtual_size: 0 is out of range: give a number of bytes, such as 70368744177664 for 64 TiB`,
		`0:0 output.directory: must not be empty`,
		`0:0 output.format: unsupported output format "": use one of qcow2, raw, vdi`,
		`0:0 pipeline.fix.fstab_mode: unknown fstab mode "": use one of stabilize-all, bypath-only, noop`,
		`0:0 pipeline.fix.initramfs: unknown initramfs mode "": use one of auto, append, rebuild`,
		`0:0 pipeline.fix.fsck: unknown fsck mode "": use one of fatal, warn, off`,
		`0:0 pipeline.fix.block_driver: unknown block driver "": use one of viostor, vioscsi`,
		`0:0 pipeline.validate.boot.timeout_seconds: 0 is out of range: use 10 to 86400 seconds`,
		`0:0 pipeline.validate.boot.memory_mib: 0 is out of range: use 128 to 1048576 MiB`,
		`0:0 pipeline.validate.boot.cpus: 0 is out of range: use 1 to 255`,
		`0:0 pipeline.validate.boot.on_failure: unknown answer to a failure "": use one of fatal, warn`,
		`0:0 pipeline: no stage is enabled: enable at least one of inspect, fix, convert and validate`,
		`0:0 pipeline.convert.compression_type: unknown compression type "": use one of zlib, zstd`,
		`0:0 pipeline.convert.preallocation: unknown preallocation "": use one of off, metadata, falloc, full`,
	}
	if diff := cmp.Diff(want, positions(found)); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	m := &manifest.Manifest{
		Version:  manifest.Version,
		Source:   manifest.NewSource(manifest.SourceVMDK, "disk.vmdk"),
		Output:   manifest.Output{Directory: "out", Format: manifest.DefaultFormat},
		Pipeline: manifest.DefaultPipeline(),
		Options:  manifest.DefaultOptions(),
	}
	if err := m.Validate(); err != nil {
		t.Error(err)
	}
	encoded, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, decode(t, string(encoded))); diff != "" {
		t.Errorf("decoded (-built +decoded):\n%s", diff)
	}
}
