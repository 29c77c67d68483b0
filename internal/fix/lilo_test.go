package fix

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/initrd"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// TestRunLeavesWhatLILOStarts: LILO reads an initramfs from the blocks on which it lay
// when its program was run. Written anew it would lie elsewhere.
func TestRunLeavesWhatLILOStarts(t *testing.T) {
	t.Parallel()
	const version, image, byUUID = "5.15.19", "/boot/initrd.img-5.15.19", " append=\"root=UUID=root-uuid\"\n"
	without := []string{"sd_mod", "ext4"}
	with := append([]string{"virtio", "virtio_pci", "virtio_blk", "virtio_scsi"}, without...)
	resume := map[string]string{"conf/conf.d/resume": "RESUME=/dev/sda9\n"}
	for name, tt := range map[string]struct {
		loader, initrd, root string
		modules              []string
		more, files          map[string]string
		mode, bus, fails     string
		changed              bool
	}{
		"without virtio":                {loader: "LILO", initrd: image, root: byUUID, modules: without, bus: "sata"},
		"by a link":                     {loader: "LILO", initrd: "/initrd.img", root: byUUID, modules: without, bus: "sata", files: map[string]string{"/initrd.img": "-> boot/initrd.img-" + version}},
		"with names of the old machine": {loader: "LILO", initrd: image, root: byUUID, modules: with, more: resume, bus: "virtio"},
		"with all":                      {loader: "LILO", initrd: image, root: byUUID, modules: with, bus: "virtio"},
		"with all, by number":           {loader: "LILO", initrd: image, root: " root=/dev/sda2\n", modules: with, bus: "sata"},
		"asked to append":               {loader: "LILO", initrd: image, root: byUUID, modules: without, mode: initrd.ModeAppend, fails: "LILO has written down"},
		"asked to rebuild":              {loader: "LILO", initrd: image, root: byUUID, modules: with, mode: initrd.ModeRebuild, fails: "LILO has written down"},
		"its file is left, GRUB starts": {loader: "GRUB", initrd: image, root: byUUID, modules: without, bus: "virtio", changed: true, files: map[string]string{"/boot/grub/grub.cfg": "menuentry x {\nlinux /boot/vmlinuz-" + version + " root=UUID=root-uuid\ninitrd " + image + "\n}\n"}},
		"an image of another name":      {loader: "LILO", initrd: "/boot/other.gz", root: byUUID, modules: without, bus: "sata", files: map[string]string{"/boot/other.gz": guesttest.DebianImage(t, version, nil, without...)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			was := guesttest.DebianImage(t, version, tt.more, tt.modules...)
			files := guesttest.KernelFiles(version)
			files[image] = was
			files["/etc/lilo.conf"] = "boot=/dev/sda\nimage=/boot/vmlinuz-" + version + "\n label=linux\n" + tt.root + " initrd=" + tt.initrd + "\n"
			for file, text := range tt.files {
				files[file] = text
			}
			target := testTarget(t, files)
			target.BootLoader = tt.loader
			result, warnings, err := Run(t.Context(), target, Options{UpdateGrub: true, RegenInitramfs: true, Initramfs: tt.mode})
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Errorf("error %v, want %q", err, tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			is, err := target.Editor.ReadFile(image)
			if err != nil {
				t.Fatal(err)
			}
			if (string(is) != was) != tt.changed || result.DiskBus != tt.bus {
				t.Errorf("changed %v, bus %q with %v", string(is) != was, result.DiskBus, warnings)
			}
			told := 0
			for _, w := range warnings {
				if strings.Contains(w.Message, "LILO has written down") && strings.Contains(w.Remedy, "run lilo") {
					told++
				}
			}
			if lacks := tt.loader == "LILO" && (len(tt.modules) == len(without) || tt.more != nil); !tt.changed && lacks != (told == 1) {
				t.Errorf("told %d times: %v", told, warnings)
			}
		})
	}
}
