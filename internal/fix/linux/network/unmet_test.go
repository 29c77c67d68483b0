package network

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

const (
	networkdFile = "/etc/systemd/network/a.network"
	linkOfGuest  = "/etc/systemd/network/05-mtu.link"
	keyfile      = "/etc/NetworkManager/system-connections/a.nmconnection"
	ifcfgLAN     = "/etc/sysconfig/network-scripts/ifcfg-lan"
	ownID        = "00112233445566778899aabbccddeeff"
)

// oldCardOnly are files that the new machine's card does not get anything by.
var oldCardOnly = map[string]struct{ file, text, message string }{
	"networkd, a hypervisor":            {networkdFile, "[Match]\nVirtualization=vmware\nName=e*\n[Network]\nDHCP=yes\n", "Virtualization=vmware"},
	"networkd, a hypervisor, a name":    {networkdFile, "[Match]\nVirtualization=microsoft\nName=ens192\n[Network]\nDHCP=yes\n", "Virtualization=microsoft"},
	"networkd, not KVM":                 {networkdFile, "[Match]\nVirtualization=!kvm\nName=e*\n", "Virtualization=!kvm"},
	"networkd, the firmware's ID":       {networkdFile, "[Match]\nHost=564d1234567890abcdef1234567890ab\nName=e*\n", "Host=564d"},
	"networkd, the firmware's maker":    {networkdFile, "[Match]\nFirmware=smbios-field(sys_vendor=VMware*)\nName=e*\n", "Firmware=smbios-field"},
	"networkd, a driver's property":     {networkdFile, "[Match]\nProperty=ID_NET_DRIVER=vmxnet3\n", "Property=ID_NET_DRIVER=vmxnet3"},
	"networkd, a slot's property":       {networkdFile, "[Match]\nProperty=\"ID_PATH=pci-0000:0b:*\"\n", "ID_PATH"},
	"networkd, ens1*":                   {networkdFile, "[Match]\nName=ens1*\n", "called ens1*"},
	"networkd, ens* and an address":     {networkdFile, "[Match]\nName=ens*\nMACAddress=00:50:56:aa:bb:cc\n", "called ens*"},
	"netplan, ens1*":                    {"/etc/netplan/a.yaml", "network:\n  ethernets:\n    lan:\n      match: {name: \"ens1*\"}\n", "called ens1*"},
	"netplan, ens* and an address":      {"/etc/netplan/a.yaml", "network:\n  ethernets:\n    lan:\n      match: {name: \"ens*\", macaddress: \"00:50:56:aa:bb:cc\"}\n", "called ens*"},
	"netplan, enp11s* and a driver":     {"/etc/netplan/a.yaml", "network:\n  ethernets:\n    lan:\n      match: {name: \"enp11s*\", driver: vmxnet3}\n", "called enp11s*"},
	"NetworkManager, patterns of names": {keyfile, "[connection]\ntype=ethernet\n[match]\ninterface-name=ens1*;ens2*;\n", "called ens1* ens2*"},
	"NetworkManager, two names":         {keyfile, "[connection]\ntype=ethernet\n[match]\ninterface-name=ens192;|ens224;\n", "called ens192 ens224"},
	"NetworkManager, a pattern and MAC": {keyfile, "[connection]\ntype=ethernet\n[ethernet]\nmac-address=00:50:56:aa:bb:cc\n[match]\ninterface-name=ens1*\n", "called ens1*"},
	"ifcfg, patterns of names":          {ifcfgLAN, "TYPE=Ethernet\nMATCH_INTERFACE_NAME=\"ens1* !wl*\"\n", "called ens1*"},
	"ifcfg, a driver":                   {ifcfgLAN, "TYPE=Ethernet\nMATCH_DRIVER=vmxnet3\n", "MATCH_DRIVER=vmxnet3"},
	"ifcfg, a slot":                     {ifcfgLAN, "TYPE=Ethernet\nMATCH_PATH=pci-0000:0b:00.0\n", "MATCH_PATH=pci"},
	"ifupdown, a pattern":               {interfaces, "auto /ens1*\niface /ens1* inet dhcp\n", "called ens1*"},
	"ifupdown, an address":              {interfaces, "auto mac/52:54:56:aa:bb:cc=lan\niface lan inet dhcp\n", "auto mac/52:54:56:aa:bb:cc=lan"},
	"ifupdown, a bridge's expression":   {interfaces, "auto br0\niface br0 inet dhcp\n bridge_ports regex ens.*\n", "called ens.*"},
	"ifupdown2, a bridge's pattern":     {interfaces, "auto br0\niface br0 inet dhcp\n bridge-ports glob ens192-193\n", "called ens192-193"},
	"a link for a driver":               {linkOfGuest, "[Match]\nDriver=vmxnet3\n[Link]\nMTUBytes=9000\n", "Driver=vmxnet3"},
	"a link for an address":             {linkOfGuest, "[Match]\nMACAddress=00:50:56:aa:bb:cc\n[Link]\nNamePolicy=kernel path\nMTUBytes=9000\n", "MACAddress=00:50:56:aa:bb:cc"},
	"a link for a slot":                 {linkOfGuest, "[Match]\nPath=pci-0000:0b:00.0\n[Link]\nMTUBytes=9000\n", "Path=pci-0000:0b:00.0"},
	"a link for a name":                 {linkOfGuest, "[Match]\nOriginalName=ens192\n[Link]\nWakeOnLan=off\n", "OriginalName=ens192"},
	"a link for a hypervisor":           {linkOfGuest, "[Match]\nVirtualization=vmware\n[Link]\nMTUBytes=9000\n", "Virtualization=vmware"},
	"a link's queue for a hypervisor":   {linkOfGuest, "[Match]\nVirtualization=xen\n[Link]\nRxBufferSize=4096\n", "Virtualization=xen"},
}

// anyMachine are files that the new machine's card is configured by as the old one's was.
var anyMachine = map[string]struct{ file, text string }{
	"networkd on KVM":           {networkdFile, "[Match]\nVirtualization=kvm\nName=e*\n"},
	"networkd in no container":  {networkdFile, "[Match]\nVirtualization=!container\nName=en*\n"},
	"networkd in a machine":     {networkdFile, "[Match]\nVirtualization=vm\nName=en*\n"},
	"networkd, not on VMware":   {networkdFile, "[Match]\nVirtualization=!vmware\nName=en*\n"},
	"networkd, a host":          {networkdFile, "[Match]\nHost=web*\nName=en*\n"},
	"networkd, its own ID":      {networkdFile, "[Match]\nHost=" + ownID + "\nName=en*\n"},
	"networkd, UEFI":            {networkdFile, "[Match]\nFirmware=uefi\nName=en*\n"},
	"networkd, QEMU":            {networkdFile, "[Match]\nFirmware=smbios-field(sys_vendor=QEMU)\nName=en*\n"},
	"networkd, virtio":          {networkdFile, "[Match]\nProperty=ID_NET_DRIVER=virtio*\n"},
	"networkd, two patterns":    {networkdFile, "[Match]\nName=ens* enp*\n"},
	"networkd, eth*":            {networkdFile, "[Match]\nName=eth*\n"},
	"netplan, en*":              {"/etc/netplan/a.yaml", "network:\n  ethernets:\n    lan:\n      match: {name: \"en*\"}\n"},
	"NetworkManager, en*":       {keyfile, "[connection]\ntype=ethernet\n[match]\ninterface-name=en*;eth*;\n"},
	"NetworkManager, not wl*":   {keyfile, "[connection]\ntype=ethernet\n[match]\ninterface-name=!wl*;\n"},
	"ifcfg, en*":                {ifcfgLAN, "TYPE=Ethernet\nMATCH_INTERFACE_NAME=en*\nMATCH_DRIVER=virtio_net\n"},
	"ifupdown, a bridge":        {interfaces, "auto br0\niface br0 inet dhcp\n bridge_ports regex (eth|en).*\n"},
	"ifupdown, a bridge of all": {interfaces, "auto br0\niface br0 inet dhcp\n bridge_ports regex eth.* en.* noregex none\n"},
	"ifupdown, en*":             {interfaces, "auto /en*\niface /en* inet dhcp\n"},
	"a link for any card":       {linkOfGuest, "[Match]\nOriginalName=*\n[Link]\nMTUBytes=9000\n"},
	"a link for virtio":         {linkOfGuest, "[Match]\nDriver=virtio_net vmxnet3\n[Link]\nMTUBytes=9000\n"},
	"a link that names alone":   {linkOfGuest, "[Match]\nMACAddress=00:50:56:aa:bb:cc\n[Link]\nName=lan0\n"},
}

func fixMessages(t *testing.T, file, text string) []string {
	t.Helper()
	files := map[string]string{newSystemd: "", file: text, "/etc/machine-id": ownID + "\n"}
	if strings.HasSuffix(file, ".link") {
		files[interfaces] = "auto ens192\niface ens192 inet dhcp\n"
	}
	e := edittest.Of(t, guesttest.New(t, files))
	if err := Fix(e, nil); err != nil {
		t.Fatal(err)
	}
	_, warnings := e.Take()
	var messages []string
	for _, w := range warnings {
		if w.Remedy == "" {
			t.Errorf("%s has no remedy", w.Message)
		}
		messages = append(messages, w.Message)
	}
	return messages
}

func TestFixTellsWhatIsForTheOldCardAlone(t *testing.T) {
	t.Parallel()
	for name, tt := range oldCardOnly {
		got := fixMessages(t, tt.file, tt.text)
		if len(got) != 1 || !strings.Contains(got[0], tt.message) || !strings.HasPrefix(got[0], tt.file) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestFixIsSilentOnWhatIsForAnyMachine(t *testing.T) {
	t.Parallel()
	for name, tt := range anyMachine {
		if got := fixMessages(t, tt.file, tt.text); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestFixTellsDriversOfSeveralCards: their addresses are kept on the new machine, and the
// driver that stands beside them is not.
func TestFixTellsDriversOfSeveralCards(t *testing.T) {
	t.Parallel()
	azure := func(name, driver string) string { // as cloud-init writes it
		return "    " + name + ":\n      match:\n        driver: " + driver + "\n        macaddress: 00:0d:3a:00:00:0" + name[3:] + "\n      set-name: " + name + "\n"
	}
	for name, tt := range map[string]struct{ file, text, want string }{
		"netplan":               {"/etc/netplan/a.yaml", "network:\n  ethernets:\n" + azure("eth0", "hv_netvsc") + azure("eth1", "hv_netvsc"), "(driver: hv_netvsc)"},
		"netplan, a list":       {"/etc/netplan/a.yaml", "network:\n  ethernets:\n" + azure("eth0", "[vmxnet3, e1000]") + azure("eth1", "virtio*"), "(driver: vmxnet3 e1000)"},
		"netplan, the new one":  {"/etc/netplan/a.yaml", "network:\n  ethernets:\n" + azure("eth0", "[hv_netvsc, virtio_net]") + azure("eth1", "virtio_net"), ""},
		"a key file":            {keyfile, "[connection]\ntype=ethernet\n[ethernet]\nmac-address=00:0d:3a:00:00:01\n[match]\ndriver=|hv_netvsc;\n", "(driver=hv_netvsc)"},
		"a key file and a slot": {keyfile, "[connection]\ntype=ethernet\n[ethernet]\nmac-address=00:0d:3a:00:00:01\n[match]\npath=pci-0000:0b:00.0\n", "(path=pci-0000:0b:00.0)"},
		"networkd":              {networkdFile, "[Match]\nMACAddress=00:0d:3a:00:00:01\nDriver=vmxnet3\n[Network]\nDHCP=yes\n", "(Driver=vmxnet3)"},
	} {
		// A second card keeps the first from being the only one.
		files := map[string]string{newSystemd: "", tt.file: tt.text, interfaces: "auto lan\niface lan inet dhcp\n", "/etc/systemd/network/90-lan.link": "[Match]\nMACAddress=00:0d:3a:00:00:09\n[Link]\nName=lan\n"}
		e := edittest.Of(t, guesttest.New(t, files))
		if err := Fix(e, nil); err != nil {
			t.Fatal(err)
		}
		_, warnings := e.Take()
		told := ""
		for _, w := range warnings {
			if _, conditions, ok := strings.Cut(w.Message, "is for the old machine or its network card "); ok {
				told = conditions[:strings.Index(conditions, ")")+1]
			}
		}
		if told != tt.want {
			t.Errorf("%s: told %q, want %q", name, told, tt.want)
		}
	}
}

// TestFixKeepsMatchedNames: NetworkManager has another key for the name of a card.
func TestFixKeepsMatchedNames(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"a key file":                {keyfile: "[connection]\ntype=ethernet\n[match]\ninterface-name=ens192;\n"},
		"a key file and an address": {keyfile: "[connection]\ntype=ethernet\n[ethernet]\nmac-address=00:50:56:aa:bb:cc\n[match]\ninterface-name=ens192;\n"},
		"an ifcfg file":             {ifcfgLAN: "TYPE=Ethernet\nMATCH_INTERFACE_NAME=ens192\nONBOOT=yes\n"},
	} {
		files[newSystemd] = ""
		tree := guesttest.New(t, files)
		if err := Fix(edittest.Of(t, tree), nil); err != nil {
			t.Fatal(err)
		}
		if got, err := tree.ReadFile(linkEns192); err != nil || string(got) != linkFile("ens192", "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestFixTellsProfilesOfACommandLine: such a profile is for no other machine's card.
func TestFixTellsProfilesOfACommandLine(t *testing.T) {
	t.Parallel()
	for file, text := range map[string]string{
		keyfile:  "[connection]\ntype=ethernet\n[match]\nkernel-command-line=vmware;\n",
		ifcfgLAN: "TYPE=Ethernet\nMATCH_KERNEL_COMMAND_LINE=vmware\n",
	} {
		if got := fixMessages(t, file, text); len(got) != 1 || !strings.Contains(got[0], "no network card was found") {
			t.Errorf("%s: %q", file, got)
		}
	}
}
