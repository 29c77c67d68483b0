package inject

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const documentNetwork = "[Match]\nName=eth0\n\n[Network]\nAddress=10.0.0.10/24\nGateway=10.0.0.1\nDNS=8.8.8.8\n"

func TestNetworkd(t *testing.T) {
	t.Parallel()
	const (
		enabled = "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service"
		noDNS   = "systemd-resolved"
		nm      = "/usr/lib/systemd/system/NetworkManager.service"
		nmLink  = "/etc/systemd/system/multi-user.target.wants/NetworkManager.service"
	)
	networkManager := map[string]string{nm: "[Install]\nWantedBy=multi-user.target\n", nmLink: "-> " + nm}
	with := func(base, more map[string]string) map[string]string {
		all := maps.Clone(base)
		maps.Copy(all, more)
		return all
	}
	auto := with(debianFiles, map[string]string{"/etc/network/interfaces": "auto lo ens192\niface ens192 inet dhcp\n"})
	tests := map[string]struct {
		files         map[string]string
		configuration manifest.Configuration
		content       string
		enables       bool
		warnings      []string
	}{
		"nothing else manages eth0":   {files: debianFiles, content: documentNetwork, enables: true, warnings: []string{noDNS}},
		"resolv.conf has a server":    {files: with(debianFiles, map[string]string{"/etc/resolv.conf": "nameserver 10.0.0.1\n"}), content: documentNetwork, enables: true},
		"ifupdown manages ens192":     {files: debianFiles, content: "[Match]\nName=ens192\n[Network]\nDHCP=yes\n", warnings: []string{"ifupdown (/etc/network/interfaces) in the guest manages ens192 too"}},
		"a pattern that covers it":    {files: debianFiles, content: "[Match]\nName=en*\n", warnings: []string{"manages en* too"}},
		"ifupdown waits for the card": {files: debianFiles, configuration: manifest.Configuration{Services: &manifest.Services{Disable: []string{"networking"}}}, content: "[Match]\nName=ens192\n", warnings: []string{"mask ifup@ens192.service under services"}},
		"ifupdown waits no more":      {files: debianFiles, configuration: manifest.Configuration{Services: &manifest.Services{Mask: []string{"ifup@ens192"}}}, content: "[Match]\nName=ens192\n", enables: true},
		"ifupdown waits for no card":  {files: debianFiles, configuration: manifest.Configuration{Services: &manifest.Services{Mask: []string{"ifup@.service"}}}, content: "[Match]\nName=ens192\n", enables: true},
		"ifupdown at boot":            {files: auto, content: "[Match]\nName=ens192\n", warnings: []string{"disable networking.service under services"}},
		"ifupdown is disabled too":    {files: auto, configuration: manifest.Configuration{Services: &manifest.Services{Disable: []string{"networking"}}}, content: "[Match]\nName=ens192\n", enables: true},
		"ifupdown is masked too":      {files: auto, configuration: manifest.Configuration{Services: &manifest.Services{Mask: []string{"networking"}}}, content: "[Match]\nName=ens192\n", enables: true},
		"no name":                     {files: debianFiles, content: "[Match]\nType=ether\n", warnings: []string{"manages the interfaces too"}},
		"NetworkManager":              {files: with(debianFiles, networkManager), content: "[Match]\nName=eth0\n", warnings: []string{"NetworkManager in the guest manages eth0 too"}},
		"NetworkManager leaves it be": {files: with(debianFiles, with(networkManager, map[string]string{"/etc/NetworkManager/conf.d/x.conf": "[keyfile]\nunmanaged-devices=interface-name:eth*;interface-name:x\n"})), content: "[Match]\nName=eth0\n", enables: true},
		"enabled by the manifest":     {files: debianFiles, configuration: manifest.Configuration{Services: &manifest.Services{Enable: []string{"systemd-networkd"}}}, content: "[Match]\nName=eth0\n", enables: true},
		"wicked":                      {files: suseFiles, content: "[Match]\nName=eth0\n", warnings: []string{"wicked (ifcfg files)"}},
		"wicked, another interface":   {files: suseFiles, content: "[Match]\nName=eth1\n", enables: true},
		"not installed":               {files: redHatFiles, content: "[Match]\nName=eth0\n", warnings: []string{"has no systemd-networkd.service"}},
		"shadowed by another file": {files: with(debianFiles, map[string]string{"/etc/systemd/network/05-all.network": "[Match]\nName=e*\n"}), content: "[Match]\nName=eth0\n",
			enables: true, warnings: []string{"05-all.network in the guest comes first"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t, tc.files)
			o := tc.configuration
			o.Network = &manifest.Network{SystemdNetworkd: []manifest.NetworkFile{{Filename: "10-eth0.network", Content: tc.content}}}
			result, warnings := g.inject(o)
			wantWarnings(t, warnings, tc.warnings...)
			if got := g.read("/etc/systemd/network/10-eth0.network"); got != tc.content {
				t.Errorf("content %q", got)
			}
			if got := g.attributes("/etc/systemd/network/10-eth0.network"); got != (attributes{0o644, 0, 0}) {
				t.Errorf("attributes %v", got)
			}
			if _, err := g.fs.Lstat(enabled); (err == nil) != tc.enables {
				t.Errorf("systemd-networkd enabled: %t, want %t", err == nil, tc.enables)
			}
			if strings.Contains(everything(result, warnings), "10.0.0.10") {
				t.Error("the content is shown")
			}
		})
	}
}

func TestNetworkFilesWithKeys(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles, map[string]string{"/usr/sbin/netplan": "#!"})
	result, warnings := g.inject(manifest.Configuration{Network: &manifest.Network{
		SystemdNetworkd: []manifest.NetworkFile{{Filename: "wg0.netdev", Content: "[NetDev]\nName=wg0\nKind=wireguard\n[WireGuard]\nPrivateKey=CANARY1"}, {Filename: "10-x.link", Content: "[Match]\nMACAddress=x\n[Link]\nName=x\n"}},
		Netplan:         []manifest.NetworkFile{{Filename: "60-wifi.yaml", Content: "network:\n  wifis:\n    wlan0: {access-points: {a: {password: CANARY2}}}\n"}},
		NetworkManager:  []manifest.NetworkFile{{Filename: "wifi.nmconnection", Content: "[connection]\nid=wifi\ntype=wifi\ninterface-name=wlan0\n[wifi-security]\npsk=CANARY3\n"}},
	}})
	wantWarnings(t, warnings, "has no NetworkManager.service")
	for name, want := range map[string]attributes{
		"/etc/systemd/network/wg0.netdev":                                      {0o640, 0, 998},
		"/etc/systemd/network/10-x.link":                                       {0o644, 0, 0},
		"/etc/netplan/60-wifi.yaml":                                            {0o600, 0, 0},
		"/etc/NetworkManager/system-connections/wifi.nmconnection":             {0o600, 0, 0},
		"/etc/systemd/system/multi-user.target.wants/cron.service":             {0o644, 0, 0},
		"/etc/systemd/system/multi-user.target.wants/systemd-networkd.service": {0o644, 0, 0},
	} {
		if strings.Contains(name, ".target.wants") {
			if _, err := g.fs.Lstat(name); err != nil {
				t.Error(err)
			}
			continue
		}
		if got := g.attributes(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if strings.Contains(everything(result, warnings), "CANARY") {
		t.Error("a key is shown")
	}
}

func TestNetworkManagerOnRedHat(t *testing.T) {
	t.Parallel()
	g := newGuest(t, redHatFiles, map[string]string{"/etc/cloud/cloud.cfg": "x: y\n"})
	result, warnings := g.inject(manifest.Configuration{Network: &manifest.Network{NetworkManager: []manifest.NetworkFile{{Filename: "eth0.nmconnection", Content: "[connection]\nid=eth0\ntype=ethernet\ninterface-name=eth0\n"}}}})
	wantWarnings(t, warnings)
	change := changeOf(t, result, "/etc/NetworkManager/system-connections/eth0.nmconnection")
	if change.Action != report.ActionCreated || !g.relabels() {
		t.Errorf("%+v, and labels are set: %t", change, g.relabels())
	}
	if got := g.read("/etc/cloud/cloud.cfg.d/99-keep-network.cfg"); !strings.Contains(got, "config: disabled") {
		t.Errorf("cloud-init: %q", got)
	}
}

func TestNetplanMerges(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles, map[string]string{"/usr/sbin/netplan": "#!", "/etc/netplan/50-cloud-init.yaml": "network:\n  ethernets:\n    eth0: {dhcp4: true}\n"})
	file := manifest.NetworkFile{Filename: "60-eth0.yaml", Content: "network:\n  ethernets:\n    eth0: {addresses: [10.0.0.10/24]}\n"}
	_, warnings, err := g.try(manifest.Configuration{Network: &manifest.Network{Netplan: []manifest.NetworkFile{file}}})
	g.must(err)
	wantWarnings(t, warnings, "50-cloud-init.yaml in the guest defines eth0 too")
	file.Filename = "50-cloud-init.yaml"
	_, warnings, err = g.try(manifest.Configuration{Network: &manifest.Network{Netplan: []manifest.NetworkFile{file}}})
	g.must(err)
	if slices.ContainsFunc(warnings, func(w report.Warning) bool { return strings.Contains(w.Remedy, "50-cloud-init") }) {
		t.Errorf("a replaced file is warned of: %v", warnings)
	}
}

func TestWarnOtherCard(t *testing.T) {
	t.Parallel()
	link := map[string]string{"/etc/systemd/network/10-hyper2kvm-ens192.link": "[Match]\nType=ether\n[Link]\nName=ens192\n"}
	rule := map[string]string{"/etc/udev/rules.d/70-hyper2kvm-ens192.rules": `SUBSYSTEM=="net", ACTION=="add", ATTR{type}=="1", NAME="ens192"` + "\n"}
	networkd := func(name string) *manifest.Network {
		return &manifest.Network{SystemdNetworkd: []manifest.NetworkFile{{Filename: "a.network", Content: "[Match]\nName=" + name + "\n"}}}
	}
	netplan := func(text string) *manifest.Network {
		return &manifest.Network{Netplan: []manifest.NetworkFile{{Filename: "a.yaml", Content: "network: {ethernets: {" + text + "}}"}}}
	}
	const want = "the network card keeps the name ens192"
	for name, tc := range map[string]struct {
		files   map[string]string
		network *manifest.Network
		warns   bool
	}{
		"another name":            {link, networkd("eth0"), true},
		"another name by rule":    {rule, networkd("eth0"), true},
		"its name":                {link, networkd("ens192"), false},
		"its name among others":   {link, networkd("eth0 ens192"), false},
		"a pattern":               {link, networkd("en*"), false},
		"a tunnel":                {link, networkd("wg0"), false},
		"nothing gives names":     {nil, networkd("eth0"), false},
		"netplan":                 {link, netplan("eth0: {dhcp4: true}"), true},
		"netplan by address":      {link, netplan(`lan: {match: {macaddress: "00:50:56:00:00:01"}}`), false},
		"NetworkManager":          {link, &manifest.Network{NetworkManager: []manifest.NetworkFile{{Filename: "a.nmconnection", Content: "[connection]\ntype=ethernet\ninterface-name=eth0\n"}}}, true},
		"NetworkManager, no name": {link, &manifest.Network{NetworkManager: []manifest.NetworkFile{{Filename: "a.nmconnection", Content: "[connection]\ntype=ethernet\n"}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, warnings := newGuest(t, debianFiles, tc.files).inject(manifest.Configuration{Network: tc.network})
			warned := slices.ContainsFunc(warnings, func(w report.Warning) bool { return strings.Contains(w.Message, want) })
			if warned != tc.warns {
				t.Errorf("warnings: %+v", warnings)
			}
		})
	}
}

// TestDropInsAreRead: what lies in X.link.d and X.network.d is part of X.
func TestDropInsAreRead(t *testing.T) {
	t.Parallel()
	const directory = "/etc/systemd/network/"
	g := newGuest(t, debianFiles, map[string]string{
		directory + "05-card.link": "[Match]\nType=ether\n", directory + "05-card.link.d/name.conf": "[Link]\nName=ens5\n",
		directory + "10-lan.network": "[Network]\nDHCP=yes\n", directory + "10-lan.network.d/match.conf": "[Match]\nName=ens192\n",
	})
	_, warnings := g.inject(manifest.Configuration{Network: &manifest.Network{
		SystemdNetworkd: []manifest.NetworkFile{{Filename: "50-new.network", Content: "[Match]\nName=ens192\n[Network]\nDHCP=yes\n"}},
	}})
	for _, want := range []string{"the network card keeps the name ens5", "10-lan.network in the guest comes first and matches ens192 too"} {
		if !slices.ContainsFunc(warnings, func(w report.Warning) bool { return strings.Contains(w.Message, want) }) {
			t.Errorf("no warning says %q: %v", want, warnings)
		}
	}
}
