package network

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const (
	interfaces = "/etc/network/interfaces"
	scripts    = "/etc/sysconfig/network-scripts/"
	profiles   = "/etc/NetworkManager/system-connections/"
	ens192     = "auto lo\niface lo inet loopback\nauto ens192\niface ens192 inet static\n  address 192.0.2.10/24\n"
)

// TestCardsByEvidence: the names that are kept, of everything that files
// configure.
func TestCardsByEvidence(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files map[string]string
		kept  []string // names that .link files give
		warns []string
	}{
		"ifcfg, a range": {
			files: map[string]string{
				scripts + "ifcfg-ens192": "DEVICE=ens192\nTYPE=Ethernet\n", scripts + "ifcfg-ens192-range0": "IPADDR_START=192.0.2.20\nCLONENUM_START=0\n",
				scripts + "ifcfg-ens192:1": "DEVICE=ens192:1\nIPADDR=192.0.2.30\n",
			},
			kept: []string{"ens192"},
		},
		"ifcfg, a profile for any card": {
			files: map[string]string{scripts + "ifcfg-internal": "TYPE=Ethernet\nIPADDR=192.0.2.10\nNAME=internal\nONBOOT=yes\n"},
		},
		"ifcfg, a profile by address": {
			files: map[string]string{scripts + "ifcfg-Auto_eth0": "TYPE=Ethernet\nHWADDR=00:50:56:aa:bb:cc\nNAME=\"Auto eth0\"\nONBOOT=yes\n"},
		},
		"ifcfg, OVS, VLAN and a tunnel": {
			files: map[string]string{
				scripts + "ifcfg-lan":    "DEVICE=lan\nTYPE=OVSPort\nDEVICETYPE=ovs\nOVS_BRIDGE=ovs0\n",
				scripts + "ifcfg-ovs0":   "DEVICE=ovs0\nTYPE=OVSBridge\nDEVICETYPE=ovs\n",
				scripts + "ifcfg-office": "DEVICE=office\nVLAN=yes\nPHYSDEV=lan\n",
				scripts + "ifcfg-far":    "DEVICE=far\nTYPE=GRE\nPEER_OUTER_IPADDR=198.51.100.1\n",
			},
			kept: []string{"lan"},
		},
		"SUSE, a VLAN and PPPoE": {
			files: map[string]string{
				"/etc/sysconfig/network/ifcfg-uplink": "STARTMODE='auto'\nBOOTPROTO='dhcp'\n",
				"/etc/sysconfig/network/ifcfg-office": "ETHERDEVICE='uplink'\nVLAN_ID='5'\n",
				"/etc/sysconfig/network/ifcfg-dsl0":   "PPPMODE='pppoe'\nDEVICE='uplink'\n",
			},
			kept: []string{"uplink"},
		},
		"ifupdown, a tunnel": {
			files: map[string]string{interfaces: ens192 + "auto he-ipv6\niface he-ipv6 inet6 v4tunnel\n  endpoint 198.51.100.1\n"},
			kept:  []string{"ens192"},
		},
		"ifupdown, PPP": {
			files: map[string]string{interfaces: ens192 + "auto dsl-provider\niface dsl-provider inet ppp\n  pre-up /bin/ip link set ens192 up\n  provider dsl-provider\n"},
			kept:  []string{"ens192"},
		},
		"ifupdown, PPP alone": {
			files: map[string]string{
				interfaces:                    "auto dsl-provider\niface dsl-provider inet ppp\n  provider dsl-provider\n",
				"/etc/ppp/peers/dsl-provider": "# options\nplugin rp-pppoe.so\nnic-ens192\nuser \"x\"\n",
			},
			kept: []string{"ens192"},
		},
		"ifupdown, OVS": {
			files: map[string]string{interfaces: ens192 + "auto core\nallow-ovs core\niface core inet manual\n  ovs_type OVSBridge\n  ovs_ports ens192 admin\niface admin inet static\n  ovs_type OVSIntPort\n  ovs_bridge core\n"},
			kept:  []string{"ens192"},
		},
		"ifupdown, VXLAN, a dummy and WireGuard": {
			files: map[string]string{interfaces: ens192 + "auto overlay\niface overlay inet manual\n  vxlan-id 100\n  vxlan-physdev ens192\nauto anycast\niface anycast inet static\n  link-type dummy\nauto home\niface home inet static\n  pre-up ip link add dev $IFACE type wireguard\n"},
			kept:  []string{"ens192"},
		},
		"ifupdown, a bridge over a card with a name of its own": {
			files: map[string]string{interfaces: "auto core\niface core inet dhcp\n  bridge_ports lan0\niface lan0 inet manual\n"},
			kept:  []string{"lan0"},
		},
		"ifupdown, an included file": {
			files: map[string]string{interfaces: "source interfaces.wan/*\n", "/etc/network/interfaces.wan/a": "auto ens192\niface ens192 inet dhcp\n"},
			kept:  []string{"ens192"},
		},
		"ifupdown, a name that nothing speaks for": {
			files: map[string]string{interfaces: "auto uplink\niface uplink inet dhcp\n"},
			kept:  []string{"uplink"},
			warns: []string{"nothing but its own configuration says that uplink is a network card"},
		},
		"ifupdown, the same with a lease": {
			files: map[string]string{
				interfaces:                             "auto uplink\niface uplink inet dhcp\n",
				"/var/lib/dhcp/dhclient.uplink.leases": "lease {\n  interface \"uplink\";\n  option dhcp-client-identifier 1:0:50:56:0:0:b;\n}\n",
			},
			kept: []string{"uplink"},
		},
		"keyfiles, a VLAN, a tunnel and a dummy": {
			files: map[string]string{
				profiles + "vlan": "[connection]\ntype=vlan\ninterface-name=office\n[vlan]\nparent=ens192\nid=5\n",
				profiles + "tun":  "[connection]\ntype=ip-tunnel\ninterface-name=far\n[ip-tunnel]\nparent=0a0b0c0d-1111-4222-8333-444444444444\n",
				profiles + "d":    "[connection]\ntype=dummy\ninterface-name=anycast\n",
			},
			kept: []string{"ens192"},
		},
		"networkd, a bridge without its netdev": {
			files: map[string]string{
				"/etc/systemd/network/a.network": "[Match]\nName=lan\n[Network]\nBridge=core\n",
				"/etc/systemd/network/b.network": "[Match]\nName=core\nKind=bridge\n[Network]\nDHCP=yes\n",
			},
			kept: []string{"lan"},
		},
		"netplan, everything else": {
			files: map[string]string{"/etc/netplan/a.yaml": "network:\n  ethernets:\n    lan: {dhcp4: true}\n  tunnels:\n    far: {mode: sit, local: 192.0.2.1, remote: 192.0.2.2}\n  vlans:\n    office: {id: 5, link: lan}\n  dummy-devices:\n    anycast: {}\n"},
			kept:  []string{"lan"},
		},
		"a rule of an administrator": {
			files: map[string]string{
				interfaces:                      "auto br0\niface br0 inet dhcp\n",
				"/etc/udev/rules.d/10-my.rules": "SUBSYSTEM==\"net\", ATTR{address}==\"00:50:56:aa:bb:cc\", NAME=\"br0\"\n",
			},
			kept: []string{"br0"},
		},
		"formats that are searched alone": {
			files: map[string]string{"/etc/dhcpcd.conf": "hostname\ninterface ens192\nstatic ip_address=192.0.2.10/24\n"},
			kept:  []string{"ens192"},
		},
		"a format by address": {
			files: map[string]string{"/var/lib/connman/lan.config": "[service_lan]\nType=ethernet\nMAC=00:50:56:aa:bb:cc\nIPv4=192.0.2.10/24\n"},
			warns: []string{"no network card was found", "/var/lib/connman/lan.config line 3"},
		},
		"NetworkManager by itself": {
			files: map[string]string{"/etc/NetworkManager/NetworkManager.conf": "[main]\nplugins=keyfile\n"},
		},
		"NetworkManager of a server": {
			files: map[string]string{
				"/etc/NetworkManager/NetworkManager.conf":       "[main]\n",
				"/usr/lib/NetworkManager/conf.d/00-server.conf": "[main]\nno-auto-default=*\n",
			},
			warns: []string{"no network card was found"},
		},
		"NetworkManager for Wi-Fi alone, as on Ubuntu's servers": {
			files: map[string]string{
				"/etc/NetworkManager/NetworkManager.conf":                         "[main]\n",
				"/usr/lib/NetworkManager/conf.d/10-globally-managed-devices.conf": "[keyfile]\nunmanaged-devices=*,except:type:wifi,except:type:gsm,except:type:cdma\n",
				"/usr/lib/NetworkManager/conf.d/20-connectivity-ubuntu.conf":      "[connectivity]\nuri=http://x\n",
			},
			warns: []string{"no network card was found"},
		},
		"NetworkManager for all, as on Ubuntu's desktops": {
			files: map[string]string{
				"/etc/NetworkManager/NetworkManager.conf":                         "[main]\n",
				"/usr/lib/NetworkManager/conf.d/10-globally-managed-devices.conf": "[keyfile]\nunmanaged-devices=*,except:type:wifi\n",
				"/etc/NetworkManager/conf.d/10-globally-managed-devices.conf":     "",
			},
		},
		"NetworkManager for all, by netplan, as a desktop's installer leaves it": {
			files: map[string]string{
				"/etc/NetworkManager/NetworkManager.conf":                         "[main]\n",
				"/usr/lib/NetworkManager/conf.d/10-globally-managed-devices.conf": "[keyfile]\nunmanaged-devices=*,except:type:wifi\n",
				"/etc/netplan/01-network-manager-all.yaml":                        "network:\n  version: 2\n  renderer: NetworkManager\n",
			},
		},
		"netplan with another renderer": {
			files: map[string]string{
				"/etc/NetworkManager/NetworkManager.conf":                         "[main]\n",
				"/usr/lib/NetworkManager/conf.d/10-globally-managed-devices.conf": "[keyfile]\nunmanaged-devices=*,except:type:wifi\n",
				"/etc/netplan/01-network-manager-all.yaml":                        "network:\n  version: 2\n  renderer: NetworkManager\n",
				"/etc/netplan/50-server.yaml":                                     "network:\n  version: 2\n  renderer: networkd\n",
			},
			warns: []string{"no network card was found"},
		},
		"NetworkManager for all but bridges": {
			files: map[string]string{"/etc/NetworkManager/NetworkManager.conf": "[keyfile]\nunmanaged-devices=*\nunmanaged-devices=type:bridge;except:type:ethernet\n"},
		},
		"no YAML": {
			files: map[string]string{"/etc/netplan/a.yaml": "network: {ethernets: [\n"},
			warns: []string{"/etc/netplan/a.yaml was not read: it is no valid YAML", "no network card was found"},
		},
		"the kernel's command line alone": {
			files: map[string]string{"/boot/grub2/grub.cfg": "menuentry \"R\" {\n linux /boot/vmlinuz root=UUID=1 ip=192.0.2.10::192.0.2.1:255.255.255.0:host1:ens192:none\n}\n"},
			kept:  []string{"ens192"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.files[newSystemd] = ""
			tree := guesttest.New(t, test.files)
			e := edittest.Of(t, tree)
			if err := Fix(e, nil); err != nil {
				t.Fatal(err)
			}
			var kept []string
			changes, warnings := e.Take()
			for _, c := range changes {
				if base, ok := strings.CutPrefix(c.Path, "/etc/systemd/network/10"+ownMark); ok {
					kept = append(kept, strings.TrimSuffix(base, ".link"))
				}
			}
			slices.Sort(kept)
			if diff := cmp.Diff(test.kept, kept); diff != "" {
				t.Errorf("names kept (-want +got):\n%s", diff)
			}
			if len(warnings) != len(test.warns) {
				t.Errorf("warnings: %+v", warnings)
			}
			for i, w := range warnings {
				if i < len(test.warns) && !strings.Contains(w.Message, test.warns[i]) {
					t.Errorf("warning %q, want one with %q", w.Message, test.warns[i])
				}
				if w.Remedy == "" {
					t.Errorf("warning %q has no remedy", w.Message)
				}
			}
		})
	}
}

func TestProfileByAddressLosesItAlone(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, map[string]string{newSystemd: "", scripts + "ifcfg-internal": "TYPE=Ethernet\nHWADDR=00:50:56:aa:bb:cc\nNAME=internal\n"})
	if err := Fix(edittest.Of(t, tree), nil); err != nil {
		t.Fatal(err)
	}
	got, err := tree.ReadFile(scripts + "ifcfg-internal")
	if err != nil || string(got) != "TYPE=Ethernet\nNAME=internal\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestParameterCards(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"ip=192.0.2.10::192.0.2.1:255.255.255.0:host1:ens192:none": "ens192",
		"ip=[2001:db8::2]::[2001:db8::1]:64:host1:ens192:none":     "ens192",
		"ip=ens192:dhcp": "ens192", "ip=ens192:dhcp:1500:00:50:56:00:00:01": "ens192", "ip=dhcp": "", "ip=:::::eth0:dhcp": "eth0",
		"ip=192.0.2.10": "", "bootdev=ens192": "ens192", "vlan=office:ens192": "ens192", "bond=bond0:ens192,ens224:mode=1": "ens192 ens224",
		"bridge=br0:ens192": "ens192", "rd.route=192.0.2.0/24:192.0.2.1:ens192": "ens192", "ksdevice=bootif": "",
		"ifname=lan0:00:50:56:AA:BB:CC": "lan0=00:50:56:aa:bb:cc", "BOOTIF=01-00-50-56-AA-BB-CC": "=00:50:56:aa:bb:cc",
		"quiet": "", "root=UUID=1": "", "rd.neednet=1": "",
	} {
		var got []string
		for _, c := range parameterCards(word) {
			if c.mac != "" {
				c.name += "=" + c.mac
			}
			got = append(got, c.name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

// TestCommandLines: a card that kernel parameters name is found wherever these are
// written.
func TestCommandLines(t *testing.T) {
	t.Parallel()
	for file, text := range map[string]string{
		"/etc/sysconfig/bootloader":                    "DEFAULT_APPEND=\"quiet ip=ens192:dhcp\"\n",
		"/etc/update-extlinux.conf":                    "default_kernel_opts=ip=ens192:dhcp\n",
		"/etc/default/grub":                            "GRUB_CMDLINE_LINUX=ip=ens192:dhcp\n",
		"/etc/default/grub.d/50-x.cfg":                 "GRUB_CMDLINE_LINUX_DEFAULT='quiet ip=ens192:dhcp'\n",
		"/boot/grub/custom.cfg":                        "menuentry x {\n linux /v ip=ens192:dhcp\n}\n",
		"/boot/efi/EFI/debian/grub.cfg":                "menuentry x {\n linux /v ip=ens192:dhcp\n}\n",
		"/efi/EFI/arch/grub.cfg":                       "menuentry x {\n linux /v ip=ens192:dhcp\n}\n",
		"/boot/EFI/arch/grub.cfg":                      "menuentry x {\n linux /v ip=ens192:dhcp\n}\n",
		"/boot/efi/EFI/redhat/grubenv":                 "# GRUB Environment Block\nkernelopts=root=UUID=1 ip=ens192:dhcp\n",
		"/boot/efi/EFI/redhat/grub.conf":               "title x\n kernel /v ip=ens192:dhcp\n",
		"/boot/extlinux/extlinux.conf":                 "LABEL l\n APPEND ip=ens192:dhcp\n",
		"/boot/refind_linux.conf":                      "\"Boot\" \"root=UUID=1 ip=ens192:dhcp\"\n",
		"/boot/limine.cfg":                             ":Linux\nKERNEL_CMDLINE=ip=ens192:dhcp\n",
		"/boot/efi/limine.conf":                        "/Linux\n cmdline: ip=ens192:dhcp\n",
		"/boot/efi/EFI/Slackware/elilo.conf":           "image=v\n append=\"ip=ens192:dhcp\"\n",
		"/etc/lilo.conf":                               "image=/v\n append=\"ip=ens192:dhcp\"\n",
		"/boot/efi/loader/entries/m.conf":              "options ip=ens192:dhcp\n",
		"/etc/cmdline.d/net.conf":                      "ip=ens192:dhcp\n",
		"/etc/dracut.conf.d/net.conf":                  "kernel_cmdline+=\" rd.neednet=1 ip=ens192:dhcp \"\n",
		"/etc/initramfs-tools/initramfs.conf":          "MODULES=most\nDEVICE=\nIP=192.0.2.10::192.0.2.1:255.255.255.0:host:ens192:off\n",
		"/etc/initramfs-tools/conf.d/dropbear":         "IP=dhcp\nDEVICE=\"ens192\"\n",
		"/usr/bin/clevis-decrypt-tang":                 "x",
		"/boot/efi/EFI/debian/not-a-menu.cfg.dpkg-old": "", // found in none
	} {
		set := map[string]string{newSystemd: "", file: text}
		if !strings.Contains(text, "ens192") && text != "" {
			set[scripts+"ifcfg-ens192"] = "DEVICE=ens192\nTYPE=Ethernet\n"
		}
		e := edittest.Of(t, guesttest.New(t, set))
		if err := Fix(e, nil); err != nil {
			t.Fatal(err)
		}
		got, err := EarlyFiles(e.Reader)
		if err != nil || (len(got) == 1 && got[0] == linkEns192) != (text != "") {
			t.Errorf("%s: files for the initramfs = %q, %v", file, got, err)
		}
	}
}

// TestIdleDeviceOfInitramfs: what initramfs.conf had for a device by default names no card
// while the image configures none.
func TestIdleDeviceOfInitramfs(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"DEVICE=eth0\n", "IP=off\nDEVICE=eth0\n", "#IP=dhcp\nDEVICE=eth0\n"} {
		tree := guesttest.New(t, map[string]string{newSystemd: "", scripts + "ifcfg-ens192": "DEVICE=ens192\nTYPE=Ethernet\n", "/etc/initramfs-tools/initramfs.conf": text})
		e := edittest.Of(t, tree)
		if err := Fix(e, nil); err != nil {
			t.Fatal(err)
		}
		got, err := EarlyFiles(e.Reader)
		if err != nil || len(got) > 0 || !e.Exists(linkEns192) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestEarlyFiles(t *testing.T) {
	t.Parallel()
	for words, want := range map[string][]string{
		"rd.neednet=1 ip=192.0.2.10::192.0.2.1:255.255.255.0:host1:ens192:none": {linkEns192},
		"bootdev=ens192 ip=ens192:dhcp":                                         {linkEns192}, "vlan=office:ens192": {linkEns192},
		"ip=dhcp": {linkEns192}, "quiet rd.neednet=1": {linkEns192}, "rd.neednet": {linkEns192}, "root=/dev/nfs nfsroot=192.0.2.1:/x": {linkEns192},
		"quiet": nil, "\nIP=ens192:dhcp": nil, "ip=off": nil, "rd.neednet=0 ip=none": nil, "equip=dhcp skip=ip": nil,
	} {
		tree := guesttest.New(t, map[string]string{
			newSystemd: "", scripts + "ifcfg-ens192": "DEVICE=ens192\nTYPE=Ethernet\n",
			"/boot/loader/entries/a.conf": "options root=UUID=1 " + words + "\n",
		})
		e := edittest.Of(t, tree)
		if err := Fix(e, nil); err != nil {
			t.Fatal(err)
		}
		got, err := EarlyFiles(e.Reader)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", words, err, diff)
		}
	}
}

// TestUnifiedImageNamesCard: the parameters in a unified kernel image count as those of any
// menu do.
func TestUnifiedImageNamesCard(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]struct{ early, named bool }{
		"ip=ens192:dhcp":   {true, true},
		"bootdev=ens192":   {true, true},
		"ip=dhcp":          {early: true},
		"root=LABEL=/ rw":  {},
		"vlan=lan1:ens192": {true, true},
	} {
		files := map[string]string{newSystemd: "", "/efi/EFI/Linux/linux.efi": guesttest.UnifiedImage(t, words)}
		if !want.named {
			files[scripts+"ifcfg-ens192"] = "DEVICE=ens192\nTYPE=Ethernet\n"
		}
		e := edittest.Of(t, guesttest.New(t, files))
		if err := Fix(e, nil); err != nil {
			t.Fatal(err)
		}
		early, err := EarlyFiles(e.Reader)
		if err != nil || slices.Contains(early, linkEns192) != want.early || !e.Exists(linkEns192) {
			t.Errorf("%s: files for the initramfs = %q, %v", words, early, err)
		}
	}
	e := edittest.Of(t, guesttest.New(t, map[string]string{newSystemd: "", "/efi/EFI/Linux/linux.efi": guesttest.UnifiedImage(t, "ifname=lan0:00:50:56:aa:bb:cc")}))
	if err := Fix(e, nil); err != nil {
		t.Fatal(err)
	}
	_, warnings := e.Take()
	if !slices.ContainsFunc(warnings, func(w report.Warning) bool {
		return w.ID == report.ConcernOldCard && strings.HasPrefix(w.Message, "/efi/EFI/Linux/linux.efi: the kernel parameter ifname=")
	}) {
		t.Errorf("warnings: %+v", warnings)
	}
}
