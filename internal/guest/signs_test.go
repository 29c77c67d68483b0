package guest_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestRoleOf(t *testing.T) {
	t.Parallel()
	files := func(names ...string) map[string]string {
		set := map[string]string{}
		for _, name := range names {
			set[name] = "x"
		}
		return set
	}
	for name, test := range map[string]struct {
		files map[string]string
		want  guest.Role
	}{
		"a root":          {files("/etc/fstab", "/bin/sh"), guest.RoleLinux},
		"no fstab, hosts": {files("/etc/hosts", "/bin/sh"), guest.RoleLinux},
		"data":            {files("/home/a", "/etc/x"), guest.RoleNone},
		"a /boot":         {files("/grub2/grub.cfg", "/etc/fstab", "/bin/sh"), guest.RoleNone},
		"FreeBSD":         {files("/etc/freebsd-update.conf", "/etc/fstab", "/bin/sh"), guest.RoleOther},
		"OSTree":          {files("/ostree/repo/config"), guest.RoleOther},
		"Windows":         {files("/windows/system32/config/SOFTWARE", "/windows/system32/cmd.exe"), guest.RoleWindows},
		"half a Windows":  {files("/windows/system32/x"), guest.RoleOther},
		"boot.ini":        {files("/boot.ini", "/windows/system32/config/SOFTWARE", "/windows/system32/cmd.exe"), guest.RoleOther},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := guest.RoleOf(guesttest.New(t, test.files)); got != test.want {
				t.Errorf("role %d, want %d", got, test.want)
			}
		})
	}
}

// TestDescribe: what of a system is not known by its own files is not made up.
func TestDescribe(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		release string
		distro  string
		version string
		known   bool
	}{
		"Debian":            {"ID=debian\nVERSION_ID=\"12\"\n", "debian", "12", true},
		"openSUSE":          {"ID=\"opensuse-leap\"\nVERSION_ID=\"15.6\"\n", "opensuse", "15.6", true},
		"a rolling release": {"ID=arch\n", "archlinux", "", true},
		"no version":        {"ID=debian\n", "debian", "", false},
		"unknown":           {"ID=devuan\nVERSION_ID=5\n", "", "5", false},
		"no os-release":     {"", "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var system guest.OS
			known := system.Describe(guesttest.New(t, map[string]string{"/etc/os-release": test.release, "/etc/hostname": "web1\n"}))
			if known != test.known || system.Distro != test.distro || system.Hostname != "web1" {
				t.Errorf("known: %t, %+v", known, system)
			}
			if test.version != system.Version {
				t.Errorf("version %q, want %q", system.Version, test.version)
			}
		})
	}
}

// unreadable are files that nobody can read.
type unreadable struct{ guest.Files }

func (unreadable) Stat(string) (guest.FileInfo, error) {
	return guest.FileInfo{}, &fs.PathError{Op: "stat", Err: errors.New("gone")}
}

func TestSmallFile(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, map[string]string{"/etc/fstab": "text", "/large": string(make([]byte, 2<<20+1))})
	if got := guest.SmallFile(tree, "/etc/fstab"); got != "text" {
		t.Errorf("%q", got)
	}
	for _, name := range []string{"/large", "/absent"} {
		if got := guest.SmallFile(tree, name); got != "" {
			t.Errorf("%s has %d bytes", name, len(got))
		}
	}
	if got := guest.SmallFile(unreadable{tree}, "/etc/fstab"); got != "" {
		t.Errorf("what cannot be read is %q", got)
	}
}
