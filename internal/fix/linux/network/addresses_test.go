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
		"leases of what the guest was cloned from": {
			map[string]string{
				interfaces:                      "auto ens192\niface ens192 inet dhcp\nauto ens224\niface ens224 inet dhcp\n",
				"/var/lib/dhcp/dhclient.leases": "lease {\n  interface \"ens192\";\n  option dhcp-client-identifier 1:0:c:29:1:2:3;\n}\n",
			},
			[]report.NIC{{MAC: macB, Slot: 224}, {MAC: macA, Slot: 192}},
			map[string]string{"ens192": macA, "ens224": macB}, "",
		},
		"a lease of a card that is not described": {
			map[string]string{interfaces: two, "/var/lib/dhcp/dhclient.leases": "lease {\n  interface \"eth1\";\n  option dhcp-client-identifier 1:0:50:56:0:0:b;\n}\n"},
			[]report.NIC{{MAC: macA, GuestName: "eth0"}},
			map[string]string{"eth0": macA, "eth1": macB}, "",
		},
		"names by VMware's index": {
			map[string]string{interfaces: strings.NewReplacer("eth0", "eno16777984", "eth1", "eno33557248").Replace(two)},
			[]report.NIC{{MAC: macB, Slot: 192}, {MAC: macA, Slot: 160}, {Slot: 224}},
			map[string]string{"eno16777984": macA, "eno33557248": macB}, "",
		},
		"names by VMware's buses": {
			map[string]string{interfaces: strings.NewReplacer("eth0", "enp2s1", "eth1", "enp4s0").Replace(two)},
			[]report.NIC{{MAC: macB, Slot: 161}, {MAC: macA, Slot: 33}, {Slot: 224}},
			map[string]string{"enp2s1": macA, "enp4s0": macB}, "",
		},
		"by several hardware addresses": {
			map[string]string{
				"/etc/systemd/network/a.network": "[Match]\nMACAddress=" + macA + " 00:50:56:00:00:0c\n[Network]\nDHCP=yes\n",
				"/etc/systemd/network/b.network": "[Match]\nPermanentMACAddress=" + macB + "\nName=lan\n[Network]\nDHCP=yes\n",
			},
			[]report.NIC{{MAC: macB}, {MAC: macA}},
			map[string]string{"lan": macB}, "",
		},
		"netplan, set-name and addresses of any form": {
			map[string]string{"/etc/netplan/a.yaml": "network:\n  ethernets:\n    id0:\n      match: {macaddress: 00:50:56:00:00:0A}\n      set-name: \"lan\"\n    id1: {match: {macaddress: \"00:50:56:00:00:0b\"}, set-name: wan, addresses: [" + ipB + "/24]}\n"},
			[]report.NIC{{MAC: macB}, {MAC: macA}},
			map[string]string{"lan": macA, "wan": macB}, "",
		},
		"ifcfg of RHEL, of any form": {
			map[string]string{
				scripts + "ifcfg-a":    "# a comment\nDEVICE=\"eth0\" # the first\nBOOTPROTO=None\nHWADDR='00:50:56:00:00:0A'\nIPADDR0=\"" + ipA + "\"\nPREFIX0=24\nONBOOT=\"yes\"\n",
				scripts + "ifcfg-eth1": "DEVICE=eth1\nBOOTPROTO=STATIC\nIPADDR1='" + ipB + "'\nNETMASK1=255.255.255.0\nONBOOT=YES\n",
				scripts + "ifcfg-eth2": "DEVICE=eth2\nONBOOT=False\n",
			},
			[]report.NIC{{MAC: macB, Addresses: []string{ipB}}, {MAC: macA}, {MAC: "00:50:56:00:00:0c"}},
			map[string]string{"eth0": macA, "eth1": macB}, "",
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

// TestSlotOf: what names of every kind tell of the slot of VMware's that a card was in.
func TestSlotOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{
		"ens192": 192, "ens33": 33, "ens161": 161, "enp3s0": 160, "enp4s0": 161, "enp11s0": 192, "enp19s0": 224, "enp27s0": 256, "enp34s0": 263, "enp2s1": 33, "enp2s5f0": 37,
		"eno16777984": 160, "eno33557248": 192, "eno50336512": 224, "eno50338560": 256, "eno67115776": 256, "eno16777736": 33, "eno33554984": 37, "eno67111936": 193,
		"eth0": 0, "ens1f0": 0, "enp35s0": 0, "enp3s1": 0, "enp1s0": 0, "enp3s0f1": 0, "eno1": 0, "eno16777985": 0, "eno16843520": 0, "eno4294967295": 0, "eno9999999999": 0, "enx005056aabbcc": 0,
	} {
		if got := slotOf(name); got != want {
			t.Errorf("%s was in slot %d, want %d", name, got, want)
		}
	}
}

// TestAddressesOfAnyCard: which of several cards gets an address is told to be
// uncertain where a file gives it to any of them.
func TestAddressesOfAnyCard(t *testing.T) {
	t.Parallel()
	two := []report.NIC{{MAC: macA, Slot: 192}, {MAC: macB, Slot: 224}}
	for name, test := range map[string]struct {
		file, text string
		described  []report.NIC
		warned     bool
	}{
		"a keyfile":                  {profiles + "a", "[connection]\ntype=ethernet\n[ipv4]\nmethod=manual\naddress1=" + ipA + "/24\n", two, true},
		"one of one card":            {profiles + "a", "[connection]\ntype=ethernet\n[ipv4]\nmethod=manual\naddress1=" + ipA + "/24\n", two[:1], false},
		"one of nobody knows how":    {profiles + "a", "[connection]\ntype=ethernet\n[ipv4]\nmethod=manual\naddress1=" + ipA + "/24\n", nil, false},
		"one by DHCP":                {profiles + "a", "[connection]\ntype=ethernet\n[ipv4]\nmethod=auto\n", two, false},
		"one with a name":            {profiles + "a", "[connection]\ntype=ethernet\ninterface-name=ens192\n[ipv4]\nmethod=manual\naddress1=" + ipA + "/24\n", two, false},
		"one by a hardware address":  {profiles + "a", "[connection]\ntype=ethernet\n[ethernet]\nmac-address=" + macA + "\n[ipv4]\nmethod=manual\naddress1=" + ipA + "/24\n", two, false},
		"ifcfg of RHEL":              {scripts + "ifcfg-internal", "TYPE=Ethernet\nBOOTPROTO=none\nIPADDR=" + ipA + "\nONBOOT=yes\n", two, true},
		"ifcfg of RHEL, with a name": {scripts + "ifcfg-ens192", "TYPE=Ethernet\nBOOTPROTO=none\nIPADDR=" + ipA + "\nONBOOT=yes\n", two, false},
		"networkd":                   {"/etc/systemd/network/a.network", "[Match]\nName=en*\n[Network]\nAddress=" + ipA + "/24\n", two, true},
		"networkd, by type":          {"/etc/systemd/network/a.network", "[Match]\nType=ether\n[Network]\nAddress=" + ipA + "/24\n", two, true},
		"netplan":                    {"/etc/netplan/a.yaml", "network:\n  ethernets:\n    all: {match: {name: \"en*\"}, addresses: [" + ipA + "/24]}\n", two, true},
	} {
		e := edittest.Of(t, guesttest.New(t, map[string]string{newSystemd: "", test.file: test.text}))
		if err := Fix(e, test.described); err != nil {
			t.Fatal(err)
		}
		_, warnings := e.Take()
		told := slices.ContainsFunc(warnings, func(w report.Warning) bool {
			return w.ID == report.ConcernCardDoubtful && strings.Contains(w.Message, test.file+" gives "+ipA+" to any network card")
		})
		if told != test.warned {
			t.Errorf("%s: %+v", name, warnings)
		}
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
