package initrd

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// TestScriptThatListsItsModules has images whose script loads what it lists. A
// module that is put beside it is never loaded.
func TestScriptThatListsItsModules(t *testing.T) {
	t.Parallel()
	const lists = "#!/bin/nash\nmount -t proc /proc /proc\ninsmod /lib/sd_mod.ko\ninsmod /lib/mptspi.ko x=1\n"
	for name, tt := range map[string]struct {
		files  map[string]string
		action string
		bus    string
	}{
		"nash":             {map[string]string{"init": lists, "bin/nash": "ELF", "lib/mptspi.ko": "ELF"}, "none", "sata"},
		"nash with virtio": {map[string]string{"init": lists + "insmod /lib/virtio_pci.ko\ninsmod /lib/virtio_blk.ko\n", "bin/nash": "ELF"}, "kept", "virtio"},
		"linuxrc":          {map[string]string{"linuxrc": "#!/bin/sh\nmodprobe -q mptspi\n"}, "none", "sata"},
		"a module that nothing loads": {
			map[string]string{"init": lists, "lib/modules/" + version + "/virtio_blk.ko": "ELF", "lib/modules/" + version + "/virtio_pci.ko": "ELF"}, "none", "sata",
		},
		"a program of its own": {map[string]string{"init": "\x7fELF"}, "none", "sata"},
		"mdev that makes the files of devices": {
			map[string]string{"init": "#!/bin/sh\nmdev -s\nmount /dev/sda1 /root\n", "sbin/mdev": "ELF", "lib/modules/" + version + "/virtio_blk.ko": "ELF", "lib/modules/" + version + "/virtio_pci.ko": "ELF"}, "none", "sata",
		},
		"mdev that loads modules": {
			map[string]string{"init": "#!/bin/sh\nmdev -s\n", "etc/mdev.conf": "$MODALIAS=.* 0:0 660 @modprobe \"$MODALIAS\"\n", "lib/modules/" + version + "/virtio_blk.ko": "ELF", "lib/modules/" + version + "/virtio_pci.ko": "ELF"}, "kept", "virtio",
		},
		"a script that goes through sysfs": {
			map[string]string{"init": "#!/bin/sh\nfind /sys -name modalias | xargs cat | xargs modprobe -a\n", "lib/modules/" + version + "/virtio_blk.ko": "ELF", "lib/modules/" + version + "/virtio_pci.ko": "ELF"}, "kept", "virtio",
		},
		"what looks like a module is a parameter": {map[string]string{"init": "#!/bin/sh\nmodprobe mptspi virtio_pci\nmodprobe mptbase virtio_blk\n"}, "none", "sata"},
		"a module that is removed":                {map[string]string{"init": "#!/bin/sh\nmodprobe -r virtio_pci\nmodprobe -qr virtio_blk\n"}, "none", "sata"},
		"several modules at once":                 {map[string]string{"init": "#!/bin/sh\nmodprobe -qa virtio_pci virtio_blk\n"}, "kept", "virtio"},
		"mkinitcpio without its hook udev": {
			map[string]string{"init": "#!/usr/bin/ash\n", "init_functions": "x", "config": "MODULES=\"\"\n", "lib/modules/" + version + "/virtio_blk.ko": "ELF", "lib/modules/" + version + "/virtio_pci.ko": "ELF"}, "none", "sata",
		},
		"udev": {
			map[string]string{"init": "#!/bin/sh\n", "sbin/udevd": "ELF", "lib/modules/" + version + "/x.ko": "ELF", "lib/modules/" + version + "/modules.dep": "x.ko:\n"}, "extended", "virtio",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree := guesttest.New(t, guesttest.KernelFiles(version, "virtio_scsi", "virtio_net", "ext4", "sd_mod"), map[string]string{
				"/boot/initrd.img-" + version: guesttest.CPIO(t, tt.files),
			})
			r := runInitramfs(t, tree, nil)
			if k := r.Kernels[0]; k.Action != tt.action || r.DiskBus != tt.bus {
				t.Errorf("action %q (%s), bus %q, want %q and %q", k.Action, k.Reason, r.DiskBus, tt.action, tt.bus)
			}
			told := strings.Contains(strings.ToLower(strings.Join(remedies(r), " ")), "sata")
			if told != (tt.bus == "sata") {
				t.Errorf("warnings = %v", r.warnings)
			}
		})
	}
}

func remedies(o outcome) (texts []string) {
	for _, w := range o.warnings {
		texts = append(texts, w.Remedy)
	}
	return texts
}

func TestNashIsBuiltAnew(t *testing.T) {
	t.Parallel()
	image := func(script string) string {
		return guesttest.CPIO(t, map[string]string{"init": script, "bin/nash": "ELF"})
	}
	tree := guesttest.New(t, guesttest.KernelFiles(version, "virtio_scsi", "virtio_net", "ext4", "sd_mod"), map[string]string{
		"/boot/initrd.img-" + version: image("insmod /lib/mptspi.ko\n"), "/sbin/mkinitrd": "#!/bin/sh\n",
	})
	image2 := image("insmod /lib/virtio_pci.ko\ninsmod /lib/virtio_blk.ko\n")
	command := "mkinitrd -f --with=virtio_pci --with=virtio_blk /boot/initrd.img-" + version + " " + version
	runner := &guesttest.Runner{Answers: map[string]guesttest.Answer{command: {Do: func([]byte) error {
		return tree.WriteFile("/boot/initrd.img-"+version, []byte(image2), 0o600)
	}}}}
	r := runInitramfs(t, tree, runner)
	if k := r.Kernels[0]; k.Action != Rebuilt || r.DiskBus != "virtio" {
		t.Errorf("action %q (%s), bus %q, warnings %v", k.Action, k.Reason, r.DiskBus, r.warnings)
	}
}
