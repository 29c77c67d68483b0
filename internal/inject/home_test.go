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
