package network_test

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/network"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func read(t *testing.T, data []byte, old []report.NIC) []network.Card {
	t.Helper()
	hive, err := registry.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	cards, err := network.Read(hive, registry.System{ControlSet: "ControlSet001"}, old)
	if err != nil {
		t.Fatal(err)
	}
	return cards
}

// compared has addresses compared as what they are.
var compared = cmp.Options{
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
}

func addresses(texts ...string) []netip.Addr {
	var list []netip.Addr
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

func prefixes(texts ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

// TestRealMachines: the Windows 7 has two cards with static addresses, the Windows 10
// has one that asks by DHCP.
func TestRealMachines(t *testing.T) {
	t.Parallel()
	old := []report.NIC{{MAC: "00:50:56:00:00:01"}}
	want := []network.Card{
		{
			ID: "{6AAFC9A9-0542-4DB2-8760-CCFFA953737C}", Name: "Local Area Connection", Gateways: addresses("192.168.1.1"),
			Addresses: prefixes("192.168.1.123/24"), NameServers: addresses("192.168.1.112"),
		},
		{
			ID: "{698E50A9-4F58-4D86-B61D-F42E58DCACF6}", Name: "Local Area Connection 2", Gateways: addresses("10.3.58.1"),
			Addresses: prefixes("10.3.58.5/24"), NameServers: addresses("10.3.58.4"),
		},
	}
	if diff := cmp.Diff(want, read(t, registrytest.Load(t, "../../../registry/testdata", "windows7-vmware-SYSTEM"), old), compared); diff != "" {
		t.Error(diff)
	}
	if got := read(t, registrytest.Load(t, "../../../registry/testdata", "windows10-1709-vmware-SYSTEM"), old); len(got) > 0 {
		t.Errorf("the Windows 10 has %+v", got)
	}
}

// TestRead: of one card that is known in all ways, what each of them says.
func TestRead(t *testing.T) {
	t.Parallel()
	const (
		set     = `ControlSet001\`
		id      = "{5F3F359E-9D52-4566-9BEC-37EFDFB25ABE}"
		class   = set + `Control\Class\{4D36E972-E325-11CE-BFC1-08002BE10318}`
		binding = set + `Services\Tcpip\Parameters\Interfaces\{5f3f359e-9d52-4566-9bec-37efdfb25abe}`
		setup   = set + `Control\NetworkSetup2\Interfaces\` + id + `\Kernel`
		device  = `PCI\VEN_15AD&DEV_07B0\4&0`
	)
	text := func(name, text string) registry.Value { return registry.TextValue(name, registry.String, text) }
	card := func() map[string][]registry.Value {
		return map[string][]registry.Value{
			class + `\0002`:          {text("ComponentId", `PCI\VEN_15AD&DEV_07B0`), text("NetCfgInstanceId", id)},
			class + `\0003`:          {text("ComponentId", "ms_sstpminiport"), text("NetCfgInstanceId", "{553E1C42-A9D7-4AC2-81B4-12BB11CB4DD9}")},
			class + `\Configuration`: nil,
			set + `Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}\` + id + `\Connection`: {text("Name", "Ethernet0")},
			binding: {
				registry.NumberValue("EnableDHCP", 0), registry.TextsValue("IPAddress", "192.0.2.5", "0.0.0.0", "192.0.2.6"),
				registry.TextsValue("SubnetMask", "255.255.255.0", "0.0.0.0", "255.255.255.0"), registry.TextsValue("DefaultGateway", "192.0.2.1"),
				text("NameServer", "192.0.2.53,192.0.2.54"),
			},
		}
	}
	static := network.Card{
		ID: id, Name: "Ethernet0", Gateways: addresses("192.0.2.1"), NameServers: addresses("192.0.2.53", "192.0.2.54"),
		Addresses: prefixes("192.0.2.5/24", "192.0.2.6/24"), Only: true,
	}
	withMAC := func(mac string) []network.Card { c := static; c.MAC = mac; return []network.Card{c} }
	unknown := static
	unknown.Only = false
	named := unknown
	named.MAC = "00:0c:29:00:00:08"
	second := withMAC("00:0c:29:00:00:07")[0]
	second.Addresses = prefixes("192.0.2.6/24")
	servers, off := withMAC("00:0c:29:00:00:07")[0], withMAC("00:0c:29:00:00:07")[0]
	servers.Addresses, servers.Gateways = nil, nil
	off.Unfit = "was disabled"
	old := []report.NIC{{MAC: "00:0C:29:00:00:07"}}
	for name, test := range map[string]struct {
		change func(map[string][]registry.Value)
		old    []report.NIC
		want   []network.Card
	}{
		"of the only card":            {nil, old, withMAC("00:0c:29:00:00:07")},
		"of nobody":                   {nil, nil, withMAC("")},
		"two cards in OVF":            {nil, append(old, report.NIC{}), []network.Card{unknown}},
		"of the one with the address": {nil, append(old, report.NIC{MAC: "00:0C:29:00:00:08", Addresses: []string{"192.0.2.6/24"}}), []network.Card{named}},
		"of the one with the name":    {nil, append(old, report.NIC{MAC: "00:0C:29:00:00:08", GuestName: "ethernet0"}), []network.Card{named}},
		"of two with the address": {
			nil, []report.NIC{{MAC: "00:0C:29:00:00:08", Addresses: []string{"192.0.2.6"}}, {MAC: "00:0C:29:00:00:09", GuestName: "Ethernet0"}}, []network.Card{unknown},
		},
		"no mask": {func(k map[string][]registry.Value) {
			k[binding][2] = registry.TextsValue("SubnetMask", "255.0.255.0", "255.0.0.0", "255.255.255.0")
		}, old, []network.Card{second}},
		"an address that is none": {func(k map[string][]registry.Value) {
			k[binding][1] = registry.TextsValue("IPAddress", "192.0.2.300", "192.0.2.6")
			k[binding][2] = registry.TextsValue("SubnetMask", "255.0.0.0", "255.255.255.0")
		}, old, []network.Card{second}},
		"of the class": {func(k map[string][]registry.Value) {
			k[class+`\0002`] = append(k[class+`\0002`], text("NetworkAddress", "000C29-000001"))
		}, nil, withMAC("00:0c:29:00:00:01")},
		"of the setup": {func(k map[string][]registry.Value) {
			k[setup] = []registry.Value{{Name: "PermanentAddress", Type: registry.Binary, Data: []byte{0, 0xC, 0x29, 0, 0, 2}}}
		}, nil, withMAC("00:0c:29:00:00:02")},
		"of the setup, of a card that was another": {func(k map[string][]registry.Value) {
			k[setup] = []registry.Value{{Name: "PermanentAddress", Type: registry.Binary, Data: []byte{0, 0xC, 0x29, 0, 0, 2}}}
		}, old, withMAC("00:0c:29:00:00:07")},
		"by DHCP, with name servers": {func(k map[string][]registry.Value) { k[binding][0] = registry.NumberValue("EnableDHCP", 1) }, old, []network.Card{servers}},
		"by DHCP": {func(k map[string][]registry.Value) {
			k[binding][0], k[binding][4] = registry.NumberValue("EnableDHCP", 1), text("NameServer", "")
		}, old, nil},
		"disabled": {func(k map[string][]registry.Value) {
			k[class+`\0002`] = append(k[class+`\0002`], text("DeviceInstanceID", device))
			k[set+`Enum\`+device] = []registry.Value{registry.NumberValue("ConfigFlags", 1)}
		}, old, []network.Card{off}},
		"nothing configured": {func(k map[string][]registry.Value) { delete(k, binding) }, old, nil},
		"no cards":           {func(k map[string][]registry.Value) { clear(k) }, old, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := card()
			if test.change != nil {
				test.change(keys)
			}
			if diff := cmp.Diff(test.want, read(t, registrytest.Build(keys), test.old), compared); diff != "" {
				t.Error(diff)
			}
		})
	}
	const shown = `"Ethernet0" (00:0c:29:00:00:07) has 192.0.2.5/24 and 192.0.2.6/24, gateway 192.0.2.1, name servers 192.0.2.53 192.0.2.54`
	if got := withMAC("00:0c:29:00:00:07")[0].String(); got != shown {
		t.Errorf("it is shown as %s", got)
	}
}

// TestReadSeveral: cards that are described are told from those that the machine had once,
// and those that Windows makes of others are said.
func TestReadSeveral(t *testing.T) {
	t.Parallel()
	const set = `ControlSet001\`
	type card struct {
		component, address, mac string
		slot                    uint32
	}
	const (
		vmxnet3, e1000 = `pci\ven_15ad&dev_07b0&subsys_07b015ad`, `PCI\VEN_8086&DEV_100F`
		one, two       = "00:0c:29:00:00:01", "00:0c:29:00:00:02"
	)
	id := func(n int) string { return fmt.Sprintf("{5F3F359E-9D52-4566-9BEC-0000000000%02d}", n) }
	build := func(cards []card) []byte {
		keys := map[string][]registry.Value{}
		for n, card := range cards {
			device := fmt.Sprintf(`PCI\VEN_%d\4&0`, n)
			keys[fmt.Sprintf(set+`Control\Class\{4d36e972-e325-11ce-bfc1-08002be10318}\%04d`, n)] = []registry.Value{
				registry.TextValue("ComponentId", registry.String, card.component), registry.TextValue("NetCfgInstanceId", registry.String, id(n)),
				registry.TextValue("DeviceInstanceID", registry.String, device),
			}
			keys[set+`Enum\`+device] = []registry.Value{registry.NumberValue("UINumber", card.slot), registry.NumberValue("ConfigFlags", 0)}
			keys[set+`Services\Tcpip\Parameters\Interfaces\`+id(n)] = []registry.Value{
				registry.NumberValue("EnableDHCP", 0), registry.TextsValue("IPAddress", card.address), registry.TextsValue("SubnetMask", "255.255.255.0"),
			}
			if mac, err := net.ParseMAC(card.mac); err == nil {
				keys[set+`Control\NetworkSetup2\Interfaces\`+id(n)+`\Kernel`] = []registry.Value{{Name: "PermanentAddress", Type: registry.Binary, Data: mac}}
			}
		}
		return registrytest.Build(keys)
	}
	for name, test := range map[string]struct {
		cards []card
		old   []report.NIC
		want  []string
	}{
		"two, by their slots": {
			[]card{{e1000, "192.0.2.1", "", 33}, {e1000, "192.0.2.2", "", 34}}, []report.NIC{{MAC: one, Slot: 34}, {MAC: two, Slot: 33}},
			[]string{"192.0.2.1 " + two, "192.0.2.2 " + one},
		},
		"two, of which one is not there any more": {
			[]card{{e1000, "192.0.2.1", "", 33}, {vmxnet3, "192.0.2.2", "", 192}}, []report.NIC{{MAC: one, Slot: 192}}, []string{"192.0.2.2 " + one + " only"},
		},
		"the same, by its MAC": {
			[]card{{e1000, "192.0.2.1", two, 0}, {vmxnet3, "192.0.2.2", one, 0}}, []report.NIC{{MAC: one}}, []string{"192.0.2.2 " + one + " only"},
		},
		"of another model since, with the same MAC": {
			[]card{{e1000, "192.0.2.1", one, 33}, {vmxnet3, "192.0.2.2", one, 192}}, []report.NIC{{MAC: one, Model: "VmxNet3"}}, []string{"192.0.2.2 " + one + " only"},
		},
		"the same, of a model that is not known": {
			[]card{{e1000, "192.0.2.1", one, 33}, {vmxnet3, "192.0.2.2", one, 192}}, []report.NIC{{MAC: one}}, []string{"192.0.2.1 ?", "192.0.2.2 ?"},
		},
		"one that is not described": {
			[]card{{e1000, "192.0.2.1", one, 33}, {vmxnet3, "192.0.2.2", "", 192}}, []report.NIC{{MAC: one}, {MAC: two, Slot: 224}},
			[]string{"192.0.2.1 " + one, "192.0.2.2 ?"},
		},
		"with MACs that were generated anew": {
			[]card{{e1000, "192.0.2.1", "00:50:56:00:00:01", 33}, {e1000, "192.0.2.2", "00:50:56:00:00:02", 34}},
			[]report.NIC{{MAC: one, Slot: 33}, {MAC: two, Slot: 34}}, []string{"192.0.2.1 " + one, "192.0.2.2 " + two},
		},
		"a team of two": {
			[]card{{vmxnet3, "0.0.0.0", one, 0}, {vmxnet3, "0.0.0.0", two, 0}, {`compositebus\ms_implat_mp`, "192.0.2.3", "", 0}},
			[]report.NIC{{MAC: one}, {MAC: two}}, []string{"192.0.2.3 ?"},
		},
		"the port of a switch": {[]card{{vmxnet3, "0.0.0.0", one, 0}, {"vms_mp", "192.0.2.3", "", 0}}, []report.NIC{{MAC: one}}, []string{"192.0.2.3 ?"}},
		"what needs no card": {
			[]card{{"*msloop", "192.0.2.1", "", 0}, {"ms_sstpminiport", "192.0.2.2", "", 0}, {"tap0901", "192.0.2.3", "", 0}, {`root\kdnic`, "192.0.2.4", "", 0}, {"ms_netft", "169.254.1.1", "", 0}}, nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, card := range read(t, build(test.cards), test.old) {
				line := card.Addresses[0].Addr().String()
				switch {
				case !card.Known():
					line += " ?"
				case card.Only:
					line += " " + card.MAC + " only"
				default:
					line += " " + card.MAC
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRealMachineWithAGhost: of the two cards of the Windows 7 that one which is described has
// its slot in the registry.
func TestRealMachineWithAGhost(t *testing.T) {
	t.Parallel()
	hive := registrytest.Load(t, "../../../registry/testdata", "windows7-vmware-SYSTEM")
	got := read(t, hive, []report.NIC{{MAC: "00:50:56:A5:12:69", Model: "E1000", Slot: 33}})
	if len(got) != 1 || got[0].MAC != "00:50:56:a5:12:69" || got[0].Name != "Local Area Connection" || !got[0].Only {
		t.Errorf("the cards are %+v", got)
	}
}
