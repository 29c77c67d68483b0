package fix

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/fstab"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func testTarget(t *testing.T, files map[string]string) Target {
	t.Helper()
	return Target{
		Editor: edittest.New(t, edit.Guest{
			FS: guesttest.New(t, map[string]string{"/etc": "dir"}, files), Mounts: guesttest.Mounts,
		}),
		Devices: guesttest.Devices, OS: guest.OS{Type: "linux"}, Firmware: guest.FirmwareBIOS,
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	bsd := testTarget(t, nil)
	bsd.OS.Type = "freebsd"
	hibernated := testTarget(t, nil)
	hibernated.Devices = guest.Devices{{Name: "/dev/sda3", FSType: "swsuspend"}}
	swap := func(mark string) string { return strings.Repeat("\x00", 4096-10) + mark + "\x00more" }
	if _, _, err := Run(t.Context(), testTarget(t, map[string]string{"/etc/fstab": "/swap.img none swap sw 0 0\n/gone none swap sw 0 0\n/short none swap sw 0 0\n", "/swap.img": swap("SWAPSPACE2"), "/short": "S1SUSPEND"}), Options{}); err != nil {
		t.Errorf("a swap file: %v", err)
	}
	for want, target := range map[string]Target{
		"in the swap area /swap.img": testTarget(t, map[string]string{"/etc/fstab": "/dev/sda3 none swap sw 0 0\n/swap.img none swap sw 0 0\n", "/swap.img": swap("S1SUSPEND")}),
		"runs freebsd":               bsd,
		"hibernated":                 hibernated,
		"no guest file system":       {},
		"file system has no /etc":    {Editor: edittest.Of(t, guesttest.New(t))},
	} {
		_, _, err := Run(t.Context(), target, Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want one that says %q", err, want)
		}
	}
}

func TestRunStopsWhenCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	target := testTarget(t, map[string]string{"/etc/fstab": "/dev/sda2 / ext4 defaults 0 1\n"})
	if _, _, err := Run(ctx, target, Options{FstabMode: fstab.ModeStabilizeAll}); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want that of the context", err)
	}
	if text, _ := target.Editor.ReadFile("/etc/fstab"); !strings.HasPrefix(string(text), "/dev/sda2") {
		t.Errorf("fstab was changed: %s", text)
	}
}

func TestPrintFstabHidesSecrets(t *testing.T) {
	t.Parallel()
	target := testTarget(t, map[string]string{"/etc/fstab": "/dev/sda2 / ext4 defaults 0 1\n//n/x /x cifs password=hunter2 0 0\n"})
	result, _, err := Run(t.Context(), target, Options{FstabMode: fstab.ModeStabilizeAll, PrintFstab: true})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(result.FstabBefore, "/dev/sda2 / ") || !strings.HasPrefix(result.FstabAfter, "UUID=root-uuid / ") {
		t.Errorf("before = %q, after = %q", result.FstabBefore, result.FstabAfter)
	}
	if strings.Contains(result.FstabBefore+result.FstabAfter, "hunter2") {
		t.Error("the password is shown")
	}
}

const staleConfig = "menuentry 'x' {\nlinux /boot/vmlinuz-ours root=/dev/sda2\ninitrd /i\n}\n"

func TestVerifyFailsOnStaleRoot(t *testing.T) {
	t.Parallel()
	target := testTarget(t, map[string]string{"/boot/grub/grub.cfg": staleConfig, "/boot/vmlinuz-ours": "kernel"})
	target.Devices = guest.Devices{{Name: "/dev/sdb2", Kind: guest.KindPartition, Disk: 0, Partition: 2, FSType: "ext4"}}
	_, _, err := Run(t.Context(), target, Options{UpdateGrub: true, FstabMode: fstab.ModeStabilizeAll})
	if err == nil || !strings.Contains(err.Error(), "/boot/grub/grub.cfg") || !strings.Contains(err.Error(), "root=/dev/sda2") {
		t.Errorf("error = %v, want one that names the file and root=/dev/sda2", err)
	}
}

func TestProgressGrows(t *testing.T) {
	t.Parallel()
	target := testTarget(t, nil)
	last := -1.0
	target.Progress = func(percent float64, message string) {
		if percent <= last || percent > 100 || message == "" {
			t.Errorf("progress %v %q after %v", percent, message, last)
		}
		last = percent
	}
	if _, _, err := Run(t.Context(), target, Options{UpdateGrub: true}); err != nil {
		t.Fatal(err)
	}
	if last != 100 {
		t.Errorf("progress ended at %v", last)
	}
}

func TestRunLabelsWhatItMakes(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, map[string]string{
		"/etc/fstab": "/dev/sda2 / ext4 defaults 0 1\n", "/usr/sbin/setfiles": "x",
		"/etc/selinux/config": "SELINUX=permissive\n", "/etc/selinux/targeted/contexts/files/file_contexts": "x",
	})
	runner := &guesttest.Runner{Answers: map[string]guesttest.Answer{
		"/usr/sbin/setfiles /etc/selinux/targeted/contexts/files/file_contexts /etc/fstab /var/lib/hyper2kvm": {},
	}}
	options := Options{FstabMode: fstab.ModeStabilizeAll}
	for range 2 { // the second run changes nothing and has nothing to label
		target := testTarget(t, nil)
		target.Editor = edittest.New(t, edit.Guest{FS: tree, Runner: runner, Mounts: guesttest.Mounts})
		if _, _, err := Run(t.Context(), target, options); err != nil {
			t.Fatal(err)
		}
	}
	if calls := runner.Calls(); len(calls) != 1 {
		t.Errorf("commands = %v, want setfiles once", calls)
	}
	if _, err := tree.Stat("/.autorelabel"); err == nil {
		t.Error("the guest was told to relabel itself")
	}
}

func TestRunRefusesAFullGuest(t *testing.T) {
	t.Parallel()
	target := testTarget(t, nil)
	for path, want := range map[string]string{"/": "the guest's / has 1 MiB left; fixing it needs 20 MiB and 100 inodes", "/boot": "the guest's /boot has 1 MiB left"} {
		target.Editor = edittest.New(t, edit.Guest{
			FS: guesttest.New(t, map[string]string{"/etc": "dir"}), Mounts: []guest.Mount{{Path: "/"}, {Path: "/boot"}},
			Space: func(asked string) (guest.Space, error) {
				if asked == path {
					return guest.Space{Free: 1 << 20, Inodes: -1}, nil
				}
				return guest.Space{Free: 1 << 30, Inodes: -1}, nil
			},
		})
		if _, _, err := Run(t.Context(), target, Options{}); !errors.Is(err, edit.ErrNoSpace) || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want one that says %q", err, want)
		}
	}
}
