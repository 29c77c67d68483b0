package inject

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// documentHosts is the list of the schema's example.
var documentHosts = []manifest.Host{{IP: "127.0.0.1", Hostname: "localhost"}, {IP: "10.0.0.10", Hostname: "webserver01.example.com webserver01"}}

func TestHostname(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		files        map[string]string
		extra        map[string]string
		hostname     *manifest.Hostname
		name, hosts  string
		wantWarnings []string
	}{
		"debian": {debianFiles, nil, &manifest.Hostname{Hostname: "web", Domain: "example.com"}, "web\n",
			"127.0.0.1\tlocalhost\n127.0.1.1\tweb.example.com web\n\n# IPv6\n::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\n", nil},
		"debian without a domain": {debianFiles, nil, &manifest.Hostname{Hostname: "web"}, "web\n",
			"127.0.0.1\tlocalhost\n127.0.1.1\tweb\n\n# IPv6\n::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\n", nil},
		"debian, whole name": {debianFiles, nil, &manifest.Hostname{Hostname: "web.example.com"}, "web.example.com\n",
			"127.0.0.1\tlocalhost\n127.0.1.1\tweb.example.com web\n\n# IPv6\n::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\n", nil},
		"debian with a permanent address": {debianFiles, nil, &manifest.Hostname{Hostname: "webserver01", Domain: "example.com", Hosts: documentHosts}, "webserver01\n",
			"127.0.0.1\tlocalhost\n\n# IPv6\n::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\n10.0.0.10\twebserver01.example.com webserver01\n", nil},
		"domain alone": {debianFiles, nil, &manifest.Hostname{Domain: "new.example"}, "oldbox\n",
			"127.0.0.1\tlocalhost\n127.0.1.1\toldbox.new.example oldbox\n\n# IPv6\n::1     localhost ip6-localhost ip6-loopback\nff02::1 ip6-allnodes\n", nil},
		"hosts alone": {debianFiles, nil, &manifest.Hostname{Hosts: []manifest.Host{{IP: "10.0.0.5", Hostname: "db db.example"}, {IP: "10.0.0.5", Hostname: "db cache"}, {IP: "::1", Hostname: "six"}}}, "oldbox\n",
			debianFiles["/etc/hosts"] + "10.0.0.5\tdb db.example cache\n::1\tsix\n", nil},
		"another address for a name": {debianFiles, map[string]string{"/etc/hosts": "127.0.0.1 localhost\n10.0.0.9 web # old\n"}, &manifest.Hostname{Hosts: []manifest.Host{{IP: "10.0.0.10", Hostname: "web"}}}, "oldbox\n",
			"127.0.0.1 localhost\n10.0.0.9 web # old\n10.0.0.10\tweb\n", []string{"another address"}},
		"comment kept": {debianFiles, map[string]string{"/etc/hosts": "127.0.0.1 localhost\n127.0.1.1 oldbox alias # kept\n"}, &manifest.Hostname{Hostname: "web"}, "web\n",
			"127.0.0.1 localhost\n127.0.1.1\tweb alias # kept\n", nil},
		"no hosts file": {map[string]string{"/etc/passwd": "root:x:0:0::/:/bin/sh\n"}, nil, &manifest.Hostname{Hostname: "web"}, "web\n",
			"127.0.0.1\tlocalhost\n127.0.0.1\tweb\n::1\tlocalhost ip6-localhost ip6-loopback\n", nil},
		"red hat resolves its own name": {redHatFiles, nil, &manifest.Hostname{Hostname: "web"}, "web\n", redHatFiles["/etc/hosts"], nil},
		"red hat with a domain": {redHatFiles, nil, &manifest.Hostname{Hostname: "web", Domain: "example.com"}, "web\n",
			"127.0.0.1   localhost localhost.localdomain localhost4 localhost4.localdomain4\n127.0.0.1\tweb.example.com web\n" +
				"::1         localhost localhost.localdomain localhost6 localhost6.localdomain6\n", nil},
		"suse": {suseFiles, nil, &manifest.Hostname{Hostname: "web"}, "web\n",
			"127.0.0.1       localhost\n127.0.0.1\tweb\n::1             localhost ipv6-localhost ipv6-loopback\n", nil},
		"alpine": {alpineFiles, nil, &manifest.Hostname{Hostname: "web"}, "web\n",
			"127.0.0.1\tlocalhost localhost.localdomain\n127.0.0.1\tweb\n::1\t\tlocalhost localhost.localdomain\n", nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t, tc.files, tc.extra)
			_, warnings, err := g.try(manifest.Configuration{Hostname: tc.hostname})
			g.must(err)
			wantWarnings(t, warnings, tc.wantWarnings...)
			if diff := cmp.Diff(tc.hosts, g.read("/etc/hosts")); diff != "" {
				t.Errorf("hosts (-want +got):\n%s", diff)
			}
			if got := g.read("/etc/hostname"); got != tc.name {
				t.Errorf("hostname %q, want %q", got, tc.name)
			}
			again, _, err := g.try(manifest.Configuration{Hostname: tc.hostname})
			g.must(err)
			if len(again.Changes) > 0 {
				t.Errorf("the second run is not idle: %+v", again.Changes)
			}
		})
	}
}

func TestHostnameInOtherFiles(t *testing.T) {
	t.Parallel()
	g := newGuest(t, redHatFiles, map[string]string{
		"/etc/sysconfig/network": "NETWORKING=yes\nHOSTNAME=old.example\n",
		"/etc/cloud/cloud.cfg":   "x: y\n",
	})
	_, _ = g.inject(manifest.Configuration{Hostname: &manifest.Hostname{Hostname: "web"}})
	if got := g.read("/etc/sysconfig/network"); got != "NETWORKING=yes\nHOSTNAME=web\n" {
		t.Errorf("sysconfig: %q", got)
	}
	if got := g.read("/etc/cloud/cloud.cfg.d/99-keep-hostname.cfg"); !strings.Contains(got, "preserve_hostname: true") {
		t.Errorf("cloud-init: %q", got)
	}
}

func TestMachineID(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles)
	result, _ := g.inject(manifest.Configuration{MachineID: manifest.MachineIDReset})
	if got := g.read("/etc/machine-id"); got != "" {
		t.Errorf("machine-id %q", got)
	}
	if len(result.Changes) != 1 {
		t.Errorf("the link of D-Bus was touched: %+v", result.Changes)
	}
	g = newGuest(t, debianFiles, map[string]string{"/var/lib/dbus/machine-id": "0123\n"})
	result, _ = g.inject(manifest.Configuration{MachineID: manifest.MachineIDReset})
	if c := changeOf(t, result, "/var/lib/dbus/machine-id"); c.Action != report.ActionRemoved {
		t.Errorf("%+v", c)
	}
}
