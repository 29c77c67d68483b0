package initrd

import (
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestCardNamesInImage(t *testing.T) {
	t.Parallel()
	const (
		link = "/etc/systemd/network/10-hyper2kvm-ens192.link"
		text = "[Match]\nType=ether\n[Link]\nName=ens192\n"
	)
	modules := map[string]string{}
	for _, name := range []string{"virtio_pci", "virtio_blk", "virtio_net", "virtio_scsi", "ext4", "sd_mod"} {
		modules["usr/lib/modules/"+version+"/kernel/"+name+".ko"] = "x"
	}
	modules["sbin/udevd"], modules["usr/lib/dracut/build-parameter.txt"] = "ELF", "--hostonly"
	tree := guesttest.New(t, guesttest.KernelFiles(version, "virtio_scsi", "virtio_net", "ext4", "sd_mod"), map[string]string{
		"/boot/initrd.img-" + version: guesttest.CPIO(t, modules), link: text,
	})
	mounts := []guest.Mount{{Device: "/dev/sda1", Path: "/", FSType: "ext4"}}
	for _, want := range []string{Extended, Kept} {
		e := edittest.Of(t, tree)
		result, err := Fix(t.Context(), e, devname.New(initramfsDevices, mounts), Options{CardNames: []string{link}})
		if err != nil {
			t.Fatal(err)
		}
		if k := result.Kernels[0]; k.Action != want || want == Extended && !strings.Contains(k.Reason, link) {
			t.Errorf("action %q (%s), want %q", k.Action, k.Reason, want)
		}
		image, err := kernel.ReadInitramfs(e.Reader, kernel.Kernel{Initramfs: "/boot/initrd.img-" + version})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := image.Text(strings.TrimPrefix(link, "/")); got != text {
			t.Errorf("in the image: %q", got)
		}
	}
}
