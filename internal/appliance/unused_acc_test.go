//go:build cgo && linux

package appliance

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// TestAccTrimUnused fills a swap area, a volume that is then removed and two
// that stay: the first two must go, and not a bit of what is in use may change.
func TestAccTrimUnused(t *testing.T) {
	t.Parallel()
	needAppliance(t)
	drive := newImage(t, "700M")
	garbage := filepath.Join(t.TempDir(), "garbage")
	content := make([]byte, 100<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(content)
	if err := os.WriteFile(garbage, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), []Drive{drive}, Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	const uuid = "6c5f0a4e-7f0e-4b19-9a52-2b8f3f6f1a11"
	swap := &guestfs.OptargsMkswap{Label_is_set: true, Label: "old-swap", Uuid_is_set: true, Uuid: uuid}
	type state struct {
		header []byte
		sums   [2]string
	}
	read := func() (seen state) {
		if err := s.call("read", "", func(g *guestfs.Guestfs) (err error) {
			if seen.header, err = g.Pread_device("/dev/sda1", swapHeader, 0); err != nil {
				return err
			}
			for n, volume := range []string{"/dev/vg/first", "/dev/vg/last"} {
				if seen.sums[n], err = g.Checksum_device("sha256", volume); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return seen
	}
	if err := s.call("build", "", func(g *guestfs.Guestfs) error {
		for _, step := range []func() error{
			func() error { return g.Part_init("/dev/sda", "mbr") },
			func() error { return g.Part_add("/dev/sda", "p", 2048, 264191) },
			func() error { return g.Part_add("/dev/sda", "p", 264192, -1) },
			func() error { return g.Mkswap("/dev/sda1", swap) },
			func() error { return g.Upload_offset(garbage, "/dev/sda1", swapHeader) },
			func() error { return g.Pvcreate("/dev/sda2") },
			func() error { return g.Vgcreate("vg", []string{"/dev/sda2"}) },
			func() error { return g.Lvcreate("first", "vg", 104) },
			func() error { return g.Lvcreate("removed", "vg", 104) },
			func() error { return g.Lvcreate("last", "vg", 104) },
			func() error { return g.Upload(garbage, "/dev/vg/first") },
			func() error { return g.Upload(garbage, "/dev/vg/removed") },
			func() error { return g.Upload(garbage, "/dev/vg/last") },
			func() error { return g.Lvremove("/dev/vg/removed") },
			func() error { return g.Sync() },
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	before, taken := read(), allocated(t, drive)
	done := timed(t, "trim")
	failures, err := s.Trim()
	done()
	if err != nil || len(failures) > 0 {
		t.Fatalf("Trim = %v, %v", failures, err)
	}
	after := read()
	if !bytes.Equal(before.header, after.header) || before.sums != after.sums {
		t.Errorf("what is in use changed: %v, then %v", before.sums, after.sums)
	}
	left := allocated(t, drive)
	t.Logf("allocated: %d MiB before, %d MiB after", taken>>20, left>>20)
	if taken-left < 195<<20 {
		t.Errorf("trim freed %d bytes of 200 MiB", taken-left)
	}
	tags := map[string]string{}
	if err := s.call("look at", "/dev/sda1", func(g *guestfs.Guestfs) (err error) {
		tags, err = g.Blkid("/dev/sda1")
		return err
	}); err != nil || tags["UUID"] != uuid || tags["LABEL"] != "old-swap" || tags["TYPE"] != guest.FSTypeSwap {
		t.Errorf("the swap area is now %v, %v", tags, err)
	}
}
