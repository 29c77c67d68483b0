package fix

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

func TestCheckRoom(t *testing.T) {
	t.Parallel()
	plenty := guest.Space{Free: 1 << 30, Inodes: 1000}
	for name, test := range map[string]struct {
		space map[string]guest.Space
		want  string
	}{
		"plenty":                             {nil, ""},
		"no inodes to ask":                   {map[string]guest.Space{"/": {Free: 1 << 30, Inodes: -1}}, ""},
		"full root":                          {map[string]guest.Space{"/": {Free: 3 << 19, Inodes: 9000}}, "the guest's / has 1.5 MiB and 9000 inodes left; fixing it needs 20 MiB and 100 inodes"},
		"no inodes":                          {map[string]guest.Space{"/": {Free: 1 << 30, Inodes: 7}}, "the guest's / has 1024 MiB and 7 inodes left"},
		"full boot":                          {map[string]guest.Space{"/boot": {Free: 300 << 10, Inodes: 50}}, "the guest's /boot has 300 KiB and 50 inodes left; fixing it needs 4 MiB and 10 inodes"},
		"full ESP":                           {map[string]guest.Space{"/boot/efi": {Free: 0, Inodes: -1}}, "the guest's /boot/efi has 0 KiB left"},
		"full, not a file system of its own": {map[string]guest.Space{"/var": {}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := testTarget(t, map[string]string{"/etc/fstab": ""})
			target.Mounts = append(target.Mounts, guest.Mount{Path: "/boot"}, guest.Mount{Path: "/boot/efi", FSType: "vfat"})
			target.Space = func(path string) (guest.Space, error) {
				if space, ok := test.space[path]; ok {
					return space, nil
				}
				return plenty, nil
			}
			_, _, err := Run(t.Context(), target, Options{})
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			var remedy interface{ Remedy() string }
			if test.want != "" && (!errors.As(err, &remedy) || !strings.Contains(remedy.Remedy(), "make room")) {
				t.Errorf("%v has no remedy", err)
			}
		})
	}
}

// unwritableFS has no room for any file.
type unwritableFS struct{ guest.FS }

func (unwritableFS) WriteFile(string, []byte, fs.FileMode) error { return syscall.ENOSPC }

func TestWriteSaysHowFullTheGuestIs(t *testing.T) {
	t.Parallel()
	target := testTarget(t, map[string]string{"/etc/fstab": ""})
	target.FS = unwritableFS{target.FS}
	target.Space = func(string) (guest.Space, error) { return guest.Space{Free: 5 << 10, Inodes: 3}, nil }
	err := newRun(target, Options{}).write("/etc/new/file", "text", 0o600, "test")
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "the file system of /etc/new has 5 KiB and 3 inodes left") {
		t.Error(err)
	}
}
