package netconf

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAddresses reads the addresses that files of each kind give, and none that
// come by DHCP or are not brought up by themselves.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		directory, base, text string
		want                  string
	}{
		"ifupdown": {
			"/etc/network", "interfaces",
			"auto lo ens192 ens192:1\nallow-hotplug ens224\niface lo inet loopback\n\taddress 127.0.0.2/8\n" +
				"iface ens192 inet static\n\taddress 10.0.0.5\n\tnetmask 255.255.255.0\n# address 10.0.0.6\niface ens192 inet6 static\n\taddress fd00::5/64\n" +
				"iface ens192:1 inet static\n\taddress 10.0.0.7/24\niface ens224 inet dhcp\n\taddress 10.0.0.8\niface ens256 inet static\n\taddress 10.0.0.9\n",
			"ens192 10.0.0.5, ens192 fd00::5, ens192 10.0.0.7",
		},
		"netplan": {
			"/etc/netplan", "50.yaml",
			"network:\n  version: 2\n  ethernets:\n    lan:\n      match: {macaddress: 00:50:56:9a:01:02}\n      set-name: ens192\n      addresses:\n" +
				"        - 10.0.0.5/24\n        - 10.0.0.6/24: {label: second}\n    ens224: {addresses: &a ['fd00::5/64']}\n    any:\n      match: {name: en*}\n      addresses: [10.0.0.9/24]\n" +
				"  bridges:\n    br0: {interfaces: [ens224], addresses: *a}\n",
			"ens192 10.0.0.5, ens192 10.0.0.6, ens224 fd00::5,  10.0.0.9, br0 fd00::5",
		},
		"netplan, wrong": {"/etc/netplan", "50.yaml", "network: [", ""},
		"networkd": {
			"/etc/systemd/network", "10.network",
			"[Match]\nName=ens192\n[Network]\nAddress=10.0.0.5/24\nAddress=fd00::5/64\n[Address]\nAddress=10.0.0.6/24\n", "ens192 10.0.0.5, ens192 fd00::5, ens192 10.0.0.6",
		},
		"networkd, for all": {"/etc/systemd/network", "10.network", "[Match]\nName=en*\n[Network]\nAddress=10.0.0.5/24\n", " 10.0.0.5"},
		"NetworkManager": {
			"/etc/NetworkManager/system-connections", "lan.nmconnection",
			"[connection]\ntype=ethernet\ninterface-name=ens192\n[ipv4]\nmethod=manual\naddress1=10.0.0.5/24,10.0.0.1\naddresses=10.0.0.6/24;10.0.0.7/24;\n[ipv6]\nmethod=auto\naddress1=fd00::5/64\n",
			"ens192 10.0.0.5, ens192 10.0.0.6, ens192 10.0.0.7",
		},
		"NetworkManager, on demand": {
			"/etc/NetworkManager/system-connections", "lan.nmconnection",
			"[connection]\ntype=ethernet\ninterface-name=ens192\nautoconnect=false\n[ipv4]\nmethod=manual\naddress1=10.0.0.5/24\n", "",
		},
		"ifcfg of RHEL": {
			"/etc/sysconfig/network-scripts", "ifcfg-ens192",
			"DEVICE=ens192\nONBOOT=yes\nBOOTPROTO=none\nIPADDR=10.0.0.5\nIPADDR1=\"10.0.0.6\"\nIPV6ADDR=fd00::5/64\nNETMASK=255.255.255.0\n",
			"ens192 10.0.0.5, ens192 10.0.0.6, ens192 fd00::5",
		},
		"ifcfg, DHCP":          {"/etc/sysconfig/network-scripts", "ifcfg-ens192", "DEVICE=ens192\nBOOTPROTO=dhcp\nIPADDR=10.0.0.5\n", ""},
		"ifcfg, not at boot":   {"/etc/sysconfig/network-scripts", "ifcfg-ens192", "DEVICE=ens192\nONBOOT=no\nIPADDR=10.0.0.5\n", ""},
		"ifcfg of SUSE":        {"/etc/sysconfig/network", "ifcfg-eth0", "BOOTPROTO='static'\nSTARTMODE='auto'\nIPADDR='10.0.0.5/24'\nIPADDR_2='10.0.0.6/24'\n", "eth0 10.0.0.5, eth0 10.0.0.6"},
		"ifcfg of an alias":    {"/etc/sysconfig/network-scripts", "ifcfg-eth0:1", "DEVICE=eth0:1\nIPADDR=10.0.0.7\n", "eth0 10.0.0.7"},
		"what is no address":   {"/etc/sysconfig/network", "ifcfg-eth0", "IPADDR='$MINE'\n", ""},
		"an address of no-one": {"/etc/sysconfig/network", "ifcfg-eth0", "IPADDR='0.0.0.0'\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, format := range Formats {
				if format.Directories[0] == test.directory && format.Addresses != nil {
					for _, a := range format.Addresses(test.base, test.text) {
						got = append(got, a.Interface+" "+a.Address.String())
					}
				}
			}
			if diff := cmp.Diff(test.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
