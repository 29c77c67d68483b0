package fix

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestRunTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	const older = "6.1.0-9-amd64"
	complete := []string{"virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4"}
	const version = "6.1.0-18-amd64"
	const debianInitramfs = "/boot/initrd.img-" + version
	target := testTarget(t, nil)
	target.Editor = edittest.New(t, edit.Guest{
		FS: guesttest.New(t, guesttest.KernelFiles(version), guesttest.KernelFiles(older), map[string]string{
			"/etc/hostname":             "web",
			debianInitramfs:             guesttest.DebianImage(t, version, nil, complete...),
			"/boot/initrd.img-" + older: guesttest.DebianImage(t, older, nil, complete...),
		}),
		Mounts: guesttest.Mounts,
	})
	var told []string
	last := -1.0
	target.Progress = func(percent float64, doing string) {
		if percent < last || percent > 100 {
			t.Errorf("%q at %v after %v", doing, percent, last)
		}
		last = percent
		told = append(told, doing)
	}
	if _, _, err := Run(t.Context(), target, Options{RegenInitramfs: true}); err != nil {
		t.Fatal(err)
	}
	if last != 100 {
		t.Errorf("it ended at %v", last)
	}
	if all := strings.Join(told, "\n"); !strings.Contains(all, "initramfs of kernel "+version) || !strings.Contains(all, "initramfs of kernel "+older) {
		t.Errorf("told: %q", told)
	}
}

// TestStepsSayWhatTheyAre: each step has a name of its own.
func TestStepsSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	r := &run{Target: Target{Editor: edittest.Of(t, guesttest.New(t))}}
	names := map[string]bool{}
	for _, s := range r.linux() {
		if s.name == "" || names[s.name] {
			t.Errorf("the name %q is not of one step alone", s.name)
		}
		names[s.name] = true
	}
}
