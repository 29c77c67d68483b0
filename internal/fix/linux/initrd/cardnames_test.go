package initrd

import (
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/unifiedimage"
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

// TestCardNamesInUnifiedImage: the initramfs in a unified kernel image gets the files, and
// where it cannot, that is told.
func TestCardNamesInUnifiedImage(t *testing.T) {
	t.Parallel()
	const (
		link = "/etc/systemd/network/10-hyper2kvm-ens192.link"
		text = "[Match]\nType=ether\n[Link]\nName=ens192\n"
		name = "/efi/EFI/Linux/linux.efi"
	)
	unified := guesttest.UnifiedImageOf(t,
		guesttest.Section{Name: unifiedimage.Version, Content: version},
		guesttest.Section{Name: unifiedimage.Cmdline, Content: "root=UUID=11111111-1111 ip=ens192:dhcp"},
		guesttest.Section{Name: unifiedimage.Initramfs, Content: guesttest.DebianImage(t, version, nil, "virtio", "virtio_pci", "virtio_blk", "virtio_net", "virtio_scsi", "sd_mod", "ext4")})
	for label, test := range map[string]struct {
		image    string
		has      bool
		warnings int
	}{
		"that can be changed": {unified, true, 0},
		"that is signed":      {signed(unified), false, 1},
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			tree := guesttest.New(t, guesttest.KernelFiles(version), map[string]string{name: test.image, link: text})
			e := edittest.Of(t, tree)
			if _, err := Fix(t.Context(), e, devname.New(initramfsDevices, nil), Options{CardNames: []string{link}}); err != nil {
				t.Fatal(err)
			}
			image, err := kernel.ReadInitramfs(e.Reader, kernel.Kernel{Image: name, Initramfs: name})
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := image.Text(inImage(link)); got == text != test.has {
				t.Errorf("in the image: %q", got)
			}
			_, warnings := e.Take()
			told := slices.DeleteFunc(warnings, func(w report.Warning) bool { return w.ID != report.ConcernCardEarly })
			if len(told) != test.warnings {
				t.Errorf("told of card names: %+v", told)
			}
		})
	}
}
