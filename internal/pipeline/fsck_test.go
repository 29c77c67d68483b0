package pipeline

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func TestWrittenFileSystems(t *testing.T) {
	t.Parallel()
	mounts := []guest.Mount{
		{Device: "/dev/vg/root", Path: "/"}, {Device: "/dev/sda1", Path: "/boot"}, {Device: "/dev/sda2", Path: "/boot/efi"},
		{Device: "/dev/vg/var", Path: "/var"}, {Device: "/dev/vg/srv", Path: "/srv"},
	}
	changed := func(action string, paths ...string) report.FixResult {
		var result report.FixResult
		for _, path := range paths {
			result.Changes = append(result.Changes, report.Change{Path: path, Action: action})
		}
		return result
	}
	backedUp := changed(report.ActionModified, "/etc/fstab")
	backedUp.BackupDirectory = "/var/lib/hyper2kvm/backup"
	injected := report.FixResult{Configuration: &report.Injection{Changes: []report.Change{{Path: "/etc/passwd"}, {Path: "/srv/web/.ssh"}}}}
	for name, test := range map[string]struct {
		result report.FixResult
		want   []string
	}{
		"nothing":       {report.FixResult{}, nil},
		"a file":        {changed(report.ActionModified, "/etc/fstab"), []string{"/dev/vg/root"}},
		"nested mounts": {changed(report.ActionCreated, "/boot/efi/EFI/BOOT/BOOTX64.EFI"), []string{"/dev/sda2"}},
		"similar names": {changed(report.ActionModified, "/boot2/x", "/boot/grub/grub.cfg"), []string{"/dev/sda1", "/dev/vg/root"}},
		"backups":       {backedUp, []string{"/dev/vg/root", "/dev/vg/var"}},
		"a program":     {changed(report.ActionCommand, "dpkg"), []string{"/dev/sda1", "/dev/sda2", "/dev/vg/root", "/dev/vg/var"}},
		"injection":     {injected, []string{"/dev/vg/root", "/dev/vg/srv"}},
	} {
		got := slices.Sorted(maps.Keys(mountsOf(mounts, writtenPaths(test.result))))
		got = slices.DeleteFunc(got, func(device string) bool { return device == "" })
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	broken := fmt.Errorf("%w (e2fsck -f -n): Inode 12 is odd", appliance.ErrDamaged)
	f := checkedFilesystem{CheckedFilesystem: report.CheckedFilesystem{Path: "/boot", Device: "UUID=0a1b"}}
	say := newReporter()
	err := damaged(say, f, broken, manifest.FsckFatal)
	if err == nil || !strings.Contains(err.Error(), "the file system /boot of the guest (UUID=0a1b): it is damaged (e2fsck -f -n): Inode 12 is odd") ||
		!strings.Contains(remedy.Of(err), "pipeline.fix.fsck") {
		t.Errorf("%v (%s)", err, remedy.Of(err))
	}
	if err := damaged(say, f, broken, manifest.FsckWarn); err != nil || len(say.report.Warnings) != 1 {
		t.Errorf("%v, warnings %+v", err, say.report.Warnings)
	}
	other := errors.New("the appliance is gone")
	if err := damaged(say, f, other, manifest.FsckWarn); !errors.Is(err, other) {
		t.Errorf("an error of the session became %v", err)
	}
}
