package kernel

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

const version = "6.1.0-18-amd64"

// TestSurvey tells what a kernel boots from as it is, which only its initramfs
// or its own image can say.
func TestSurvey(t *testing.T) {
	t.Parallel()
	name := "/boot/initrd.img-" + version
	withDisk := guesttest.DebianImage(t, version, nil, "virtio", "virtio_pci", "virtio_blk", "sd_mod", "ext4")
	bare := guesttest.DebianImage(t, version, nil, "ext4")
	without := guesttest.DebianImage(t, version, nil, "sd_mod", "ext4")
	for label, test := range map[string]struct {
		files     map[string]string
		initramfs string // "" for none
		images    bool
		boots     string
		unread    bool
		noSATA    bool
	}{
		"in the initramfs":             {guesttest.KernelFiles(version), withDisk, true, "virtio-blk", false, false},
		"not in the initramfs":         {guesttest.KernelFiles(version), without, true, "", false, false},
		"no driver of any disk":        {guesttest.KernelFiles(version), bare, true, "", false, true},
		"not looked at":                {guesttest.KernelFiles(version), withDisk, false, "", false, false},
		"built in":                     {guesttest.KernelFiles(version, "virtio", "virtio_pci", "virtio_blk"), "", true, "virtio-blk", false, true},
		"scsi built in":                {guesttest.KernelFiles(version, "virtio", "virtio_pci", "virtio_scsi", "sd_mod"), "", true, "virtio-scsi", false, false},
		"no initramfs":                 {guesttest.KernelFiles(version), "", true, "", false, true},
		"an initramfs that is garbage": {guesttest.KernelFiles(version), "garbage", true, "", true, false},
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			images := map[string]string{}
			if test.initramfs != "" {
				images[name] = test.initramfs
			}
			kernels, err := Survey(t.Context(), edittest.Of(t, guesttest.New(t, test.files, images)).Reader, test.images, "")
			if err != nil || len(kernels) != 1 {
				t.Fatalf("%+v, %v", kernels, err)
			}
			k := kernels[0]
			if k.BootsFrom != test.boots || k.NICModel != "virtio" || (k.Reason != "") != test.unread || k.LacksSATA != test.noSATA {
				t.Errorf("%+v", k)
			}
		})
	}
}

func TestNetworkCard(t *testing.T) {
	t.Parallel()
	for modules, want := range map[string]string{
		"virtio_net.ko:\nkernel/e1000.ko:": "virtio",
		"e1000.ko:\nkernel/e1000e.ko:":     "e1000e",
		"e1000.ko:\nkernel/8139too.ko:":    "e1000",
		"8139too.ko:":                      "rtl8139",
		"ext4.ko:":                         "e1000e",
	} {
		files := guesttest.KernelFiles(version)
		files["/lib/modules/"+version+"/modules.dep"] = "kernel/" + modules + "\n"
		d, err := DriversOf(edittest.Of(t, guesttest.New(t, files)).Reader, version)
		if err != nil {
			t.Fatal(err)
		}
		if got := NetworkCard(d, nil); got != want {
			t.Errorf("with %q: %s, want %s", modules, got, want)
		}
	}
}
