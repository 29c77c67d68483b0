package network

import (
	"errors"
	"io/fs"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const (
	newSystemd = "/usr/lib/systemd/libsystemd-shared-252.so"
	oldSystemd = "/lib/systemd/libsystemd-shared-239.so"
	linkEns192 = "/etc/systemd/network/10-hyper2kvm-ens192.link"
	ruleEns192 = "/etc/udev/rules.d/70-hyper2kvm-ens192.rules"
)

const gone = "\x00gone"

func TestFixNetwork(t *testing.T) {
	t.Parallel()
	anyCard := linkFile("ens192", "")
	for name, test := range map[string]struct {
		files map[string]string
		want  map[string]string // files that differ after
		warns []string
		nics  []report.NIC
	}{
		"ifupdown, static": {
			files: map[string]string{newSystemd: "", "/etc/network/interfaces": "auto lo\niface lo inet loopback\nallow-hotplug ens192\niface ens192 inet static\n  address 10.0.0.5/24\n"},
			want:  map[string]string{linkEns192: anyCard},
		},
		"ifupdown, bridge and VLAN": {
			files: map[string]string{newSystemd: "", "/etc/network/interfaces.d/x": "auto br0\niface br0 inet dhcp\n bridge_ports ens192\nauto ens192.100\niface ens192.100 inet dhcp\nauto bond0\niface bond0 inet manual\n bond-slaves none\n"},
			want:  map[string]string{linkEns192: anyCard},
		},
		"ifupdown, an idle second card": {
			files: map[string]string{newSystemd: "", "/etc/network/interfaces": "auto ens192\niface ens192 inet dhcp\niface ens224 inet dhcp\n"},
			want:  map[string]string{linkEns192: anyCard},
		},
		"old systemd": {
			files: map[string]string{oldSystemd: "", "/lib/udev/x": "", "/etc/network/interfaces": "auto ens192\niface ens192 inet dhcp\n"},
			want:  map[string]string{ruleEns192: udevRule("ens192", "")},
		},
		"new systemd that reads no .link files": {
			files: map[string]string{
				newSystemd: "", "/lib/udev/x": "", "/etc/udev/rules.d/80-net-setup-link.rules": "-> /dev/null",
				"/etc/network/interfaces": "auto ens192\niface ens192 inet dhcp\n",
			},
			want: map[string]string{ruleEns192: udevRule("ens192", "")},
		},
		"the same by an empty file, of a machine that was cloned": {
			files: map[string]string{
				newSystemd: "", "/lib/udev/x": "", "/etc/udev/rules.d/80-net-setup-link.rules": "",
				"/etc/udev/rules.d/70-persistent-net.rules": `SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="00:50:56:aa:bb:cc", NAME="eth1"` + "\n",
				"/etc/network/interfaces":                   "auto eth1\niface eth1 inet dhcp\n",
			},
			want: map[string]string{"/etc/udev/rules.d/70-hyper2kvm-eth1.rules": udevRule("eth1", ""), "/etc/udev/rules.d/70-persistent-net.rules": gone},
		},
		"a rule of its own that reads .link files": {
			files: map[string]string{
				newSystemd: "", "/lib/udev/x": "", "/etc/udev/rules.d/80-net-setup-link.rules": "IMPORT{builtin}=\"net_setup_link\"\n",
				"/etc/network/interfaces": "auto ens192\niface ens192 inet dhcp\n",
			},
			want: map[string]string{linkEns192: anyCard},
		},
		"an initramfs of dracut that brings the network up": {
			files: map[string]string{
				newSystemd: "", "/usr/bin/dracut": "#!", "/etc/network/interfaces": "auto ens192\niface ens192 inet dhcp\n",
				"/boot/loader/entries/a.conf": "options root=UUID=1 rd.neednet=1\n",
			},
			want: map[string]string{
				linkEns192: anyCard,
				"/etc/dracut.conf.d/90-hyper2kvm-network.conf": "# Written by hyper2kvm: the names of network cards, for an initramfs that configures them.\ninstall_items+=\" " + linkEns192 + " \"\n",
			},
		},
		"dracut without a network": {
			files: map[string]string{newSystemd: "", "/usr/bin/dracut": "#!", "/etc/network/interfaces": "auto ens192\niface ens192 inet dhcp\n"},
			want:  map[string]string{linkEns192: anyCard},
		},
		"no udev": {
			files: map[string]string{"/etc/network/interfaces": "auto eth0\niface eth0 inet dhcp\n"},
		},
		"netplan by id": {
			files: map[string]string{newSystemd: "", "/etc/netplan/01.yaml": "network:\n  version: 2\n  ethernets:\n    ens192:\n      dhcp4: true\n  bridges:\n    br0: {interfaces: [ens192]}\n"},
			want:  map[string]string{linkEns192: anyCard},
		},
		"netplan with set-name": {
			files: map[string]string{newSystemd: "", "/etc/netplan/50-cloud-init.yaml": "# by cloud-init\nnetwork:\n    ethernets:\n        ens192:\n            addresses: [10.0.0.5/24]\n            match:\n                macaddress: 00:50:56:aa:bb:cc # old\n            set-name: ens192\n    version: 2\n"},
			want: map[string]string{
				linkEns192:                        anyCard,
				"/etc/netplan/50-cloud-init.yaml": "# by cloud-init\nnetwork:\n    ethernets:\n        ens192:\n            addresses: [10.0.0.5/24]\n            match:\n                name: \"ens192\" # old\n            set-name: ens192\n    version: 2\n",
			},
		},
		"netplan in flow style": {
			files: map[string]string{newSystemd: "", "/etc/netplan/a.yaml": "network:\n  ethernets:\n    nic: {match: {driver: vmxnet3, macaddress: \"00:50:56:AA:BB:CC\"}, set-name: ens192}\n"},
			want: map[string]string{
				linkEns192:            anyCard,
				"/etc/netplan/a.yaml": "network:\n  ethernets:\n    nic: {match: {name: \"ens192\"}, set-name: ens192}\n",
			},
		},
		"netplan without any name": {
			files: map[string]string{newSystemd: "", "/etc/netplan/a.yaml": "network:\n  ethernets:\n    lan:\n      match:\n        macaddress: 00:50:56:aa:bb:cc\n      dhcp4: true\n"},
			want:  map[string]string{"/etc/netplan/a.yaml": "network:\n  ethernets:\n    lan:\n      match:\n        name: \"e*\"\n      dhcp4: true\n"},
		},
		"netplan with name and address": {
			files: map[string]string{newSystemd: "", "/etc/netplan/a.yaml": "network:\n  ethernets:\n    lan:\n      match:\n        name: ens192\n        macaddress: 00:50:56:aa:bb:cc\n"},
			want: map[string]string{
				linkEns192:            anyCard,
				"/etc/netplan/a.yaml": "network:\n  ethernets:\n    lan:\n      match:\n        name: ens192\n",
			},
		},
		"networkd by name": {
			files: map[string]string{newSystemd: "", "/etc/systemd/network/10-static.network": "[Match]\nName=ens192\n\n[Network]\nAddress=10.0.0.5/24\n"},
			want:  map[string]string{linkEns192: anyCard},
		},
		"networkd by address": {
			files: map[string]string{newSystemd: "", "/etc/systemd/network/10-static.network": "[Match]\nMACAddress=00:50:56:aa:bb:cc\n\n[Network]\nAddress=10.0.0.5/24\n[Link]\nMACAddress=00:50:56:00:00:01\n"},
			want:  map[string]string{"/etc/systemd/network/10-static.network": "[Match]\nName=en* eth*\n\n[Network]\nAddress=10.0.0.5/24\n[Link]\nMACAddress=00:50:56:00:00:01\n"},
		},
		"networkd with a named link": {
			files: map[string]string{
				newSystemd:                            "",
				"/etc/systemd/network/70-lan.link":    "[Match]\nMACAddress=00:50:56:AA:BB:CC\n[Link]\nName=lan0\n",
				"/etc/systemd/network/70-lan.network": "[Match]\nName=lan0\nMACAddress=00:50:56:aa:bb:cc\n[Network]\nDHCP=yes\n",
				"/etc/systemd/network/br.netdev":      "[NetDev]\nName=uplink\nKind=bridge\n",
				"/etc/systemd/network/br.network":     "[Match]\nName=uplink\n[Network]\nDHCP=yes\n",
			},
			want: map[string]string{
				"/etc/systemd/network/10-hyper2kvm-lan0.link": linkFile("lan0", ""),
				"/etc/systemd/network/70-lan.network":         "[Match]\nName=lan0\n[Network]\nDHCP=yes\n",
			},
		},
		"networkd wildcards": {
			files: map[string]string{newSystemd: "", "/etc/systemd/network/a.network": "[Match]\nName=en*\n", "/etc/systemd/network/b.network": "[Match]\nName=eth*\n"},
		},
		"narrow wildcard": {
			files: map[string]string{newSystemd: "", "/etc/systemd/network/a.network": "[Match]\nName=ens*\n"},
			warns: []string{"ens*"},
		},
		"NetworkManager keyfile": {
			files: map[string]string{newSystemd: "", "/etc/NetworkManager/system-connections/lan.nmconnection": "[connection]\nid=lan\ntype=ethernet\ninterface-name=ens192\n\n[ethernet]\nmac-address=00:50:56:AA:BB:CC\ncloned-mac-address=preserve\n\n[match]\npath=pci-0000:0b:00.0;\n\n[ipv4]\nmethod=manual\naddress1=10.0.0.5/24\n"},
			want: map[string]string{
				linkEns192: anyCard,
				"/etc/NetworkManager/system-connections/lan.nmconnection": "[connection]\nid=lan\ntype=ethernet\ninterface-name=ens192\n\n[ethernet]\ncloned-mac-address=preserve\n\n[match]\n\n[ipv4]\nmethod=manual\naddress1=10.0.0.5/24\n",
			},
		},
		"NetworkManager keyfile of a bridge": {
			files: map[string]string{newSystemd: "", "/etc/NetworkManager/system-connections/b": "[connection]\ntype=bridge\ninterface-name=lan\n"},
			warns: []string{"no network card was found"},
		},
		"ifcfg": {
			files: map[string]string{
				newSystemd: "",
				"/etc/sysconfig/network-scripts/ifcfg-ens192":     "TYPE=Ethernet\nHWADDR=\"00:50:56:AA:BB:CC\"\nBOOTPROTO=none\nIPADDR=10.0.0.5\n",
				"/etc/sysconfig/network-scripts/ifcfg-ens192.bak": "HWADDR=00:50:56:AA:BB:CC\nDEVICE=ens224\n",
				"/etc/sysconfig/network-scripts/ifcfg-eth0":       "DEVICE=eth0\nONBOOT=no\n",
				"/etc/sysconfig/network-scripts/ifcfg-lo":         "DEVICE=lo\n",
				"/etc/sysconfig/network-scripts/ifcfg-br0":        "DEVICE=br0\nTYPE=Bridge\n",
			},
			want: map[string]string{
				linkEns192: anyCard,
				"/etc/sysconfig/network-scripts/ifcfg-ens192": "TYPE=Ethernet\nBOOTPROTO=none\nIPADDR=10.0.0.5\nDEVICE=ens192\n",
			},
		},
		"SUSE": {
			files: map[string]string{newSystemd: "", "/etc/sysconfig/network/ifcfg-eth0": "STARTMODE='auto'\nBOOTPROTO='dhcp'\n", "/etc/sysconfig/network/ifcfg-br0": "BRIDGE='yes'\n"},
			want:  map[string]string{"/etc/systemd/network/10-hyper2kvm-eth0.link": linkFile("eth0", "")},
		},
		"persistent rules": {
			files: map[string]string{
				"/lib/udev/x": "",
				"/etc/udev/rules.d/70-persistent-net.rules": "# PCI device\nSUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", ATTR{address}==\"00:50:56:aa:bb:cc\", ATTR{type}==\"1\", KERNEL==\"eth*\", NAME=\"eth0\"\n",
				"/etc/network/interfaces":                   "auto eth0\niface eth0 inet dhcp\n",
			},
			want: map[string]string{
				"/etc/udev/rules.d/70-persistent-net.rules": gone,
				"/etc/udev/rules.d/70-hyper2kvm-eth0.rules": udevRule("eth0", ""),
			},
		},
		"persistent rules and an administrator's": {
			files: map[string]string{
				newSystemd: "", "/etc/network/interfaces": "auto eth0\niface eth0 inet dhcp\n",
				"/etc/udev/rules.d/70-persistent-net.rules": "SUBSYSTEM==\"net\", DRIVERS==\"?*\", ATTR{address}==\"00:50:56:aa:bb:cc\", NAME=\"eth0\"\nSUBSYSTEM==\"net\", KERNEL==\"eth*\", RUN+=\"/sbin/ethtool -G %k rx 4096\"\n",
			},
			want: map[string]string{
				"/etc/systemd/network/10-hyper2kvm-eth0.link": linkFile("eth0", ""),
				"/etc/udev/rules.d/70-persistent-net.rules":   "SUBSYSTEM==\"net\", KERNEL==\"eth*\", RUN+=\"/sbin/ethtool -G %k rx 4096\"\n",
			},
		},
		"two cards by rules with blanks": {
			files: map[string]string{
				newSystemd: "", "/etc/network/interfaces": "auto lan0 lan1\niface lan0 inet dhcp\niface lan1 inet dhcp\n",
				"/etc/udev/rules.d/10-net.rules": "SUBSYSTEM == \"net\", ATTR{address} == \"52:54:56:aa:bb:cc\", NAME = \"lan0\"\nSUBSYSTEM==\"net\", ATTR{address}==\"52:54:56:aa:bb:cd\", NAME:=\"lan1\"\n",
			},
			want: map[string]string{
				"/etc/systemd/network/10-hyper2kvm-lan0.link": linkFile("lan0", "52:54:56:aa:bb:cc"),
				"/etc/systemd/network/10-hyper2kvm-lan1.link": linkFile("lan1", "52:54:56:aa:bb:cd"),
			},
			warns: []string{"lan0=52:54:56:aa:bb:cc, lan1=52:54:56:aa:bb:cd"},
		},
		"two cards": {
			files: map[string]string{newSystemd: "",
				"/etc/sysconfig/network-scripts/ifcfg-ens192": "DEVICE=ens192\nHWADDR=00:50:56:AA:BB:CC\n",
				"/etc/sysconfig/network-scripts/ifcfg-ens224": "DEVICE=ens224\n",
			},
			want:  map[string]string{linkEns192: linkFile("ens192", "00:50:56:aa:bb:cc")},
			warns: []string{"ens192=00:50:56:aa:bb:cc", "ens224"},
		},
		"two cards, slots in the description": {
			files: map[string]string{newSystemd: "", "/etc/network/interfaces": "auto ens192\niface ens192 inet dhcp\nauto ens224\niface ens224 inet dhcp\n"},
			nics:  []report.NIC{{MAC: "00:50:56:00:00:02", Slot: 224}, {MAC: "00:50:56:00:00:01", Slot: 192}},
			want: map[string]string{
				linkEns192: linkFile("ens192", "00:50:56:00:00:01"),
				"/etc/systemd/network/10-hyper2kvm-ens224.link": linkFile("ens224", "00:50:56:00:00:02"),
			},
			warns: []string{"ens192=00:50:56:00:00:01, ens224=00:50:56:00:00:02"},
		},
		"two cards, one address left": {
			files: map[string]string{
				newSystemd: "", "/etc/network/interfaces": "auto eth0\niface eth0 inet dhcp\nauto eth1\niface eth1 inet dhcp\n",
				"/var/lib/dhcp/dhclient.eth1.leases": "lease {\n  interface \"eth1\";\n  fixed-address 10.0.0.7;\n  option dhcp-client-identifier 1:0:50:56:0:0:b;\n}\n",
			},
			nics: []report.NIC{{MAC: "00:50:56:00:00:0b"}, {MAC: "00:50:56:00:00:0a"}},
			want: map[string]string{
				"/etc/systemd/network/10-hyper2kvm-eth0.link": linkFile("eth0", "00:50:56:00:00:0a"),
				"/etc/systemd/network/10-hyper2kvm-eth1.link": linkFile("eth1", "00:50:56:00:00:0b"),
			},
			warns: []string{"eth0=00:50:56:00:00:0a, eth1=00:50:56:00:00:0b"},
		},
		"one card in use of two": {
			files: map[string]string{newSystemd: "", "/etc/network/interfaces": "auto ens192\niface ens192 inet dhcp\n"},
			nics:  []report.NIC{{MAC: "00:50:56:00:00:01", Slot: 192}, {MAC: "00:50:56:00:00:02", Slot: 224}},
			want:  map[string]string{linkEns192: linkFile("ens192", "00:50:56:00:00:01")},
			warns: []string{"ens192=00:50:56:00:00:01"},
		},
		"two cards, leases": {
			files: map[string]string{
				newSystemd: "", "/etc/network/interfaces": "auto ens192\niface ens192 inet dhcp\nauto ens224\niface ens224 inet dhcp\n",
				"/var/lib/NetworkManager/internal-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f-ens224.lease": "# This is private data.\nADDRESS=10.0.0.7\nCLIENTID=01005056AABBCC\n",
				"/var/lib/dhclient/dhclient.leases":                                                  "lease {\n  interface \"ens192\";\n  option dhcp-client-identifier ff:56:50:4d:98:0:2;\n}\n",
			},
			nics:  []report.NIC{{Name: "Network adapter 1"}, {Name: "Network adapter 2", MAC: "00:50:56:aa:bb:cc"}},
			want:  map[string]string{"/etc/systemd/network/10-hyper2kvm-ens224.link": linkFile("ens224", "00:50:56:aa:bb:cc")},
			warns: []string{"ens224=00:50:56:aa:bb:cc", "addresses of ens192; the old machine had Network adapter 2 00:50:56:aa:bb:cc: they get other names"},
		},
		"nothing": {files: map[string]string{newSystemd: ""}, warns: []string{"no network card was found"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := guesttest.New(t, test.files)
			e := edittest.Of(t, tree)
			if err := Fix(e, test.nics); err != nil {
				t.Fatal(err)
			}
			changes, warnings := e.Take()
			want := maps.Clone(test.files)
			maps.Copy(want, test.want)
			for path, content := range want {
				if strings.HasPrefix(content, "-> ") {
					continue // a link
				}
				got, err := tree.ReadFile(path)
				switch {
				case content == gone:
					if !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("%s is still there", path)
					}
				case err != nil:
					t.Error(err)
				default:
					if diff := cmp.Diff(content, string(got)); diff != "" {
						t.Errorf("%s: %s", path, diff)
					}
				}
			}
			if len(changes) != len(test.want) {
				t.Errorf("changes: %+v", changes)
			}
			if len(warnings) != len(test.warns) {
				t.Errorf("warnings: %+v", warnings)
			}
			for i, w := range warnings {
				if i < len(test.warns) && !strings.Contains(w.Message, test.warns[i]) {
					t.Errorf("warning %q, want one with %q", w.Message, test.warns[i])
				}
			}
			again := edittest.Of(t, tree)
			err := Fix(again, test.nics)
			if changes, _ := again.Take(); err != nil || len(changes) > 0 {
				t.Errorf("second run: %+v, %v", changes, err)
			}
		})
	}
}
