//go:build cgo && linux

package appliance

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// TestAccLayer lays layers over the disks of a session: what was written before is
// below, what is written afterwards in the layers alone.
func TestAccLayer(t *testing.T) {
	t.Parallel()
	needAppliance(t)
	first, second := newImage(t, "100M"), newImage(t, "100M")
	// A socket's address may be 107 bytes long.
	deep := filepath.Join(t.TempDir(), strings.Repeat("deep", 30))
	if err := os.Mkdir(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), []Drive{first, second}, Options{Layers: true, TempDir: deep})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	system := buildSmallGuest(t, s)
	if _, _, err := s.MountGuest(system); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteFile("/etc/before", []byte("before\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	layers := []string{filepath.Join(deep, "first"), filepath.Join(deep, "second")}
	if err := s.Layer([]string{filepath.Join(deep, "gone", "first"), layers[1]}); err == nil {
		t.Error("a layer in a directory that is not there was made")
	}
	done := timed(t, "lay layers")
	if err := s.Layer(layers); err != nil {
		t.Fatal(err)
	}
	done()
	before := digests(t, first.Path, second.Path)

	done = timed(t, "write into them")
	if _, _, err := s.MountGuest(system); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/etc/after", "/srv/after"} {
		if err := s.WriteFile(path, []byte("after\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	done()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if after := digests(t, first.Path, second.Path); after != before {
		t.Error("the images below the layers have changed")
	}
	check := func(drives []Drive, path string, wanted error) {
		t.Helper()
		again, err := Open(t.Context(), drives, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close() //nolint:errcheck // only read
		if _, _, err := again.MountGuest(system); err != nil {
			t.Fatal(err)
		}
		if _, err := again.ReadFile("/etc/before"); err != nil {
			t.Error(err)
		}
		if _, err := again.ReadFile(path); !errors.Is(err, wanted) {
			t.Errorf("%s: %v, want %v", path, err, wanted)
		}
	}
	check([]Drive{first, second}, "/etc/after", fs.ErrNotExist)
	check([]Drive{{Path: layers[0], Format: "qcow2"}, {Path: layers[1], Format: "qcow2"}}, "/srv/after", nil)
	if out, err := exec.Command("qemu-img", "check", first.Path).CombinedOutput(); err != nil {
		t.Errorf("qemu-img check: %v: %s", err, out)
	}
}

// buildSmallGuest makes a guest whose / lies on LVM on the first disk, and /srv on the
// second.
func buildSmallGuest(t *testing.T, s *Session) guest.OS {
	t.Helper()
	const root = "/dev/vg/root"
	err := s.call("build", "", func(g *guestfs.Guestfs) error {
		for _, step := range []func() error{
			func() error { return g.Pvcreate("/dev/sda") },
			func() error { return g.Vgcreate("vg", []string{"/dev/sda"}) },
			func() error { return g.Lvcreate("root", "vg", 64) },
			func() error { return g.Mkfs("ext4", root, nil) },
			func() error { return g.Mkfs("ext4", "/dev/sdb", nil) },
			func() error { return g.Mount(root, "/") },
			func() error { return g.Mkdir("/etc") },
			func() error { return g.Mkdir("/srv") },
			func() error {
				return g.Write("/etc/fstab", []byte(root+" / ext4 defaults 0 1\n/dev/sdb /srv ext4 defaults 0 2\n"))
			},
			g.Umount_all,
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return guest.OS{Root: root, Type: "linux"}
}

func digests(t *testing.T, paths ...string) string {
	t.Helper()
	sum := sha256.New()
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(content)
	}
	return string(sum.Sum(nil))
}
