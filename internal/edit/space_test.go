package edit

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
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
			g := Guest{FS: guesttest.New(t), Mounts: []guest.Mount{{Path: "/"}, {Path: "/boot"}, {Path: "/boot/efi", FSType: "vfat"}}}
			g.Space = func(path string) (guest.Space, error) {
				if space, ok := test.space[path]; ok {
					return space, nil
				}
				return plenty, nil
			}
			err := newEditor(t, g, false).CheckSpace([]RequiredSpace{
				{"/", 20 << 20, 100}, {"/var", 10 << 20, 50}, {"/boot", 4 << 20, 10}, {"/boot/efi", 64 << 10, 2},
			})
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			if test.want != "" && (!errors.Is(err, ErrNoSpace) || !strings.Contains(remedy.Of(err), "make room")) {
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
	e := newEditor(t, Guest{
		FS:    unwritableFS{guesttest.New(t, map[string]string{"/etc/fstab": ""})},
		Space: func(string) (guest.Space, error) { return guest.Space{Free: 5 << 10, Inodes: 3}, nil },
	}, false)
	err := e.Write("/etc/new/file", "text", 0o600, "test")
	if !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, ErrNoSpace) || !strings.Contains(err.Error(), "the file system of /etc/new has 5 KiB and 3 inodes left") {
		t.Error(err)
	}
}

func TestSpaceFor(t *testing.T) {
	t.Parallel()
	if known, err := newEditor(t, Guest{FS: guesttest.New(t)}, false).SpaceFor("/boot", 1); known || err != nil {
		t.Errorf("without figures: %v, %v", known, err)
	}
	e := newEditor(t, Guest{FS: guesttest.New(t), Space: func(string) (guest.Space, error) { return guest.Space{Free: 10}, nil }}, false)
	if known, err := e.SpaceFor("/boot", 10); !known || err != nil {
		t.Errorf("enough: %v, %v", known, err)
	}
	if known, err := e.SpaceFor("/boot", 11); !known || !errors.Is(err, ErrNoSpace) || err.Error() != "/boot has 10 bytes free and needs 11" || remedy.Of(err) == "" {
		t.Errorf("too little: %v, %v", known, err)
	}
}
