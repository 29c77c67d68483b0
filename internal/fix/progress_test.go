package fix

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestRunTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	const older = "6.1.0-9-amd64"
	complete := []string{"virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4"}
	target := Target{
		FS: guesttest.New(t, kernelFiles(version), kernelFiles(older), map[string]string{
			"/etc/hostname":             "web",
			debianInitramfs:             debianImage(t, version, nil, complete...),
			"/boot/initrd.img-" + older: debianImage(t, older, nil, complete...),
		}),
		Devices: initramfsDevices, OS: guest.OS{Type: "linux"}, Firmware: FirmwareBIOS,
		Mounts: []guest.Mount{{Device: "/dev/sda1", Path: "/", FSType: "ext4"}},
	}
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
