package pipeline

import (
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// TestConversionWithoutFixes: a guest that is converted as it is gets the disk that it
// needs for its own names, and what it will not find there is told. Where fixes come, they
// tell; where nothing is converted, there is nothing to start.
func TestConversionWithoutFixes(t *testing.T) {
	t.Parallel()
	const version = "6.1.0"
	files := guesttest.KernelFiles(version, "virtio", "virtio_pci", "virtio_blk", "virtio_net", "sd_mod", "ext4")
	files["/boot/initrd.img"] = "image"
	files["/etc/hostname"] = "guest\n"
	files["/etc/fstab"] = "/dev/sda2 / ext4 defaults 0 1\n/dev/sdz1 /srv ext4 defaults 0 2\n"
	menu := func(root string) map[string]string {
		return map[string]string{"/boot/grub/grub.cfg": "menuentry 'x' {\nlinux /boot/vmlinuz-" + version + " root=" + root + "\ninitrd /boot/initrd.img\n}\n"}
	}
	for name, test := range map[string]struct {
		root             string
		fixing, converts bool
		disk             string
		told             []report.ConcernID
	}{
		"by the old name":    {"/dev/sda2", false, true, "sata", []report.ConcernID{report.ConcernOldDiskName, report.ConcernFstabDevice}},
		"by UUID":            {"UUID=root-uuid", false, true, "virtio", []report.ConcernID{report.ConcernFstabDevice, report.ConcernFstabDevice}},
		"that is fixed":      {"/dev/sda2", true, true, "virtio", nil},
		"that is only shown": {"/dev/sda2", false, false, "virtio", nil},
	} {
		j := newFixingJob(test.fixing)
		j.manifest.Pipeline.Convert.Enabled = test.converts
		editor := edittest.New(t, edit.Guest{FS: guesttest.New(t, files, menu(test.root)), Mounts: guesttest.Mounts})
		g := mounted{
			examined: examined{opened: opened{source: &source.Source{}}, system: system{devices: guesttest.Devices, firmware: guest.FirmwareBIOS}},
			os:       guest.OS{Type: "linux", Hostname: "guest"}, editor: editor,
		}
		info, err := describeGuest(t.Context(), j, g)
		if err != nil {
			t.Fatal(err)
		}
		var told []report.ConcernID
		for _, concern := range j.say.report.Concerns {
			told = append(told, concern.ID)
			if !strings.Contains(concern.Remedy, "pipeline.fix") && !strings.Contains(concern.Assessment, "/dev/sdz1") {
				t.Errorf("%s: the remedy of %q is %q", name, concern.Assessment, concern.Remedy)
			}
		}
		if info.DiskBus != test.disk || !slices.Equal(told, test.told) {
			t.Errorf("%s: %s, told of %q, want %s and %q", name, info.DiskBus, told, test.disk, test.told)
		}
	}
}
