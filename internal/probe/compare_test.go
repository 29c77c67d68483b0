package probe

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

const (
	oldMAC = "00:50:56:9a:01:02"
	fstab  = `# <file system>
UUID=1 / ext4 defaults 0 1
UUID=2 none swap sw 0 0
/swapfile none swap sw 0 0
UUID=3 /srv/my\040data xfs defaults 0 2
UUID=4 /backup ext4 defaults,nofail 0 2
UUID=5 /later ext4 noauto 0 2
nas:/vol /nas nfs defaults 0 0
/srv/my\040data/www /var/www none bind 0 0
/dev/sr0 /media/cdrom0 udf,iso9660 user,auto 0 0
tmpfs /tmp tmpfs defaults 0 0
tmpfs /var/lock/x tmpfs defaults 0 0
`
)

func files() map[string]string {
	return map[string]string{
		"/etc/hostname": "# me\nweb01.example.com\n", "/etc/fstab": fstab, "/sbin/ifup": "x",
		"/etc/network/interfaces": "auto lo ens192 br0\niface lo inet loopback\niface ens192 inet static\n address 10.0.0.5/24\n" +
			"iface ens192 inet6 static\n address fd00::5\niface br0 inet static\n address 10.1.0.5\n bridge_ports ens224\n",
		// Nothing uses this one.
		"/etc/netplan/50.yaml": "network:\n  ethernets:\n    ens192:\n      addresses: [10.9.9.9/24]\n",
	}
}

// up is such a guest, as it should be.
func up() boot.Facts {
	address := func(texts ...string) (all []netip.Prefix) {
		for _, text := range texts {
			all = append(all, netip.MustParsePrefix(text))
		}
		return all
	}
	return boot.Facts{
		Boot: boot.ProgressDegraded, Hostname: "web01",
		Cards: []boot.Card{
			{Name: "ens192", Physical: true, MAC: oldMAC, Addresses: address("10.0.0.5/24", "fd00::5/64", "fe80::1/64")},
			{Name: "ens224", Physical: true, MAC: "00:50:56:9a:01:03"}, {Name: "br0", Addresses: address("10.1.0.5/16")},
		},
		Mounts: []boot.Mount{{Path: "/", Type: "ext4"}, {Path: "/srv/my data", Type: "xfs"}, {Path: "/backup", Type: "ext4"}, {Path: "/var/www", Type: "xfs"}, {Path: "/tmp", Type: "tmpfs"}, {Path: "/run/lock/x", Type: "tmpfs"}},
		Swaps:  []string{"/dev/dm-1", "/swapfile", "/dev/zram0"}, Failed: []string{"apache2.service"},
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files map[string]string
		is    func(*boot.Facts)
		want  []string // a message each, with the remedy behind
	}{
		"as it should be":              {},
		"other names of the same host": {is: func(f *boot.Facts) { f.Hostname = "WEB01.example.com" }},
		"another host name": {is: func(f *boot.Facts) { f.Hostname = "localhost" },
			want: []string{"the guest called itself localhost, and is configured to be web01.example.com; look at /etc/hostname in the guest, and at what may set another name, such as cloud-init"}},
		"a host name of nobody": {files: map[string]string{"/etc/hostname": "localhost\n"}, is: func(f *boot.Facts) { f.Hostname = "dhcp-7" }},
		"a host name of old":    {files: map[string]string{"/etc/hostname": "", "/etc/sysconfig/network": "HOSTNAME=old\n"}, is: func(f *boot.Facts) { f.Hostname = "old" }},
		"an address that lacks": {is: func(f *boot.Facts) { f.Cards[0].Addresses = f.Cards[0].Addresses[1:] },
			want: []string{"ens192 had not its address 10.0.0.5 when the guest was booted, but fd00::5/64; look at /etc/network/interfaces in the guest"}},
		"another address": {is: func(f *boot.Facts) { f.Cards[2].Addresses[0] = netip.MustParsePrefix("192.0.2.15/24") },
			want: []string{"br0 had not its address 10.1.0.5 when the guest was booted, but 192.0.2.15/24; look at /etc/network/interfaces in the guest"}},
		"addresses that nobody tells": {is: func(f *boot.Facts) { f.Cards[0].Addresses, f.Cards[2].Addresses, f.AddressesUnknown = nil, nil, true }},
		"another name": {is: func(f *boot.Facts) { f.Cards[0].Name = "enp1s0" },
			want: []string{"the guest had no network card ens192 when it was booted, but enp1s0, ens224; look at /etc/network/interfaces in the guest"}},
		"another name of a known address": {
			files: map[string]string{"/etc/systemd/network/10-hyper2kvm-ens192.link": "[Match]\nMACAddress=" + oldMAC + "\n[Link]\nName=ens192\n"},
			is:    func(f *boot.Facts) { f.Cards[0].Name = "enp1s0" },
			want:  []string{"the network card " + oldMAC + " was called enp1s0 when the guest was booted, and is configured as ens192; look at /etc/network/interfaces in the guest"},
		},
		"a card that the machine has not": {
			files: map[string]string{"/etc/systemd/network/10-hyper2kvm-ens192.link": "[Match]\nMACAddress=00:50:56:00:00:01\n[Link]\nName=ens192\n"},
			is:    func(f *boot.Facts) { f.Cards[0].Name = "enp1s0" },
		},
		"no bridge": {is: func(f *boot.Facts) { f.Cards = f.Cards[:2] },
			want: []string{"the guest had no interface br0 when it was booted, which is configured for 10.1.0.5; look at /etc/network/interfaces in the guest"}},
		"mounts that lack": {is: func(f *boot.Facts) { f.Mounts = []boot.Mount{f.Mounts[0], f.Mounts[5]} }, want: []string{
			"/srv/my data was not mounted when the guest was booted: its /etc/fstab names UUID=3 for it; look at /etc/fstab in the guest: correct the line, or remove it",
			"/backup was not mounted when the guest was booted: its /etc/fstab names UUID=4 for it, with nofail; look at /etc/fstab in the guest: correct the line, or remove it",
			"/var/www was not mounted when the guest was booted: its /etc/fstab names /srv/my data/www for it; look at /etc/fstab in the guest: correct the line, or remove it",
			"/tmp was not mounted when the guest was booted: its /etc/fstab names tmpfs for it; look at /etc/fstab in the guest: correct the line, or remove it",
		}},
		"swap that lacks": {is: func(f *boot.Facts) { f.Swaps = f.Swaps[2:] }, want: []string{
			"the swap file /swapfile was not in use when the guest was booted; look at /etc/fstab in the guest",
			"0 of the 1 swap devices of /etc/fstab were in use when the guest was booted; look at /etc/fstab in the guest",
		}},
		"a unit that hardware explains": {is: func(f *boot.Facts) { f.Failed = []string{"a.service", "networking.service", "cron.service"} },
			want: []string{"networking.service failed when the guest was booted; look at the network configuration in the guest, and at `journalctl -b -u networking.service` there"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := guesttest.New(t, files(), test.files)
			if err := tree.MkdirAll("/var", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := tree.Symlink("../run/lock", "/var/lock"); err != nil {
				t.Fatal(err)
			}
			wanted, err := Read(edittest.Of(t, tree).Reader)
			if err != nil {
				t.Fatal(err)
			}
			is := up()
			if test.is != nil {
				test.is(&is)
			}
			var got []string
			for _, d := range Compare(wanted, is) {
				got = append(got, d.Message+"; "+d.Remedy)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestInstall puts the probe into guests of each init, and nothing into others.
func TestInstall(t *testing.T) {
	t.Parallel()
	const line = "/bin/sh /etc/hyper2kvm-boot-probe\n"
	for name, test := range map[string]struct {
		files map[string]string
		path  string // of what starts it
		want  string
	}{
		"systemd":        {map[string]string{"/lib/systemd/systemd": "x"}, unitPath, unit},
		"SysV":           {map[string]string{"/etc/inittab": "# x\nid:2:initdefault:\nsi::sysinit:/etc/init.d/rcS\nl2:2:wait:/etc/init.d/rc 2\n"}, inittabPath, "h2kp:2345:once:" + line + "# x\nid:2:initdefault:\nsi::sysinit:/etc/init.d/rcS\nl2:2:wait:/etc/init.d/rc 2\n"},
		"BusyBox":        {map[string]string{"/etc/inittab": "::sysinit:/sbin/openrc sysinit\n::wait:/sbin/openrc default\ntty1::respawn:/sbin/getty 38400 tty1"}, inittabPath, "::sysinit:/sbin/openrc sysinit\n::wait:/sbin/openrc default\ntty1::respawn:/sbin/getty 38400 tty1\n::once:" + line},
		"Upstart":        {map[string]string{"/etc/init/rc.conf": "x", "/etc/inittab": "# nothing\nid:3:initdefault:\n"}, upstartPath, "start on stopped rc\nexec " + line},
		"OpenRC's init":  {map[string]string{"/sbin/openrc-init": "x", "/etc/init.d/local": "x"}, localPath, "#!/bin/sh\n" + strings.TrimSpace(line) + " &\n"},
		"none of these":  {map[string]string{"/etc/inittab": "# no longer used\n"}, "", ""},
		"nothing at all": {nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := guesttest.New(t, test.files, map[string]string{"/etc/fstab": ""})
			e := edittest.Of(t, tree)
			err := Install(t.Context(), e, Expected{}, 90e9)
			if (err == nil) != (test.path != "") {
				t.Fatalf("it ended with %v", err)
			}
			if test.path == "" {
				return
			}
			text, _, err := e.Read(test.path)
			if err != nil || text != test.want {
				t.Errorf("%s has %q, %v", test.path, text, err)
			}
			if script, _, err := e.Read(programPath); err != nil || strings.Contains(script, "@") && strings.Contains(script, "@LIMIT@") || !strings.Contains(script, "limit=90\n") || !strings.Contains(script, boot.ProbePort) {
				t.Errorf("the program: %v\n%s", err, script)
			}
			for _, link := range map[string][]string{"systemd": {wantsPath}, "OpenRC's init": {localLink}}[name] {
				if _, err := e.Stat(link); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestInstallNeedsLabels: a guest that enforces SELinux and has no setfiles would
// not start the probe, and must not label all of its files for it.
func TestInstallNeedsLabels(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, map[string]string{"/usr/lib/systemd/systemd": "x", "/etc/selinux/config": "SELINUX=enforcing\n"})
	e, err := edit.New(edit.Guest{FS: tree, Runner: &guesttest.Runner{}}, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := Install(t.Context(), e, Expected{}, 90e9); err == nil || !strings.Contains(err.Error(), "SELinux") || e.Exists("/.autorelabel") {
		t.Errorf("it ended with %v", err)
	}
}
