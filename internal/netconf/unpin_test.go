package netconf

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
)

func TestUnpinNetplan(t *testing.T) {
	t.Parallel()
	const head = "network:\n  version: 2\n  ethernets:\n    nic0:\n      match:\n"
	for name, test := range map[string]struct{ text, want string }{
		"a list in flow style":  {head + "        driver: [\"vmxnet3\", \"e1000*\"] # old\n      addresses: [192.0.2.10/24]\n", head + "        name: \"ens192\" # old\n      addresses: [192.0.2.10/24]\n"},
		"a list in block style": {head + "        driver:\n          - vmxnet3 # a\n          # b\n          - e1000\n      addresses: [192.0.2.10/24]\n", head + "        name: \"ens192\"\n      addresses: [192.0.2.10/24]\n"},
		"a list beside an address": {
			head + "        macaddress: 00:50:56:AA:BB:CC\n        driver:\n        - vmxnet3\n      dhcp4: true\n", head + "        name: \"ens192\"\n      dhcp4: true\n",
		},
		"a list over lines":        {head + "        driver: [vmxnet3,\n          e1000 ]\n        name: ens192\n", head + "        name: ens192\n"},
		"quoted keys":              {head + "        \"macaddress\": '00:50:56:AA:BB:CC'\n", head + "        \"name\": \"ens192\"\n"},
		"JSON":                     {"{\n  \"network\": {\"ethernets\": {\n    \"nic0\": {\n      \"match\": {\n        \"macaddress\": \"00:50:56:aa:bb:cc\",\n        \"driver\": \"vmxnet3\"\n      },\n      \"dhcp4\": true}}}\n}\n", "{\n  \"network\": {\"ethernets\": {\n    \"nic0\": {\n      \"match\": {\n        \"name\": \"ens192\"\n      },\n      \"dhcp4\": true}}}\n}\n"},
		"flow style, name first":   {"network: {ethernets: {nic0: {match: {name: ens192, driver: [a, b], macaddress: '0:1'}, dhcp4: true}}}\n", "network: {ethernets: {nic0: {match: {name: ens192}, dhcp4: true}}}\n"},
		"flow style, name last":    {"network: {ethernets: {nic0: {match: {driver: a, macaddress: '0:1', name: ens192}}}}\n", "network: {ethernets: {nic0: {match: {name: ens192}}}}\n"},
		"an alias":                 {"x-mac: &mac 00:50:56:aa:bb:cc\n" + head + "        macaddress: *mac\n", "x-mac: &mac 00:50:56:aa:bb:cc\n" + head + "        name: \"ens192\"\n"},
		"an address of its own":    {head + "        name: ens192\n      macaddress: 00:50:56:aa:bb:cc\n", head + "        name: ens192\n      macaddress: 00:50:56:aa:bb:cc\n"},
		"two documents":            {"---\n" + head + "        driver: vmxnet3\n---\n# nothing\nnetwork: {}\n", "---\n" + head + "        name: \"ens192\"\n---\n# nothing\nnetwork: {}\n"},
		"line ends of DOS":         {strings.ReplaceAll(head+"        driver: vmxnet3\n", "\n", "\r\n"), strings.ReplaceAll(head+"        name: \"ens192\"\n", "\n", "\r\n")},
		"letters before the match": {"# Für ü\n" + "network: {ethernets: {nic0: {match: {driver: a}, x: \"ü\"}}}\n", "# Für ü\n" + "network: {ethernets: {nic0: {match: {name: \"ens192\"}, x: \"ü\"}}}\n"},
	} {
		// The card has its name by set-name, as cloud-init writes it.
		add := func(text string) string {
			text = strings.Replace(text, "      match:\n", "      set-name: ens192\n      match:\n", 1)
			text = strings.Replace(text, "      match:\r\n", "      set-name: ens192\r\n      match:\r\n", 1)
			text = strings.Replace(text, "{match:", "{set-name: ens192, match:", 1)
			return strings.Replace(text, "      \"match\"", "      \"set-name\": \"ens192\",\n      \"match\"", 1)
		}
		text, want := add(test.text), add(test.want)
		got, err := unpinNetplan("", text, "ens192")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if err := edit.Check("/etc/netplan/a.yaml", text, got, meantInNetplan); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUnpinPassthrough: what netplan hands to NetworkManager unread may tell the old
// machine's card, too.
func TestUnpinPassthrough(t *testing.T) {
	t.Parallel()
	const head = "network:\n  version: 2\n  ethernets:\n    NM-1:\n      renderer: NetworkManager\n      match: {}\n      networkmanager:\n        uuid: \"1\"\n        passthrough:\n"
	for name, test := range map[string]struct {
		text, want string
		card       Card
		any        bool
	}{
		"a name and an address": {
			head + "          ethernet.mac-address: \"00:50:56:AA:BB:CC\"\n          connection.interface-name: ens192\n",
			head + "          connection.interface-name: ens192\n", Card{Name: "ens192", MAC: "00:50:56:aa:bb:cc"}, false,
		},
		"a name alone":    {head + "          connection.interface-name: ens192\n", head + "          connection.interface-name: ens192\n", Card{Name: "ens192"}, false},
		"a name of match": {head + "          match.interface-name: \"ens192;\"\n", head + "          match.interface-name: \"ens192;\"\n", Card{Name: "ens192"}, false},
		"an address alone": {
			head + "          802-3-ethernet.mac-address: 00:50:56:AA:BB:CC # old\n",
			head + "          match.interface-name: \"e*\" # old\n", Card{MAC: "00:50:56:aa:bb:cc"}, false,
		},
		"a slot and a driver": {head + "          match.path: pci-0000:0b:00.0\n          match.driver: vmxnet3\n", head + "          match.interface-name: \"e*\"\n", Card{}, false},
		"flow style": {
			"network: {ethernets: {ens192: {networkmanager: {passthrough: {ethernet.mac-address: '00:50:56:AA:BB:CC'}}}}}\n",
			"network: {ethernets: {ens192: {networkmanager: {passthrough: {connection.interface-name: \"ens192\"}}}}}\n", Card{Name: "ens192", MAC: "00:50:56:aa:bb:cc"}, false,
		},
		"other keys": {head + "          proxy._: \"\"\n", head + "          proxy._: \"\"\n", Card{}, true},
	} {
		found := readNetplan("", test.text)
		if found.AnyCard != test.any || !test.any && (len(found.Cards) != 1 || found.Cards[0] != test.card) {
			t.Errorf("%s: found %+v, want %+v", name, found, test.card)
		}
		got, err := unpinNetplan("", test.text, "ens192")
		if err != nil || got != test.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, test.want)
		}
		if err := edit.Check("/etc/netplan/a.yaml", test.text, got, meantInNetplan); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUnpinNetplanOfNoUse: what cannot be edited stays.
func TestUnpinNetplanOfNoUse(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"an anchor in the value": "network:\n  ethernets:\n    a:\n      match: {macaddress: &mac \"00:50:56:aa:bb:cc\"}\n      set-name: ens192\n      macaddress: *mac\n",
		"an explicit key":        "network:\n  ethernets:\n    a:\n      set-name: ens192\n      match:\n        ? macaddress\n        : 00:50:56:aa:bb:cc\n",
	} {
		got, err := unpinNetplan("", text, "ens192")
		if err == nil {
			err = edit.Check("/etc/netplan/a.yaml", text, got, meantInNetplan)
		}
		if err == nil {
			t.Errorf("%s: taken for good:\n%s", name, got)
		}
	}
}

func TestChecksTellLosses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		name          string
		before, after string
	}{
		"netplan, broken":   {"/etc/netplan/a.yaml", "network: {ethernets: {a: {dhcp4: true}}}\n", "network: {ethernets: {a: {dhcp4: true}}\n"},
		"netplan, a change": {"/etc/netplan/a.yaml", "network: {ethernets: {a: {dhcp4: true}}}\n", "network: {ethernets: {a: {dhcp4: false}}}\n"},
		"keyfile, a change": {keyfilePath, "[connection]\ntype=ethernet\n", "[connection]\ntype=bridge\n"},
		"keyfile, a head":   {keyfilePath, "[connection]\ntype=ethernet\n[ipv4]\n", "[connection]\ntype=ethernet\n"},
		"keyfile, a MAC":    {keyfilePath, "[ethernet]\nmac-address=00:50:56:00:00:01\n", "[ethernet]\nmac-address=00:50:56:00:00:02\n"},
		"networkd, a line":  {"/etc/systemd/network/a.network", "[Match]\nName=a\n[Network]\nDHCP=yes\n", "[Match]\nName=a\n[Network]\nDHCP=yes\nx\n"},
		"ifcfg, a change":   {"/etc/sysconfig/network-scripts/ifcfg-a", "DEVICE=a\nIPADDR=192.0.2.1\n", "DEVICE=b\n"},
		"ifcfg, no shell":   {"/etc/sysconfig/network/ifcfg-a", "DEVICE=a\nHWADDR=\"x\"\n", "DEVICE=a\n\"\n"},
	} {
		check := func(before, after string) error {
			return edit.Check(test.name, before, after, formatAt(t, test.name).Meant)
		}
		if check(test.before, test.after) == nil {
			t.Errorf("%s: not told", name)
		}
		if err := check(test.before, test.before); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUnpinKeepsAllElse edits generated files of each format: nothing that ties
// them to a card is left, everything else is, and a second time changes nothing.
func TestUnpinKeepsAllElse(t *testing.T) {
	t.Parallel()
	for n, write := range map[string]func(r *rand.Rand) string{
		"*.yaml": randomNetplan, "*.network": randomNetworkd, "*": randomKeyfile, "ifcfg-*": randomIfcfg,
	} {
		for _, format := range Formats {
			if format.Pattern != n || format.Unpin == nil {
				continue
			}
			for seed := range uint64(300) {
				text := write(rand.New(rand.NewPCG(seed, 16)))
				got, err := format.Unpin("ifcfg-x", text, "ens192")
				if err != nil {
					t.Fatalf("%s seed %d: %v\n%s", n, seed, err, text)
				}
				if err := edit.Check(format.Directories[0]+"/"+strings.ReplaceAll(n, "*", "x"), text, got, format.Meant); err != nil {
					t.Fatalf("%s seed %d: %v\n%s\nbecame\n%s", n, seed, err, text, got)
				}
				if again, err := format.Unpin("ifcfg-x", got, "ens192"); err != nil || again != got {
					t.Fatalf("%s seed %d: a second time: %v\n%s\nbecame\n%s", n, seed, err, got, again)
				}
				found := format.Read("ifcfg-x", got)
				for _, c := range found.Cards {
					if c.MAC != "" {
						t.Fatalf("%s seed %d: still for %s:\n%s", n, seed, c.MAC, got)
					}
				}
				for line := range strings.Lines(text) {
					if strings.HasPrefix(strings.TrimSpace(line), "# keep") && !strings.Contains(got, line) {
						t.Fatalf("%s seed %d: %q is lost:\n%s\nbecame\n%s", n, seed, line, text, got)
					}
				}
			}
		}
	}
}

const keyfilePath = "/etc/NetworkManager/system-connections/a"

func formatAt(t *testing.T, name string) Format {
	t.Helper()
	for _, f := range Formats {
		if fits, _ := path.Match(f.Pattern, path.Base(name)); fits && slices.Contains(f.Directories, path.Dir(name)) {
			return f
		}
	}
	t.Fatalf("%s has no format", name)
	return Format{}
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

func randomNetplan(r *rand.Rand) string {
	quote := func(text string) string {
		q := pick(r, "", "", `"`, "'")
		return q + text + q
	}
	mac := func() string { return quote("00:50:56:AA:BB:CC") }
	driver := func(indent string) string {
		return pick(r, quote("vmxnet3"), `["vmxnet3", 'e1000*']`, "[ a,"+indent+"  b ]", indent+"  - vmxnet3"+indent+"  - \"e1000*\"", "")
	}
	entries := func(indent string, flow bool) []string {
		var list []string
		if r.IntN(2) == 0 {
			list = append(list, quote("macaddress")+": "+mac())
		}
		if r.IntN(2) == 0 || len(list) == 0 {
			value := driver(indent)
			if flow {
				value = pick(r, quote("vmxnet3"), `["vmxnet3", 'e1000*']`)
			}
			list = append(list, "driver: "+value)
		}
		if r.IntN(3) == 0 {
			list = append(list, "name: "+quote("ens192"))
		}
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return list
	}
	step := pick(r, "  ", "    ")
	text := "# keep this\nnetwork:\n" + step + "version: 2\n" + step + "ethernets:\n"
	card := step + step + "nic:\n"
	options := []string{"addresses: [192.0.2.10/24] # ü", "dhcp4: false", "nameservers: {addresses: [192.0.2.1]}"}
	in := step + step + step
	var match string
	if r.IntN(2) == 0 {
		match = in + "match: " + pick(r, "", "&m ") + "{" + pick(r, "", " ") + strings.Join(entries("\n"+in+step, true), ", ") + pick(r, "", " ") + "}" + pick(r, "", " # why") + "\n"
	} else {
		match = in + "match:" + pick(r, "", " # why") + "\n"
		for _, entry := range entries("\n"+in+step, false) {
			match += pick(r, "", in+step+"# keep that\n") + in + step + entry + "\n"
		}
	}
	parts := []string{match, in + "set-name: ens192\n"}
	for _, option := range options {
		parts = append(parts, in+option+"\n")
	}
	r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return text + card + strings.Join(parts, "") + pick(r, "", "\n# keep the end\n")
}

func randomINI(r *rand.Rand, sections map[string][]string, order ...string) string {
	text := ""
	for _, section := range order {
		text += fmt.Sprintf("[%s]\n", section)
		lines := append([]string{}, sections[section]...)
		r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		for _, line := range lines {
			text += pick(r, "", "# keep\n", "\n") + line + "\n"
		}
	}
	if r.IntN(4) == 0 {
		return strings.TrimSuffix(text, "\n")
	}
	return text
}

func randomNetworkd(r *rand.Rand) string {
	match := []string{pick(r, "MACAddress=00:50:56:AA:BB:CC", "MACAddress = 00-50-56-aa-bb-cc", "Driver=vmxnet3 \\\n  e1000", "Path=pci-0000:0b:00.0")}
	if r.IntN(2) == 0 {
		match = append(match, "Name=ens192")
	}
	return randomINI(r, map[string][]string{"Match": match, "Network": {"Address=192.0.2.10/24", "DNS=192.0.2.1"}, "Link": {"MACAddress=00:50:56:00:00:01"}},
		"Match", "Network", "Link")
}

func randomKeyfile(r *rand.Rand) string {
	ethernet := pick(r, "ethernet", "802-3-ethernet")
	return randomINI(r, map[string][]string{
		"connection": {"type=" + ethernet, "interface-name=ens192", "id=a"},
		ethernet:     {"mac-address=00:50:56:AA:BB:CC", "cloned-mac-address=preserve"},
		"match":      {pick(r, "path=pci-0000:0b:00.0;", "driver=vmxnet3;")}, "ipv4": {"method=manual", "address1=192.0.2.10/24"},
	}, "connection", ethernet, "match", "ipv4")
}

func randomIfcfg(r *rand.Rand) string {
	lines := []string{
		pick(r, "", "export ") + "HWADDR=" + pick(r, "00:50:56:AA:BB:CC", "\"00:50:56:AA:BB:CC\"", "'00:50:56:aa:bb:cc' # old"),
		"IPADDR=192.0.2.10", "NAME=\"a b\"", "# keep", "ONBOOT=yes", pick(r, "DEVICE=ens192", "DEVICE='ens192'", "TYPE=Ethernet"),
	}
	r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	return strings.Join(lines, "\n") + pick(r, "", "\n")
}

func TestUnpinIfcfgOnSharedLines(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"DEVICE=eth0; HWADDR=00:50:56:aa:bb:cc\nONBOOT=yes\n":         "DEVICE=eth0; HWADDR=\"\"\nONBOOT=yes\n",
		"DEVICE=eth0 HWADDR=\"00:50:56:aa:bb:cc\"\nONBOOT=yes\n":      "DEVICE=eth0 HWADDR=\"\"\nONBOOT=yes\n",
		"DEVICE=eth0\nHWADDR='00:50:56:aa:bb:cc' ONBOOT=yes\n":        "DEVICE=eth0\nHWADDR=\"\" ONBOOT=yes\n",
		"HWADDR=00:50:56:aa:bb:cc; ONBOOT=yes\n":                      "HWADDR=\"\"; ONBOOT=yes\nDEVICE=eth0\n",
		"DEVICE=eth0\nHWADDR=00:50:56:aa:bb:cc # old\nONBOOT=yes\n":   "DEVICE=eth0\nONBOOT=yes\n",
		"DEVICE=eth0\nHWADDR=\\\n00:50:56:aa:bb:cc\nBOOTPROTO=dhcp\n": "DEVICE=eth0\nHWADDR=\"\"\nBOOTPROTO=dhcp\n",
		"DEVICE=eth0; HWADDR=\"\"\n":                                  "DEVICE=eth0; HWADDR=\"\"\n",
	} {
		got, err := unpinIfcfg("", text, "eth0")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", text, err, diff)
		}
		if err := edit.Check("/etc/sysconfig/network-scripts/ifcfg-eth0", text, got, meantInIfcfg); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if again, _ := unpinIfcfg("", got, "eth0"); again != got {
			t.Errorf("%q: a second time %q", text, again)
		}
	}
}
