package network

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/netconf"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const (
	macA, macB = "00:50:56:00:00:0a", "00:50:56:00:00:0b"
	ipA, ipB   = "192.0.2.10", "198.51.100.20"
)

// pinnedCards are the hardware addresses, by name, that .link files of this
// package give names to.
func pinnedCards(t *testing.T, changes []report.Change, read func(string) ([]byte, error)) map[string]string {
	t.Helper()
	pinned := map[string]string{}
	for _, c := range changes {
		if strings.Contains(path.Base(c.Path), ownMark) {
			text, err := read(c.Path)
			if err != nil {
				t.Fatal(err)
			}
			pinned[netconf.LinkName(string(text))] = netconf.LinkAddress(string(text))
		}
	}
	return pinned
}

// Two cards are configured by names that no slot tells, with their addresses
// alone: who knows which addresses each hardware address has, knows the names.
func TestCardsByTheirIPAddresses(t *testing.T) {
	t.Parallel()
	const networkd = "[Match]\nName=%s\n\n[Network]\nDHCP=no\n"
	for name, files := range map[string]map[string]string{
		"ifupdown": {interfaces: "auto eth0\niface eth0 inet static\n  address " + ipA + "/24\nauto eth1\niface eth1 inet static\n  address " + ipB + "\n  netmask 255.255.255.0\n"},
		"ifupdown, an alias": {
			interfaces: "auto eth0\niface eth0 inet dhcp\niface eth0:1 inet static\n  address " + ipA + "\nauto eth1\niface eth1 inet static\n  address " + ipB + "/24\n",
		},
		"ifcfg of RHEL":       {scripts + "ifcfg-eth0": "DEVICE=eth0\nIPADDR=" + ipA + "\n", scripts + "ifcfg-eth1": "DEVICE=eth1\nIPADDR0=" + ipB + "\nPREFIX0=24\n"},
		"ifcfg of SUSE":       {"/etc/sysconfig/network/ifcfg-eth0": "IPADDR='" + ipA + "/24'\n", "/etc/sysconfig/network/ifcfg-eth1": "IPADDR_1='" + ipB + "/24'\n"},
		"ifcfg, alias, range": {scripts + "ifcfg-eth0": "DEVICE=eth0\n", scripts + "ifcfg-eth0:1": "DEVICE=eth0:1\nIPADDR=" + ipA + "\n", scripts + "ifcfg-eth1": "DEVICE=eth1\n", scripts + "ifcfg-eth1-range0": "IPADDR_START=" + ipB + "\n"},
		"keyfiles": {
			profiles + "a": "[connection]\ntype=ethernet\ninterface-name=eth0\n[ipv4]\nmethod=manual\naddress1=" + ipA + "/24,192.0.2.1\n",
			profiles + "b": "[connection]\ntype=ethernet\ninterface-name=eth1\n[ipv4]\nmethod=manual\naddresses=203.0.113.1/24;" + ipB + "/24;\n",
		},
		"netplan": {"/etc/netplan/a.yaml": "network:\n  ethernets:\n    eth0: {addresses: [" + ipA + "/24]}\n    eth1:\n      addresses:\n      - " + ipB + "/24: {label: b}\n"},
		"netplan, aliases of YAML": {
			"/etc/netplan/a.yaml": "x: &list [" + ipA + "/24]\nnetwork:\n  ethernets:\n    eth0: {addresses: *list}\n    eth1: {addresses: &other [" + ipB + "/24]}\n",
		},
		"networkd": {
			"/etc/systemd/network/a.network": fmt.Sprintf(networkd, "eth0") + "Address=" + ipA + "/24\n",
			"/etc/systemd/network/b.network": fmt.Sprintf(networkd, "eth1") + "[Address]\nAddress=" + ipB + "/24\n",
		},
		"dhclient": {
			interfaces:                      "auto eth0\niface eth0 inet dhcp\nauto eth1\niface eth1 inet dhcp\n",
			"/var/lib/dhcp/dhclient.leases": "lease {\n  interface \"eth0\";\n  fixed-address 203.0.113.7;\n}\nlease {\n  interface \"eth1\";\n  fixed-address " + ipB + ";\n}\nlease {\n  interface \"eth0\";\n  fixed-address " + ipA + ";\n}\n",
		},
		"dhclient of NetworkManager": {
			interfaces: "auto eth0\niface eth0 inet dhcp\nauto eth1\niface eth1 inet dhcp\n",
			"/var/lib/NetworkManager/dhclient-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f-eth0.lease": "lease {\n  interface \"eth0\";\n  fixed-address " + ipA + ";\n}\n",
			"/var/lib/NetworkManager/dhclient-1a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f-eth1.lease": "lease {\n  interface \"eth1\";\n  fixed-address " + ipB + ";\n}\n",
		},
		"NetworkManager's own client": {
			profiles + "a": "[connection]\ntype=ethernet\ninterface-name=eth0\n", profiles + "b": "[connection]\ntype=ethernet\ninterface-name=eth1\n",
			"/var/lib/NetworkManager/internal-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f-eth0.lease": "ADDRESS=" + ipA + "\nCLIENTID=ff00\n",
			"/var/lib/NetworkManager/internal-1a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f-eth1.lease": "ADDRESS=" + ipB + "\n",
		},
		"wicked": {
			"/etc/sysconfig/network/ifcfg-eth0": "BOOTPROTO='dhcp'\n", "/etc/sysconfig/network/ifcfg-eth1": "BOOTPROTO='dhcp'\n",
			"/var/lib/wicked/lease-eth0-dhcp-ipv4.xml": "<lease>\n  <family>ipv4</family>\n  <addresses>\n    <address>\n      <local>" + ipA + "/24</local>\n    </address>\n  </addresses>\n  <dhcp>\n    <client-id>ff:00:01</client-id>\n  </dhcp>\n</lease>\n",
			"/var/lib/wicked/lease-eth1-dhcp-ipv4.xml": "<lease><address><local>" + ipB + "/24</local></address></lease>\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files[newSystemd] = ""
			tree := guesttest.New(t, files)
			e := edittest.Of(t, tree)
			// In the other order, and with addresses that the guest does not tell.
			if err := Fix(e, []report.NIC{{MAC: macB, Addresses: []string{"2001:db8::1", ipB}}, {MAC: macA, Addresses: []string{ipA}}, {MAC: "00:50:56:00:00:0c"}}); err != nil {
				t.Fatal(err)
			}
			changes, _ := e.Take()
			if diff := cmp.Diff(map[string]string{"eth0": macA, "eth1": macB}, pinnedCards(t, changes, tree.ReadFile)); diff != "" {
				t.Errorf("names of hardware addresses (-want +got):\n%s", diff)
			}
		})
	}
}

// What a person says of a name is kept, whatever the guest configures; and what
// says nothing certain ties nothing.
func TestGivenCards(t *testing.T) {
	t.Parallel()
	const two = "auto eth0\niface eth0 inet static\n  address " + ipA + "\nauto eth1\niface eth1 inet static\n  address " + ipB + "\n"
	for name, test := range map[string]struct {
		files   map[string]string
		given   []report.NIC
		want    map[string]string
		unknown string // a part of the warning of cards that are not known
	}{
		"names": {
			map[string]string{interfaces: two},
			[]report.NIC{{MAC: macB, GuestName: "eth1"}, {MAC: macA, GuestName: "eth0"}},
			map[string]string{"eth0": macA, "eth1": macB}, "",
		},
		"a name against a slot": {
			map[string]string{interfaces: "auto ens192\niface ens192 inet dhcp\nauto ens224\niface ens224 inet dhcp\n"},
			[]report.NIC{{MAC: macA, GuestName: "ens192", Slot: 224}, {MAC: macB, GuestName: "ens224", Slot: 192}},
			map[string]string{"ens192": macA, "ens224": macB}, "",
		},
		"cards that nothing configures": {
			map[string]string{"/etc/NetworkManager/NetworkManager.conf": "[main]\n"},
			[]report.NIC{{MAC: macA, GuestName: "ens192"}, {MAC: macB, GuestName: "ens224"}},
			map[string]string{"ens192": macA, "ens224": macB}, "",
		},
		"a name for what is configured by hardware address": {
			map[string]string{profiles + "a": "[connection]\ntype=ethernet\n[ethernet]\nmac-address=" + macA + "\n", profiles + "b": "[connection]\ntype=ethernet\ninterface-name=eth1\n"},
			[]report.NIC{{MAC: macA, GuestName: "eth0"}, {MAC: macB, GuestName: "eth1"}},
			map[string]string{"eth0": macA, "eth1": macB}, "",
		},
		"one card": {
			map[string]string{"/etc/NetworkManager/NetworkManager.conf": "[main]\n"},
			[]report.NIC{{MAC: macA, GuestName: "ens192"}},
			map[string]string{"ens192": ""}, "",
		},
		"an address of two names": {
			map[string]string{interfaces: strings.ReplaceAll(two, ipB, ipA)},
			[]report.NIC{{MAC: macA, Addresses: []string{ipA}}, {MAC: macB, Addresses: []string{ipB}}, {}},
			map[string]string{}, "eth0, eth1",
		},
		"a name of two hardware addresses": {
			map[string]string{interfaces: two + "iface eth0:1 inet static\n  address 203.0.113.9\n"},
			[]report.NIC{{MAC: macA, Addresses: []string{ipA}}, {MAC: macB, Addresses: []string{"203.0.113.9"}}, {}},
			map[string]string{}, "eth0, eth1",
		},
		"one card of two unknown": {
			map[string]string{interfaces: two},
			[]report.NIC{{MAC: macA, Addresses: []string{ipA}}, {MAC: macB}, {}},
			map[string]string{"eth0": macA}, "addresses of eth1;",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := maps.Clone(test.files)
			files[newSystemd] = ""
			tree := guesttest.New(t, files)
			e := edittest.Of(t, tree)
			if err := Fix(e, test.given); err != nil {
				t.Fatal(err)
			}
			changes, warnings := e.Take()
			if diff := cmp.Diff(test.want, pinnedCards(t, changes, tree.ReadFile)); diff != "" {
				t.Errorf("names of hardware addresses (-want +got):\n%s", diff)
			}
			at := slices.IndexFunc(warnings, func(w report.Warning) bool { return w.ID == report.ConcernCardUnknown })
			if test.unknown == "" && at >= 0 || test.unknown != "" && (at < 0 || !strings.Contains(warnings[at].Message, test.unknown)) {
				t.Errorf("want a warning of %q: %+v", test.unknown, warnings)
			}
		})
	}
}

func TestParseLeases(t *testing.T) {
	t.Parallel()
	ip := netip.MustParseAddr
	for name, test := range map[string]struct {
		base, text string
		want       map[string]lease
	}{
		"several cards": {
			"dhclient.leases",
			"lease {\n  interface \"eth0\";\n  fixed-address 192.0.2.1;\n  option dhcp-client-identifier 1:0:50:56:0:0:a;\n}\nlease {\n  interface \"eth1\";\n  fixed-address 192.0.2.2;\n}\n",
			map[string]lease{"eth0": {macA, ip("192.0.2.1")}, "eth1": {"", ip("192.0.2.2")}},
		},
		"the last": {
			"x.leases",
			"lease {\n  interface \"eth0\";\n  fixed-address 192.0.2.1;\n}\nlease {\n  interface \"eth0\";\n  fixed-address 192.0.2.2;\n}\n",
			map[string]lease{"eth0": {"", ip("192.0.2.2")}},
		},
		"IPv6": {
			"x.leases", "lease6 {\n  interface \"eth0\";\n  ia-na 56:00:00:0a {\n    iaaddr 2001:db8::5 {\n      starts 1;\n    }\n  }\n}\n",
			map[string]lease{"eth0": {"", ip("2001:db8::5")}},
		},
		"an id that is a name": {
			"x.leases", "lease {\n  interface \"eth0\";\n  option dhcp-client-identifier \"web\";\n}\n", map[string]lease{"eth0": {}},
		},
		"an id of another kind": {
			"internal-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f-eth0.lease", "CLIENTID=02005056AABBCC\n", map[string]lease{"eth0": {}},
		},
		"wicked": {
			"lease-eth0-dhcp-ipv4.xml", "<lease><ipv4:dhcp><client-id>01:00:50:56:00:00:0a</client-id></ipv4:dhcp></lease>", map[string]lease{"eth0": {mac: macA}},
		},
		"nothing": {"x.leases", "# no lease\n", map[string]lease{}},
	} {
		if diff := cmp.Diff(test.want, parseLeases(test.base, test.text), cmp.AllowUnexported(lease{}), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
