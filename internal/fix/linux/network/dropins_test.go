package network

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// TestDropInsAreRead: networkd takes X.network.d for parts of X.network, and the same
// with .netdev, and udev with .link.
func TestDropInsAreRead(t *testing.T) {
	t.Parallel()
	const (
		main   = "/etc/systemd/network/10-lan.network"
		dropIn = "/etc/systemd/network/10-lan.network.d/pin.conf"
		vendor = "/usr/lib/systemd/network/10-lan.network"
		link   = "/etc/systemd/network/05-card.link"
		dhcp   = "[Network]\nDHCP=yes\n"
	)
	for name, test := range map[string]struct{ files, want map[string]string }{
		"the name is in a drop-in": {
			map[string]string{main: dhcp, dropIn: "[Match]\nName=ens192\n"}, map[string]string{linkEns192: linkFile("ens192", "")},
		},
		"the address is in a drop-in": {
			map[string]string{main: "[Match]\nName=ens192\n" + dhcp, dropIn: "[Match]\nMACAddress=00:50:56:00:00:01\n"},
			map[string]string{linkEns192: linkFile("ens192", ""), dropIn: "[Match]\nName=ens192\n"},
		},
		"the address alone": {
			map[string]string{main: "[Match]\nType=ether\n" + dhcp, dropIn: "# a\n[Match]\nMACAddress=00:50:56:00:00:01\n[Link]\nMTUBytes=9000\n"},
			map[string]string{dropIn: "# a\n[Match]\nName=en* eth*\n[Link]\nMTUBytes=9000\n"},
		},
		"of the distribution's file": {
			map[string]string{vendor: "[Match]\nName=ens192\n" + dhcp, dropIn: "[Match]\nPath=pci-0000:0b:00.0\n"},
			map[string]string{linkEns192: linkFile("ens192", ""), dropIn: "[Match]\nName=ens192\n"},
		},
		"a .link file gets its name": {
			map[string]string{main: "[Match]\nName=lan0\n" + dhcp, link: "[Match]\nMACAddress=00:50:56:00:00:01\n", link + ".d/name.conf": "[Link]\nName=lan0\n"},
			map[string]string{"/etc/systemd/network/10-hyper2kvm-lan0.link": linkFile("lan0", "")},
		},
		"a .netdev file gets its name": {
			map[string]string{
				interfaces: ens192, "/etc/systemd/network/20-br.netdev": "[NetDev]\nKind=bridge\n", "/etc/systemd/network/20-br.netdev.d/name.conf": "[NetDev]\nName=eno7\n",
				"/etc/systemd/network/20-br.network": "[Match]\nName=eno7\n" + dhcp,
			},
			map[string]string{linkEns192: linkFile("ens192", "")},
		},
		"the distribution's .link file sets more": {
			map[string]string{
				interfaces: ens192, "/usr/lib/systemd/network/99-default.link": "[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep kernel\n",
				"/etc/systemd/network/99-default.link.d/mtu.conf": "[Link]\nMTUBytes=9000\n",
			},
			map[string]string{linkEns192: linkFile("ens192", "") + "MTUBytes=9000\n"},
		},
		"a .link file is for any card by a drop-in": {
			map[string]string{
				interfaces: ens192, link: "[Link]\nWakeOnLan=off\n", link + ".d/match.conf": "[Match]\nOriginalName=*\n",
			},
			map[string]string{"/etc/systemd/network/00-hyper2kvm-ens192.link": linkFile("ens192", "") + "WakeOnLan=off\n"},
		},
		"a bridge's port": {
			map[string]string{main: "[Match]\nName=lan0\n", dropIn: "[Network]\nBridge=br0\n"},
			map[string]string{"/etc/systemd/network/10-hyper2kvm-lan0.link": linkFile("lan0", "")},
		},
	} {
		files := map[string]string{newSystemd: ""}
		maps.Copy(files, test.files)
		tree := guesttest.New(t, files)
		for range 2 {
			e := edittest.Of(t, tree)
			if err := Fix(e, nil); err != nil {
				t.Fatal(err)
			}
			if _, warnings := e.Take(); len(warnings) > 0 {
				t.Errorf("%s: %v", name, warnings)
			}
		}
		for file, text := range files {
			if _, changed := test.want[file]; !changed {
				test.want[file] = text
			}
		}
		got := guesttest.Files(t, tree, "/var/lib/hyper2kvm")
		if !maps.Equal(got, test.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestDropInsAreKept: names and addresses that drop-ins give are those of the new
// machine, too.
func TestDropInsAreKept(t *testing.T) {
	t.Parallel()
	e := edittest.Of(t, guesttest.New(t, map[string]string{
		newSystemd: "", "/etc/systemd/network/05-card.link": "[Match]\nType=ether\n",
		"/etc/systemd/network/05-card.link.d/a.conf": "[Match]\nMACAddress=00:50:56:00:00:01\n[Link]\nName=lan7\n",
		"/etc/systemd/network/20-br.netdev":          "[NetDev]\nKind=bridge\n",
		"/etc/systemd/network/20-br.netdev.d/a.conf": "[NetDev]\nName=br7\n",
	}))
	kept, err := ReadKept(e.Reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lan7", "br7"} {
		if !slices.Contains(kept.Names, name) {
			t.Errorf("names = %q without %s", kept.Names, name)
		}
	}
	if !slices.Contains(kept.Addresses, "00:50:56:00:00:01") {
		t.Errorf("addresses = %q", kept.Addresses)
	}
}

// TestNamingComesBeforeAFileForAnyCard: udev applies the first .link file that
// matches, and no other.
func TestNamingComesBeforeAFileForAnyCard(t *testing.T) {
	t.Parallel()
	const all = "[Match]\nOriginalName=*\n[Link]\nNamePolicy=kernel\nWakeOnLan=off\nMTUBytes=9000\n"
	const settings = "WakeOnLan=off\nMTUBytes=9000\n"
	for name, test := range map[string]struct {
		link, text, want string // want is the base name of what is written
		kept             string
	}{
		"behind it":             {"99-all.link", all, "10-hyper2kvm-ens192.link", settings},
		"before it":             {"10-all.link", all, "00-hyper2kvm-ens192.link", settings},
		"at the first place":    {"00-all.link", all, "0-hyper2kvm-ens192.link", settings},
		"by type":               {"05-all.link", "[Match]\nType=ether\n[Link]\nMTUBytes=1400\n", "00-hyper2kvm-ens192.link", "MTUBytes=1400\n"},
		"by a pattern":          {"05-all.link", "[Match]\nOriginalName=e*\n[Link]\n", "00-hyper2kvm-ens192.link", ""},
		"for another hardware":  {"00-a.link", "[Match]\nDriver=vmxnet3\n[Link]\nMTUBytes=1400\n", "10-hyper2kvm-ens192.link", ""},
		"for VMware":            {"00-a.link", "[Match]\nVirtualization=vmware\n[Link]\nMTUBytes=1400\n", "10-hyper2kvm-ens192.link", ""},
		"for radios":            {"00-a.link", "[Match]\nType=wlan\n[Link]\nMTUBytes=1400\n", "10-hyper2kvm-ens192.link", ""},
		"for another name":      {"00-a.link", "[Match]\nOriginalName=wl*\n[Link]\nMTUBytes=1400\n", "10-hyper2kvm-ens192.link", ""},
		"of no section for any": {"00-a.link", "[Link]\nMTUBytes=1400\n", "10-hyper2kvm-ens192.link", ""},
	} {
		tree := guesttest.New(t, map[string]string{newSystemd: "", interfaces: ens192, "/etc/systemd/network/" + test.link: test.text})
		for range 2 {
			if err := Fix(edittest.Of(t, tree), nil); err != nil {
				t.Fatal(err)
			}
		}
		got := guesttest.Files(t, tree, "/var/lib/hyper2kvm")
		if text := got["/etc/systemd/network/"+test.want]; text != linkFile("ens192", "")+test.kept {
			t.Errorf("%s: %q of %q", name, text, got)
		}
		if got["/etc/systemd/network/"+test.link] != test.text {
			t.Errorf("%s: the guest's own file is another", name)
		}
		if early, err := EarlyFiles(edittest.Of(t, tree).Reader); err != nil || len(early) > 0 {
			t.Errorf("%s: %v, %v", name, early, err)
		}
	}
	if strings.Compare(linkPrefixes[0], linkPrefixes[1]) <= 0 {
		t.Error("the prefixes are out of order")
	}
}

// TestLinkForAnyCardIsFoundAnywhere: udev reads .link files of the distribution, too, and
// what has the name of another in a directory before it takes that one's place.
func TestLinkForAnyCardIsFoundAnywhere(t *testing.T) {
	t.Parallel()
	const (
		all  = "[Match]\nOriginalName=*\n[Link]\nMTUBytes=9000\n"
		less = "[Match]\nOriginalName=*\n[Link]\nMTUBytes=1400\n"
		etc  = "/etc/systemd/network/"
		own  = "/usr/local/lib/systemd/network/"
		usr  = "/usr/lib/systemd/network/"
		lib  = "/lib/systemd/network/"
	)
	for name, test := range map[string]struct {
		files map[string]string
		base  string // of what is written
		kept  string
	}{
		"of the distribution":               {map[string]string{usr + "05-a.link": all}, "00-hyper2kvm-ens192.link", "MTUBytes=9000\n"},
		"of the distribution below /lib":    {map[string]string{lib + "05-a.link": all}, "00-hyper2kvm-ens192.link", "MTUBytes=9000\n"},
		"of what was installed beside it":   {map[string]string{own + "05-a.link": all, usr + "05-a.link": less}, "00-hyper2kvm-ens192.link", "MTUBytes=9000\n"},
		"the guest has another of the name": {map[string]string{etc + "05-a.link": less, usr + "05-a.link": all}, "00-hyper2kvm-ens192.link", "MTUBytes=1400\n"},
		"the first of several directories":  {map[string]string{etc + "20-b.link": less, usr + "15-a.link": all}, "10-hyper2kvm-ens192.link", "MTUBytes=9000\n"},
		"masked by a link":                  {map[string]string{etc + "05-a.link": "-> /dev/null", usr + "05-a.link": all}, "10-hyper2kvm-ens192.link", ""},
		"masked by an empty file":           {map[string]string{etc + "05-a.link": "", usr + "05-a.link": all}, "10-hyper2kvm-ens192.link", ""},
		"drop-ins of both":                  {map[string]string{usr + "05-a.link": all, usr + "05-a.link.d/a.conf": "[Link]\nWakeOnLan=off\n", etc + "05-a.link.d/a.conf": "[Link]\nGeneric=1\n"}, "00-hyper2kvm-ens192.link", "MTUBytes=9000\nGeneric=1\n"},
		"systemd's own":                     {map[string]string{usr + "99-default.link": all}, "10-hyper2kvm-ens192.link", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := guesttest.New(t, map[string]string{newSystemd: "", interfaces: ens192}, test.files)
			if err := Fix(edittest.Of(t, tree), nil); err != nil {
				t.Fatal(err)
			}
			if got := guesttest.Files(t, tree, "/var/lib/hyper2kvm"); got[etc+test.base] != linkFile("ens192", "")+test.kept {
				t.Errorf("%s is %q of %q", test.base, got[etc+test.base], got)
			}
		})
	}
}
