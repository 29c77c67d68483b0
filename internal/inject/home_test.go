package inject

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// TestHomeBelowALaterMount: what is written below a mount point is hidden when the
// guest has booted.
func TestHomeBelowALaterMount(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fstab   string
		mounted []string
		extra   map[string]string
		user    manifest.User
		want    string // the line; "" where the home can be written
		remedy  string
	}{
		"no mount":                 {"/dev/sda1 / ext4 defaults 0 1\n/dev/sda2 none swap sw 0 0\nnas:/x /srv nfs defaults 0 0\n", nil, nil, manifest.User{Name: "a"}, "", ""},
		"mounted":                  {"/dev/sda2 /home ext4 defaults 0 2\n", []string{"/home"}, nil, manifest.User{Name: "alice"}, "", ""},
		"on demand, not at boot":   {"/dev/sdb1 /home ext4 noauto 0 2\n", nil, nil, manifest.User{Name: "a"}, "", ""},
		"a name that begins alike": {"nas:/x /hom nfs defaults 0 0\nnas:/x /home/alic nfs defaults 0 0\n", nil, nil, manifest.User{Name: "alice"}, "", ""},
		"mounted below a share":    {"nas:/x /home nfs defaults 0 0\n/dev/sda2 /home/alice ext4 defaults\n", []string{"/home/alice"}, nil, manifest.User{Name: "alice"}, "", ""},
		"share":                    {"nas:/home /home nfs rw,hard 0 0\n", nil, nil, manifest.User{Name: "a"}, "nas:/home /home nfs rw,hard", "set home to a directory"},
		"share over the home":      {"nas:/home /home/alice/ nfs rw\n", nil, nil, manifest.User{Name: "alice"}, "nas:/home", "set home to a directory"},
		"share on a mount":         {"/dev/sda2 /home ext4 defaults 0 2\nnas:/a /home/alice nfs4 defaults 0 0\n", []string{"/home"}, nil, manifest.User{Name: "alice"}, "nas:/a", "first_boot"},
		"share behind a link":      {"nas:/home /export nfs rw\n", nil, map[string]string{"/home/b": "-> /export/b", "/export": "dir"}, manifest.User{Name: "b"}, "nas:/home", "set home"},
		"automount":                {"/dev/sdb1 /home ext4 noauto,x-systemd.automount 0 2\n", nil, nil, manifest.User{Name: "a"}, "x-systemd.automount", "set home"},
		"bind":                     {"/data/home /home none bind 0 0\n", nil, map[string]string{"/data/home": "dir"}, manifest.User{Name: "a"}, "/data/home /home none bind", `set home to "/data/home/a"`},
		"bind of a share":          {"nas:/x /data nfs\n/data/home /home none bind 0 0\n", nil, map[string]string{"/data/home": "dir"}, manifest.User{Name: "a"}, "none bind", "set home to a directory"},
		"secret of a share":        {"//nas/home /home cifs username=x,password=hunter2 0 0\n", nil, nil, manifest.User{Name: "a"}, "password=<hidden>", "set home"},
		"bind to itself":           {"/home /home none bind,nosuid 0 0\n", nil, map[string]string{"/home": "dir"}, manifest.User{Name: "a"}, "", ""},
		"home elsewhere":           {"nas:/home /home nfs rw\n", nil, nil, manifest.User{Name: "a", Home: "/srv/a"}, "", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t, debianFiles, map[string]string{"/etc/fstab": tc.fstab}, tc.extra)
			g.mounts = []guest.Mount{{Path: "/"}}
			for _, path := range tc.mounted {
				g.mounts = append(g.mounts, guest.Mount{Path: path})
			}
			tc.user.SSHAuthorizedKeys = []string{testKey}
			_, _, err := g.try(manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{tc.user}}})
			if tc.want == "" {
				g.must(err)
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(remedy.Of(err), tc.remedy) {
				t.Errorf("error %v (%s), want %q (%s)", err, remedy.Of(err), tc.want, tc.remedy)
			}
		})
	}
}

// TestHomeBelowWhatFstabDoesNotName: units and autofs mount over homes as fstab does.
func TestHomeBelowWhatFstabDoesNotName(t *testing.T) {
	t.Parallel()
	const unit, wants = "/etc/systemd/system/home.mount", "/etc/systemd/system/remote-fs.target.wants/home.mount"
	share := "[Unit]\nDescription=Homes\n[Mount]\nWhat=nas:/home\nWhere=/home\nType=nfs\nOptions=rw\n[Install]\nWantedBy=remote-fs.target\n"
	enabled := map[string]string{unit: share, wants: "-> " + unit}
	onFstab := map[string]string{"/etc/fstab": "/dev/sda2 /home ext4 defaults 0 2\n"}
	const autofs = "/usr/lib/systemd/system/autofs.service"
	daemon := map[string]string{autofs: "[Install]\nWantedBy=multi-user.target\n", "/etc/systemd/system/multi-user.target.wants/autofs.service": "-> " + autofs}
	maps := func(master string, more ...string) map[string]string {
		files := map[string]string{"/etc/auto.master": master}
		for i := 0; i < len(more); i += 2 {
			files[more[i]] = more[i+1]
		}
		return files
	}
	alice := manifest.User{Name: "alice"}
	tests := map[string]struct {
		files    []map[string]string
		mounted  []string
		services *manifest.Services
		user     manifest.User
		want     string // the line; "" where the home can be written
		file     string // that says so
	}{
		"unit":                       {[]map[string]string{enabled}, nil, nil, alice, "nas:/home /home nfs rw", unit},
		"unit that is not enabled":   {[]map[string]string{{unit: share}}, nil, nil, alice, "", ""},
		"unit that is to be enabled": {[]map[string]string{{unit: share}}, nil, &manifest.Services{Enable: []string{"home.mount"}}, alice, "nas:/home /home nfs rw", unit},
		"unit that is to be off":     {[]map[string]string{enabled}, nil, &manifest.Services{Disable: []string{"home.mount"}}, alice, "", ""},
		"unit of a distribution": {[]map[string]string{{
			"/usr/lib/systemd/system/home.mount": share, "/usr/lib/systemd/system/local-fs.target.wants/home.mount": "-> ../home.mount",
		}}, nil, nil, alice, "nas:/home", "/usr/lib/systemd/system/home.mount"},
		"unit by automount": {[]map[string]string{{
			unit: share, "/etc/systemd/system/home.automount": "[Automount]\nWhere=/home\n[Install]\nWantedBy=multi-user.target\n",
			"/etc/systemd/system/multi-user.target.wants/home.automount": "-> /etc/systemd/system/home.automount",
		}}, nil, nil, alice, "/home", "/etc/systemd/system/home.automount"},
		"unit over the home": {[]map[string]string{{
			`/etc/systemd/system/srv-b\x2dc.mount`:                       "[Mount]\nWhat=/dev/sdb1\nWhere=/srv/b-c\n",
			`/etc/systemd/system/local-fs.target.wants/srv-b\x2dc.mount`: `-> ../srv-b\x2dc.mount`,
		}}, nil, nil, manifest.User{Name: "b", Home: "/srv/b-c/b"}, "/dev/sdb1 /srv/b-c", `/etc/systemd/system/srv-b\x2dc.mount`},
		"unit elsewhere":                {[]map[string]string{enabled}, nil, nil, manifest.User{Name: "a", Home: "/srv/a"}, "", ""},
		"unit that systemd refuses":     {[]map[string]string{{unit: strings.ReplaceAll(share, "Where=/home", "Where=/homes"), wants: "-> " + unit}}, nil, nil, manifest.User{Name: "a", Home: "/homes/a"}, "", ""},
		"unit in place of fstab's line": {[]map[string]string{onFstab, {unit: share}}, []string{"/home"}, nil, alice, "nas:/home", unit},
		"unit of the same":              {[]map[string]string{onFstab, {unit: "[Mount]\nWhat=/dev/sda2\nWhere=/home\n"}}, []string{"/home"}, nil, alice, "", ""},
		"distribution's behind fstab's": {[]map[string]string{onFstab, {
			"/usr/lib/systemd/system/home.mount": share, "/usr/lib/systemd/system/local-fs.target.wants/home.mount": "-> ../home.mount",
		}}, []string{"/home"}, nil, alice, "", ""},
		"masked line of fstab": {[]map[string]string{{"/etc/fstab": "nas:/home /home nfs rw 0 0\n", unit: "-> /dev/null"}}, nil, nil, alice, "", ""},
		"bind by a unit": {[]map[string]string{{
			unit: "[Mount]\nWhat=/data/home\nWhere=/home\nOptions=bind\n", wants: "-> " + unit, "/data/home": "dir",
		}}, nil, nil, alice, `set home to "/data/home/alice"`, unit},
		"secret of a share": {[]map[string]string{{
			unit: strings.ReplaceAll(share, "Options=rw", "Options=username=x,password=hunter2"), wants: "-> " + unit,
		}}, nil, nil, alice, "password=<hidden>", unit},
		"indirect map":               {[]map[string]string{daemon, maps("/home /etc/auto.home --timeout=60\n")}, nil, nil, alice, "/home /etc/auto.home --timeout=60", "/etc/auto.master"},
		"indirect map of LDAP":       {[]map[string]string{daemon, maps("# homes\n/home \\\n ldap:ou=auto.home,dc=x\n")}, nil, nil, alice, "/home ldap:ou=auto.home,dc=x", "/etc/auto.master"},
		"over what fstab mounts":     {[]map[string]string{onFstab, daemon, maps("/home auto.home\n")}, []string{"/home"}, nil, alice, "/home auto.home", "/etc/auto.master"},
		"over a mount below it":      {[]map[string]string{{"/etc/fstab": "/dev/sda2 /home/alice ext4 defaults\n"}, daemon, maps("/home auto.home\n")}, []string{"/home/alice"}, nil, alice, "/home auto.home", "/etc/auto.master"},
		"direct map":                 {[]map[string]string{daemon, maps("/- auto.direct\n", "/etc/auto.direct", "/home/alice -fstype=nfs nas:/alice\n")}, nil, nil, alice, "nas:/alice", "/etc/auto.direct"},
		"direct map of others":       {[]map[string]string{daemon, maps("/- auto.direct\n", "/etc/auto.direct", "/home/bob nas:/bob\n")}, nil, nil, alice, "", ""},
		"direct map by a program":    {[]map[string]string{daemon, maps("/- /etc/auto.direct\n", "/etc/auto.direct", "#!\n/home/alice x\n")}, nil, nil, alice, "", ""},
		"map in a directory":         {[]map[string]string{daemon, maps("+dir:/etc/auto.master.d\n", "/etc/auto.master.d/home.autofs", "/home /etc/auto.home\n")}, nil, nil, alice, "/home /etc/auto.home", "/etc/auto.master.d/home.autofs"},
		"directory without effect":   {[]map[string]string{daemon, maps("/net -hosts\n", "/etc/auto.master.d/home.autofs", "/home /etc/auto.home\n")}, nil, nil, alice, "", ""},
		"entry that is switched off": {[]map[string]string{daemon, maps("/home -null\n/home /etc/auto.home\n")}, nil, nil, alice, "", ""},
		"autofs that does not start": {[]map[string]string{{autofs: daemon[autofs]}, maps("/home /etc/auto.home\n")}, nil, nil, alice, "", ""},
		"autofs that is to start":    {[]map[string]string{{autofs: daemon[autofs]}, maps("/home /etc/auto.home\n")}, nil, &manifest.Services{Enable: []string{"autofs"}}, alice, "/home /etc/auto.home", "/etc/auto.master"},
		"autofs that is to be off":   {[]map[string]string{daemon, maps("/home /etc/auto.home\n")}, nil, &manifest.Services{Mask: []string{"autofs"}}, alice, "", ""},
		"autofs by init script":      {[]map[string]string{{"/etc/init.d/autofs": "#!/bin/sh\n", "/etc/rc3.d/S28autofs": "-> ../init.d/autofs"}, maps("/home /etc/auto.home\n")}, nil, nil, alice, "/home /etc/auto.home", "/etc/auto.master"},
		"Arch's directory":           {[]map[string]string{daemon, {"/etc/autofs/auto.master": "/- auto.direct\n", "/etc/autofs/auto.direct": "/home nas:/home\n"}}, nil, nil, alice, "/home nas:/home", "/etc/autofs/auto.direct"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t, append([]map[string]string{debianFiles, {"/usr/lib/systemd/systemd": "#!"}}, tc.files...)...)
			g.mounts = []guest.Mount{{Path: "/"}}
			for _, path := range tc.mounted {
				g.mounts = append(g.mounts, guest.Mount{Path: path})
			}
			tc.user.SSHAuthorizedKeys = []string{testKey}
			_, _, err := g.try(manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{tc.user}}, Services: tc.services})
			if tc.want == "" {
				g.must(err)
				return
			}
			if err == nil || !strings.Contains(err.Error()+remedy.Of(err), tc.want) || !strings.Contains(err.Error(), "the guest's "+tc.file+" mounts over it") ||
				!strings.Contains(err.Error(), "users.create[0].home") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v (%s), want %q of %s", err, remedy.Of(err), tc.want, tc.file)
			}
		})
	}
}

// TestNoHomeForDaemons: an account that is only changed gets no home that it had not.
func TestNoHomeForDaemons(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		user manifest.User
		home string // that is made, or "" for none
	}{
		"changed":                 {manifest.User{Name: "www-data", Groups: []string{"adm"}}, ""},
		"without any home":        {manifest.User{Name: "nobody", Groups: []string{"adm"}}, ""},
		"new, and without a home": {manifest.User{Name: "agent", Home: noHome}, ""},
		"home is asked for":       {manifest.User{Name: "www-data", Home: "/srv/www"}, "/srv/www"},
		"keys":                    {manifest.User{Name: "www-data", SSHAuthorizedKeys: []string{testKey}}, "/var/www"},
		"new":                     {manifest.User{Name: "agent"}, "/home/agent"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t, debianFiles, map[string]string{
				"/etc/passwd": debianFiles["/etc/passwd"] + "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n",
			})
			_, _ = g.inject(manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{tc.user}}})
			for _, home := range []string{noHome, "/var/www", "/srv/www", "/home/agent"} {
				if _, err := g.fs.Stat(home); errors.Is(err, fs.ErrNotExist) == (home == tc.home) {
					t.Errorf("%s: %v; %q was to be made", home, err, tc.home)
				}
			}
		})
	}
}

func TestKeysWithoutAHome(t *testing.T) {
	t.Parallel()
	_, _, err := newGuest(t, debianFiles).try(manifest.Configuration{Users: &manifest.Users{Create: []manifest.User{{Name: "nobody", SSHAuthorizedKeys: []string{testKey}}}}})
	if err == nil || !strings.Contains(err.Error(), "create[0].ssh_authorized_keys") || !strings.Contains(remedy.Of(err), "set home") {
		t.Errorf("error is %v (%s)", err, remedy.Of(err))
	}
}
