package inject

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// wantLinks compares the links below a directory with those of the file set
// after removals and additions.
func wantLinks(t *testing.T, g *testGuest, directory string, files map[string]string, removed []string, added map[string]string) {
	t.Helper()
	want := map[string]string{}
	for name, content := range files {
		if len(name) > len(directory) && name[:len(directory)] == directory && len(content) > 3 && content[:3] == "-> " {
			want[name[len(directory)+1:]] = content[3:]
		}
	}
	for _, name := range removed {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is no link of the file set", name)
		}
		delete(want, name)
	}
	maps.Copy(want, added)
	if diff := cmp.Diff(want, g.links(directory)); diff != "" {
		t.Errorf("links in %s (-want +got):\n%s", directory, diff)
	}
}

func TestSystemdServices(t *testing.T) {
	t.Parallel()
	const lib = "/usr/lib/systemd/system/"
	tests := map[string]struct {
		services *manifest.Services
		extra    map[string]string
		removed  []string
		added    map[string]string
		warnings []string
	}{
		"enable": {services: &manifest.Services{Enable: []string{"ssh"}}, added: map[string]string{
			"multi-user.target.wants/ssh.service": lib + "ssh.service", "sshd.service": lib + "ssh.service"}},
		"enable by an alias that is not linked": {services: &manifest.Services{Enable: []string{"sshd"}}, added: map[string]string{
			"multi-user.target.wants/ssh.service": lib + "ssh.service", "sshd.service": lib + "ssh.service"}},
		"enable by an alias that is linked": {services: &manifest.Services{Enable: []string{"vmtoolsd.service"}}},
		"enable what is enabled":            {services: &manifest.Services{Enable: []string{"cron"}}},
		"enable a socket":                   {services: &manifest.Services{Enable: []string{"ssh.socket"}}, added: map[string]string{"sockets.target.wants/ssh.socket": lib + "ssh.socket"}},
		"enable a timer":                    {services: &manifest.Services{Enable: []string{"fstrim.timer"}}, added: map[string]string{"timers.target.wants/fstrim.timer": lib + "fstrim.timer"}},
		"enable an instance": {services: &manifest.Services{Enable: []string{"serial-getty@ttyS0"}}, added: map[string]string{
			"getty.target.wants/serial-getty@ttyS0.service": lib + "serial-getty@.service"}},
		"enable a template with a default": {services: &manifest.Services{Enable: []string{"getty@"}}},
		"enable a template without":        {services: &manifest.Services{Enable: []string{"serial-getty@"}}, warnings: []string{"serial-getty@NAME.service"}},
		"enable with Also and Alias": {services: &manifest.Services{Enable: []string{"systemd-networkd"}}, added: map[string]string{
			"multi-user.target.wants/systemd-networkd.service":                 lib + "systemd-networkd.service",
			"dbus-org.freedesktop.network1.service":                            lib + "systemd-networkd.service",
			"sockets.target.wants/systemd-networkd.socket":                     lib + "systemd-networkd.socket",
			"sysinit.target.wants/systemd-network-generator.service":           lib + "systemd-network-generator.service",
			"network-online.target.wants/systemd-networkd-wait-online.service": lib + "systemd-networkd-wait-online.service",
		}},
		"enable RequiredBy, UpheldBy and a drop-in": {
			services: &manifest.Services{Enable: []string{"app@blue"}},
			extra: map[string]string{
				"/etc/systemd/system/app@.service":              "[Install]\nWantedBy=gone.target\nWantedBy=\nRequiredBy=app.target \\\n  %p-%i.target\n",
				"/etc/systemd/system/app@.service.d/more.conf":  "[Install]\nUpheldBy=other.service\nAlias=%i-app.service\n",
				"/etc/systemd/system/app@blue.service.d/x.conf": "[Service]\nNice=1\n",
			},
			added: map[string]string{
				"app.target.requires/app@blue.service":      "/etc/systemd/system/app@.service",
				"app-blue.target.requires/app@blue.service": "/etc/systemd/system/app@.service",
				"other.service.upholds/app@blue.service":    "/etc/systemd/system/app@.service",
				"blue-app.service":                          "/etc/systemd/system/app@.service",
			},
		},
		"enable what is masked": {services: &manifest.Services{Enable: []string{"cron"}}, extra: map[string]string{"/etc/systemd/system/cron.service": "-> /dev/null"},
			added: map[string]string{"cron.service": "/dev/null"}, warnings: []string{"systemctl unmask cron.service"}},
		"enable a static unit": {services: &manifest.Services{Enable: []string{"systemd-udevd"}}, warnings: []string{"no [Install] section"}},
		"enable an alias that another holds": {
			services: &manifest.Services{Enable: []string{"gdm"}},
			extra: map[string]string{
				lib + "gdm.service":                           "[Install]\nAlias=display-manager.service\n",
				lib + "sddm.service":                          "[Install]\nAlias=display-manager.service\n",
				"/etc/systemd/system/display-manager.service": "-> /usr/lib/systemd/system/sddm.service",
			},
			added:    map[string]string{"display-manager.service": lib + "sddm.service"},
			warnings: []string{`belongs to "sddm.service"`},
		},
		"swap the holder of an alias": {
			services: &manifest.Services{Enable: []string{"gdm"}, Disable: []string{"sddm"}},
			extra: map[string]string{
				lib + "gdm.service":                           "[Install]\nAlias=display-manager.service\n",
				lib + "sddm.service":                          "[Install]\nAlias=display-manager.service\n",
				"/etc/systemd/system/display-manager.service": "-> /usr/lib/systemd/system/sddm.service",
			},
			added: map[string]string{"display-manager.service": lib + "gdm.service"},
		},
		"unknown": {services: &manifest.Services{Enable: []string{"sssh"}, Disable: []string{"crond"}, Mask: []string{"zzzzzz"}},
			warnings: []string{`"sssh" to enable; is "ssh"`, `"crond" to disable; is "cron" meant`, `no service "zzzzzz" to mask`}},
		"disable":             {services: &manifest.Services{Disable: []string{"cron"}}, removed: []string{"multi-user.target.wants/cron.service"}},
		"disable by an alias": {services: &manifest.Services{Disable: []string{"vmtoolsd"}}, removed: []string{"multi-user.target.wants/open-vm-tools.service", "vmtoolsd.service"}},
		"disable an instance": {services: &manifest.Services{Disable: []string{"getty@tty1"}}, removed: []string{"getty.target.wants/getty@tty1.service"}},
		"disable a template":  {services: &manifest.Services{Disable: []string{"getty@"}}, removed: []string{"getty.target.wants/getty@tty1.service"}},
		"disable what a socket starts": {services: &manifest.Services{Disable: []string{"ssh"}, Enable: nil},
			extra:    map[string]string{"/etc/systemd/system/sockets.target.wants/ssh.socket": "-> /lib/systemd/system/ssh.socket"},
			added:    map[string]string{"sockets.target.wants/ssh.socket": "/lib/systemd/system/ssh.socket"},
			warnings: []string{`still be started by "ssh.socket"`}},
		"disable what the distribution wants": {services: &manifest.Services{Disable: []string{"cron"}},
			extra:   map[string]string{lib + "multi-user.target.wants/cron.service": "-> ../cron.service"},
			removed: []string{"multi-user.target.wants/cron.service"}, warnings: []string{"mask it instead"}},
		"disable what was removed": {services: &manifest.Services{Disable: []string{"gone"}},
			extra: map[string]string{"/etc/systemd/system/multi-user.target.wants/gone.service": "-> /lib/systemd/system/gone.service"}},
		"mask": {services: &manifest.Services{Mask: []string{"cron"}}, added: map[string]string{"cron.service": "/dev/null"}},
		"mask a unit of the guest's own": {services: &manifest.Services{Mask: []string{"own"}},
			extra: map[string]string{"/etc/systemd/system/own.service": "[Service]\n"}, warnings: []string{"was not masked"}},
		"init script beside systemd": {services: &manifest.Services{Enable: []string{"old"}},
			extra: map[string]string{"/etc/init.d/old": "#!/bin/sh\n"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t, debianFiles, tc.extra)
			_, warnings, err := g.try(manifest.Configuration{Services: tc.services})
			g.must(err)
			wantWarnings(t, warnings, tc.warnings...)
			wantLinks(t, g, unitDirectory, debianFiles, tc.removed, tc.added)
			again, _, err := g.try(manifest.Configuration{Services: tc.services})
			g.must(err)
			if len(again.Changes) > 0 {
				t.Errorf("the second run is not idle: %+v", again.Changes)
			}
		})
	}
}

func TestUnitsWithoutMergedUsr(t *testing.T) {
	t.Parallel()
	g := newGuest(t, suseFiles, map[string]string{"/lib/systemd/system/sshd.service": "[Install]\nWantedBy=multi-user.target\n"})
	_, warnings := g.inject(manifest.Configuration{Services: &manifest.Services{Enable: []string{"sshd"}}})
	wantWarnings(t, warnings)
	wantLinks(t, g, unitDirectory, suseFiles, nil, map[string]string{"multi-user.target.wants/sshd.service": "/lib/systemd/system/sshd.service"})
}

func TestLinksInACircleEnd(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles, map[string]string{
		"/etc/systemd/system/a.service": "-> b.service", "/etc/systemd/system/b.service": "-> a.service",
	})
	_, warnings, err := g.try(manifest.Configuration{Services: &manifest.Services{Enable: []string{"a"}}})
	g.must(err)
	if len(warnings) != 1 {
		t.Errorf("warnings: %v", warnings)
	}
}

func TestOpenRC(t *testing.T) {
	t.Parallel()
	g := newGuest(t, alpineFiles)
	result, warnings := g.inject(manifest.Configuration{Services: &manifest.Services{Enable: []string{"sshd", "docker.service"}, Disable: []string{"crond"}, Mask: []string{"missing"}}})
	wantWarnings(t, warnings, `no service "missing"`)
	if diff := cmp.Diff(map[string]string{"default/sshd": "/etc/init.d/sshd", "default/docker": "/etc/init.d/docker"}, g.links("/etc/runlevels")); diff != "" {
		t.Errorf("runlevels (-want +got):\n%s", diff)
	}
	if c := changeOf(t, result, "/etc/runlevels/default/crond"); c.Action != report.ActionRemoved {
		t.Errorf("%+v", c)
	}
}

func TestSysV(t *testing.T) {
	t.Parallel()
	lsb := "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: app\n# Required-Start: $network db\n# Default-Start: 2 3\n# Default-Stop: 0 6\n### END INIT INFO\n"
	tests := map[string]struct {
		files, want map[string]string
		services    *manifest.Services
	}{
		"debian, enable": {
			map[string]string{"/etc/init.d/app": lsb, "/etc/rc2.d/S30db": "-> ../init.d/db", "/etc/rc3.d/K01app": "-> ../init.d/app"},
			map[string]string{"rc2.d/S30db": "../init.d/db", "rc2.d/S31app": "../init.d/app", "rc3.d/S20app": "../init.d/app", "rc0.d/K20app": "../init.d/app", "rc6.d/K20app": "../init.d/app"},
			&manifest.Services{Enable: []string{"app"}},
		},
		"debian, disable": {
			map[string]string{"/etc/init.d/app": lsb, "/etc/rc2.d/S31app": "-> ../init.d/app", "/etc/rc0.d/K20app": "-> ../init.d/app"},
			map[string]string{"rc2.d/K20app": "../init.d/app", "rc0.d/K20app": "../init.d/app"},
			&manifest.Services{Disable: []string{"app"}},
		},
		"red hat, enable": {
			map[string]string{"/etc/rc.d/init.d/app": "#!/bin/sh\n# chkconfig: 35 85 15\n", "/etc/init.d": "-> rc.d/init.d", "/etc/rc.d/rc3.d": "dir"},
			map[string]string{"rc.d/rc3.d/S85app": "../init.d/app", "rc.d/rc5.d/S85app": "../init.d/app", "rc.d/rc0.d/K15app": "../init.d/app",
				"rc.d/rc1.d/K15app": "../init.d/app", "rc.d/rc6.d/K15app": "../init.d/app", "init.d": "rc.d/init.d"},
			&manifest.Services{Enable: []string{"app"}},
		},
		"suse, enable": {
			map[string]string{"/etc/init.d/app": lsb, "/etc/init.d/rc3.d": "dir"},
			map[string]string{"init.d/rc2.d/S20app": "../app", "init.d/rc3.d/S20app": "../app", "init.d/rc0.d/K20app": "../app", "init.d/rc6.d/K20app": "../app"},
			&manifest.Services{Enable: []string{"app"}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t, map[string]string{"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n"}, tc.files)
			_, warnings := g.inject(manifest.Configuration{Services: tc.services})
			wantWarnings(t, warnings)
			if diff := cmp.Diff(tc.want, g.links("/etc")); diff != "" {
				t.Errorf("links (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, unit, want string }{
		{"plain.target", "a.service", "plain.target"},
		{"%i.target", "a@b.service", "b.target"},
		{"%p-%n-%N-%%", "a@b.service", "a-a@b.service-a@b-%"},
		{"%p", "my-app.service", "my-app"},
		{"%j", "my-app@x.service", "app"},
	} {
		if got, err := expand(tc.text, tc.unit); err != nil || got != tc.want {
			t.Errorf("expand(%q, %q) = %q, %v; want %q", tc.text, tc.unit, got, err, tc.want)
		}
	}
	for _, text := range []string{"%H", "x%"} {
		if got, err := expand(text, "a.service"); err == nil {
			t.Errorf("expand(%q) = %q without an error", text, got)
		}
	}
}

func TestAliasesAreFoundByGrep(t *testing.T) {
	t.Parallel()
	g := newGuest(t, debianFiles)
	g.runner.Answers["grep -rlsE ^Alias=|^root: /etc/passwd /etc/systemd/system /usr/lib/systemd/system"] = guesttest.Answer{
		Output: "/etc/passwd\n/usr/lib/systemd/system/systemd-networkd.service\n/usr/lib/systemd/system/ssh.service\n",
	}
	result, warnings := g.inject(manifest.Configuration{Services: &manifest.Services{Enable: []string{"sshd"}, Disable: []string{"nginx"}}})
	wantWarnings(t, warnings, `"nginx"`)
	changeOf(t, result, unitDirectory+"/multi-user.target.wants/ssh.service")
	if calls := len(g.runner.Calls()); calls != 2 { // one for each of two runs
		t.Errorf("%d calls of grep", calls)
	}
}
