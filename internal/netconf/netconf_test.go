package netconf

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

func TestReadIfupdown(t *testing.T) {
	t.Parallel()
	const text = "# auto eth9\nauto lo \\\n  eth0:1\nallow-auto eth3\nallow_hotplug ens192\nallow-bond0 eth4\niface ens192 inet dhcp\niface eth0:1 inet dhcp\n" +
		"iface br0 inet dhcp\n  bridge-ports eth2\niface eth5 inet manual\n"
	got := ReadIfupdown(text)
	if diff := cmp.Diff([]string{"lo", "eth0:1", "eth3"}, got.Auto); diff != "" {
		t.Errorf("auto (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ens192"}, got.Hotplug); diff != "" {
		t.Errorf("hotplug (-want +got):\n%s", diff)
	}
	want := []Card{{Name: "ens192"}, {Name: "eth0"}, {Name: "eth2"}, {Name: "eth5", Idle: true}}
	if diff := cmp.Diff(want, readIfupdown("", text).Cards); diff != "" {
		t.Errorf("cards (-want +got):\n%s", diff)
	}
}

func TestReadIfcfg(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Ifcfg{
		"": {Name: "x", Physical: true, Starts: true},
		"DEVICE=\"eth0\" # the first\nHWADDR=AA\n": {Name: "eth0", MAC: "aa", Physical: true, Starts: true},
		"export DEVICE='eth0'\nONBOOT=NO\n":        {Name: "eth0", Physical: true},
		"STARTMODE='manual'\n":                     {Name: "x", Physical: true},
		"STARTMODE=OFF\n":                          {Name: "x", Physical: true},
		"TYPE=Bridge\n":                            {Name: "x", Starts: true},
		"BRIDGE='yes'\n":                           {Name: "x", Starts: true},
		"BRIDGE=br0\n":                             {Name: "x", Physical: true, Starts: true},
		// No valid shell: NetworkManager reads it all the same.
		"NAME=(\nDEVICE=\"eth0\"\nONBOOT=no\n": {Name: "eth0", Physical: true},
	} {
		if diff := cmp.Diff(want, ReadIfcfg("ifcfg-x", text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestReadNetplan(t *testing.T) {
	t.Parallel()
	const text = `# shared settings
x: &lan
  match: {macaddress: "00:50:56:AA:BB:CC"}
  set-name: lan0
network:
  renderer: NetworkManager
  version: 2
  ethernets:
    a: *lan
    b:
      <<: *lan
      set-name: lan1
    ens192: {dhcp4: true}
    eth0:
      match:
  bridges:
    br0: {interfaces: [ens192]}
`
	got, ok := ReadNetplan(text)
	if !ok || got.Renderer != "NetworkManager" {
		t.Errorf("renderer %q, %t", got.Renderer, ok)
	}
	if diff := cmp.Diff([]string{"a", "b", "br0", "ens192", "eth0"}, got.Interfaces); diff != "" {
		t.Errorf("interfaces (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ens192", "eth0"}, got.Named); diff != "" {
		t.Errorf("named (-want +got):\n%s", diff)
	}
	const mac = "00:50:56:aa:bb:cc"
	want := []Card{{Name: "lan0", MAC: mac}, {Name: "lan1", MAC: mac}, {Name: "ens192"}, {Name: "eth0"}}
	if diff := cmp.Diff(want, readNetplan("", text).Cards); diff != "" {
		t.Errorf("cards (-want +got):\n%s", diff)
	}
}

func TestReadNetplanOfNoUse(t *testing.T) {
	t.Parallel()
	for text, readable := range map[string]bool{
		"": true, "network: [a": false, "network: {ethernets: 3, renderer: [x]}": true, "- network": true,
		"network: &a\n  ethernets: *a\n": true, "network: &a\n  <<: *a\n  ethernets: {}\n": true, "network: *none\n": true,
	} {
		if got, ok := ReadNetplan(text); ok != readable {
			t.Errorf("%q: %+v, %t", text, got, ok)
		}
	}
}

func TestReadUdevRules(t *testing.T) {
	t.Parallel()
	const text = `# SUBSYSTEM=="net", NAME="no"
SUBSYSTEM=="net", ACTION=="add", \
  ATTR{address}=="00:50:56:AA:BB:CC", NAME="eth0"
NAME="eth1", SUBSYSTEM=="net"
KERNEL=="sda", NAME="disk"
ATTRS{address}=="00:50:56:00:00:01", NAME="eth2"
SUBSYSTEM=="net", ENV{ID_NET_NAME}="x"
SUBSYSTEM == "net", ATTR{address} == "00:50:56:00:00:02", NAME = "eth3"
SUBSYSTEM=="net", ATTR{address}=="00:50:56:00:00:03", NAME:="eth4"
SUBSYSTEM=="net", NAME=="eth5", ATTR{address}!="00:50:56:00:00:04", RUN+="/x"
`
	want := []UdevRule{
		{Name: "eth0", MAC: "00:50:56:aa:bb:cc", Net: true}, {Name: "eth1", Net: true}, {Name: "disk"}, {Name: "eth2", MAC: "00:50:56:00:00:01"},
		{Name: "eth3", MAC: "00:50:56:00:00:02", Net: true}, {Name: "eth4", MAC: "00:50:56:00:00:03", Net: true},
	}
	if diff := cmp.Diff(want, ReadUdevRules(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMatchNames(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"[Match]\nName=a b*\nName=c\n":     {"a", "b*", "c"},
		"[Match]\nName=a\nName=\nName=c\n": {"c"},
		"[Match]\nName=!wl* \\\n  a\n":     {}, // the mark is for the whole line
		"[Match]\nName=!lo br0\nName=a\n":  {"a"},
		"[Link]\nName=a\n":                 nil,
	} {
		if diff := cmp.Diff(want, MatchNames(conf.ReadINI(text))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	for text, want := range map[string]Found{
		"[Match]\nName=!lo br0\n":                     {AnyCard: true},
		"[Match]\nType=!loopback wlan\nName=ens192\n": {Cards: []Card{{Name: "ens192"}}},
		"[Match]\nType=!vlan ether\nName=ens192\n":    {Virtual: []string{"ens192"}},
		"[Match]\nType=wlan ether\nName=ens192\n":     {Cards: []Card{{Name: "ens192"}}},
		"[Match]\nDriver=!vmxnet3 e1000\n":            {AnyCard: true},
		"[Match]\nDriver=vmxnet3\n":                   {Cards: []Card{{}}},
		"[Match]\nKind=!bridge vlan\nName=ens192\n":   {Cards: []Card{{Name: "ens192"}}},
	} {
		if diff := cmp.Diff(want, readNetworkd("", text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	for match, want := range map[string]bool{
		"OriginalName=*": true, "OriginalName=!lo wl*": true, "OriginalName=!eth* en*": false, "OriginalName=wl* en*": true, "OriginalName=ens192": false,
		"Type=!wlan": true, "Type=!ether wlan": false, "Type=wlan ether": true, "Driver=vmxnet3": false, "Driver=!vmxnet3": true, "Driver=e1000 virtio*": true,
		"Path=pci-*": true, "Path=pci-0000:0b:00.0": false, "Path=!pci-*": false, "MACAddress=00:50:56:00:00:01": false,
		"Property=ID_NET_DRIVER=vmxnet3": false, "Property=!ID_USB_DRIVER=x": true, "Virtualization=!container": true,
	} {
		if _, ok := LinkForAnyCard("[Match]\n" + match + "\n[Link]\nMTUBytes=1400\n"); ok != want {
			t.Errorf("%s: is for any card: %v", match, ok)
		}
	}
	const two = "[Match]\nName=eth0\nName=eth1\n"
	if diff := cmp.Diff([]Card{{Name: "eth0"}, {Name: "eth1"}}, readNetworkd("", two).Cards); diff != "" {
		t.Errorf("cards (-want +got):\n%s", diff)
	}
}

func TestHardwareAddressesCompare(t *testing.T) {
	t.Parallel()
	for name, got := range map[string]string{
		"ifcfg":    ReadIfcfg("ifcfg-eth0", "DEVICE=eth0\nHWADDR=00-50-56-AA-BB-CC\n").MAC,
		"keyfile":  ReadKeyfile("[ethernet]\nmac-address=00-50-56-AA-BB-CC\n").MAC,
		"networkd": readNetworkd("", "[Match]\nMACAddress=0050.56AA.BBCC\n").Cards[0].MAC,
		"netplan":  readNetplan("", "network: {ethernets: {a: {match: {macaddress: '00:50:56:AA:BB:CC'}}}}").Cards[0].MAC,
		"udev":     ReadUdevRules(`ATTR{address}=="00:50:56:AA:BB:CC", NAME="eth0"`)[0].MAC,
	} {
		if got != "00:50:56:aa:bb:cc" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestReadKeyfile(t *testing.T) {
	t.Parallel()
	const text = "[connection]\ntype=802-3-ethernet\nautoconnect=false\n[802-3-ethernet]\nmac-address=AA:BB\n"
	if diff := cmp.Diff([]Card{{MAC: "aa:bb", Idle: true}}, readKeyfile("", text).Cards); diff != "" {
		t.Errorf("cards (-want +got):\n%s", diff)
	}
	if got := readKeyfile("", "[connection]\ntype=ethernet\n"); got.Cards != nil || !got.AnyCard {
		t.Errorf("a profile for any card: %+v", got)
	}
	if got := ReadKeyfile("[connection]\ninterface-name=eth0\ntype=bridge\n"); got.Interface != "eth0" || got.Type != "bridge" || !got.Starts {
		t.Errorf("%+v", got)
	}
}

// TestReadIfupdownLogical: names of stanzas need not be names of cards.
func TestReadIfupdownLogical(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]Card{
		"auto ens192\nmapping ens192\n script /bin/x\niface home inet dhcp\n":                      {{Name: "ens192"}},
		"auto ens192=home\niface home inet dhcp\n":                                                 {{Name: "ens192"}},
		"allow-hotplug eth0=home\niface home inet dhcp\niface away inet dhcp\n":                    {{Name: "eth0"}, {Name: "away", Idle: true, Doubtful: true}},
		"iface tmpl inet dhcp\nauto ens192\niface ens192 inherits tmpl\n":                          {{Name: "ens192"}},
		"template tmpl\nauto ens192\niface ens192 inet dhcp inherits tmpl\niface tmpl inet dhcp\n": {{Name: "ens192"}},
		"rename mac/00:50:56:AA:BB:CC=lan\nauto lan\niface lan inet dhcp\n":                        {{Name: "lan", MAC: "00:50:56:aa:bb:cc"}},
		"auto /ens1*\niface ens192 inet dhcp\n":                                                    {{Name: "ens192"}},
		"auto br0\niface br0 inet dhcp\n bridge_ports eth0 regex ens.* noregex eth1\n":             {{Name: "eth0"}, {Name: "eth1"}},
	} {
		got := readIfupdown("", text).Cards
		seen := map[string]bool{}
		got = slices.DeleteFunc(got, func(c Card) bool { was := seen[c.Name]; seen[c.Name] = true; return was })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestWithoutCardNames(t *testing.T) {
	t.Parallel()
	const head = "# This file was automatically generated by the /lib/udev/write_net_rules\n# program.\n\n"
	const generated = "# PCI device 0x15ad:0x07b0 (vmxnet3)\nSUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", \\\n ATTR{address}==\"00:50:56:aa:bb:cc\", ATTR{type}==\"1\", KERNEL==\"eth*\", NAME=\"eth0\"\n"
	const own = "# tuning\nSUBSYSTEM==\"net\", ACTION==\"add\", KERNEL==\"eth*\", RUN+=\"/sbin/ethtool -G %k rx 4096\"\n"
	const both = "SUBSYSTEM==\"net\", ATTR{address}==\"00:50:56:aa:bb:cd\", NAME=\"eth1\", RUN+=\"/x\"\n"
	for text, want := range map[string]string{
		"": "", head: "", head + generated: "", head + generated + generated + "\n# end": "",
		head + generated + own:        head + own,
		own + generated + both:        own + both,
		"KERNEL==\"x\", NAME=\"y\"\n": "KERNEL==\"x\", NAME=\"y\"\n",
	} {
		if diff := cmp.Diff(want, WithoutCardNames(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}
