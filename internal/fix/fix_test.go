package fix

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func testTarget(t *testing.T, files map[string]string) Target {
	t.Helper()
	return Target{
		FS: guesttest.New(t, map[string]string{"/etc": "dir"}, files), Devices: guesttest.Devices, OS: guest.OS{Type: "linux"}, Firmware: FirmwareBIOS,
		Mounts: []guest.Mount{{Device: "/dev/sdb2", Path: "/", FSType: "ext4"}},
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	windows := testTarget(t, nil)
	windows.OS.Type = "windows"
	hibernated := testTarget(t, nil)
	hibernated.Devices = guest.Devices{{Name: "/dev/sda3", FSType: "swsuspend"}}
	for want, target := range map[string]Target{
		"runs windows":            windows,
		"hibernated":              hibernated,
		"no guest file system":    {},
		"file system has no /etc": {FS: guest.NewTree(t.TempDir())},
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
	if _, _, err := Run(ctx, target, Options{FstabMode: FstabStabilizeAll}); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want that of the context", err)
	}
	if text, _ := target.FS.ReadFile("/etc/fstab"); !strings.HasPrefix(string(text), "/dev/sda2") {
		t.Errorf("fstab was changed: %s", text)
	}
}

func TestPrintFstabHidesSecrets(t *testing.T) {
	t.Parallel()
	target := testTarget(t, map[string]string{"/etc/fstab": "/dev/sda2 / ext4 defaults 0 1\n//n/x /x cifs password=hunter2 0 0\n"})
	result, _, err := Run(t.Context(), target, Options{FstabMode: FstabStabilizeAll, PrintFstab: true})
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
	_, _, err := Run(t.Context(), target, Options{UpdateGrub: true, FstabMode: FstabStabilizeAll})
	if err == nil || !strings.Contains(err.Error(), "/boot/grub/grub.cfg") || !strings.Contains(err.Error(), "root=/dev/sda2") {
		t.Errorf("error = %v, want one that names the file and root=/dev/sda2", err)
	}
}

func TestUpdateGrubOff(t *testing.T) {
	t.Parallel()
	target := testTarget(t, map[string]string{"/boot/grub/grub.cfg": staleConfig, "/boot/vmlinuz-ours": "kernel"})
	result, warnings, err := Run(t.Context(), target, Options{FstabMode: FstabStabilizeAll})
	if err != nil || !result.Unchanged {
		t.Errorf("unchanged = %v, error = %v", result.Unchanged, err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0].Remedy, "update_grub") {
		t.Errorf("warnings = %v, want one that names update_grub", warnings)
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

func TestFamily(t *testing.T) {
	t.Parallel()
	tests := []struct {
		distro string
		files  map[string]string
		want   Family
	}{
		{"rocky", nil, FamilyRHEL},
		{"", map[string]string{"/etc/os-release": "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n"}, FamilySUSE},
		{"", map[string]string{"/etc/os-release": "ID=zorin\nID_LIKE=\"ubuntu debian\"\n"}, FamilyDebian},
		{"unknown", map[string]string{"/usr/lib/os-release": "ID=fedora\n"}, FamilyFedora},
		{"", map[string]string{"/etc/redhat-release": "CentOS release 6.10\n"}, FamilyRHEL},
		{"", map[string]string{"/etc/debian_version": "7.1\n"}, FamilyDebian},
		{"", nil, FamilyUnknown},
	}
	for _, tt := range tests {
		if got := detectFamily(guesttest.New(t, tt.files), guest.OS{Distro: tt.distro}); got != tt.want {
			t.Errorf("%q with %v = %q, want %q", tt.distro, tt.files, got, tt.want)
		}
	}
}
