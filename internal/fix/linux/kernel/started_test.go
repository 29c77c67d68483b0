package kernel

import (
	"encoding/binary"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// kernelImage is the beginning of a kernel for PCs, which tells its version.
func kernelImage(version string) string {
	image := make([]byte, 0x1000)
	copy(image[0x202:], "HdrS")
	binary.LittleEndian.PutUint16(image[0x20e:], 0x400)
	copy(image[0x600:], version+" (builder@host) #1 SMP\x00")
	return string(image)
}

// Kernels are what the menus start, whatever the files are called.
func TestKernelsOfMenus(t *testing.T) {
	t.Parallel()
	modules := func(versions ...string) map[string]string {
		files := map[string]string{}
		for _, v := range versions {
			files["/lib/modules/"+v+"/modules.dep"] = ""
		}
		return files
	}
	for name, test := range map[string]struct {
		files map[string]string
		want  []Kernel
	}{
		"own name, initramfs with a name of its own": {map[string]string{
			"/boot/grub/grub.cfg": "menuentry 'x' {\n linux /boot/kernel-custom root=UUID=u\n initrd /boot/ucode.img /boot/early-custom\n}\n",
			"/boot/kernel-custom": "k", "/boot/early-custom": "i", "/boot/ucode.img": "i",
		}, []Kernel{{"6.1.0-1", "/boot/kernel-custom", "/boot/early-custom", ""}}},
		"links at the root, as Debian once had": {map[string]string{
			"/boot/grub/menu.lst": "default 0\ntitle x\n root (hd0,0)\n kernel /vmlinuz root=/dev/sda1 ro\n initrd /initrd.img\n",
			"/vmlinuz":            "-> boot/vmlinuz-6.1.0-1", "/initrd.img": "-> boot/initrd.img-6.1.0-1",
			"/boot/vmlinuz-6.1.0-1": "k", "/boot/initrd.img-6.1.0-1": "i",
		}, []Kernel{{"6.1.0-1", "/boot/vmlinuz-6.1.0-1", "/boot/initrd.img-6.1.0-1", ""}}},
		"bzImage that tells its version": {map[string]string{
			"/boot/extlinux/extlinux.conf":       "DEFAULT l\nLABEL l\n KERNEL ../bzImage\n APPEND initrd=../rd root=/dev/sda1\n",
			"/boot/bzImage":                      kernelImage("5.10.1"),
			"/boot/rd":                           "i",
			"/lib/modules/5.10.1/modules.dep":    "",
			"/lib/modules/5.4.0-old/modules.dep": "",
		}, []Kernel{{"5.10.1", "/boot/bzImage", "/boot/rd", ""}}},
		"another initramfs than the name's": {map[string]string{
			"/boot/grub2/grub.cfg":  "menuentry 'x' {\n linux16 /vmlinuz-6.1.0-1 root=UUID=u\n initrd16 /initramfs-rebuilt.img\n}\n",
			"/boot/vmlinuz-6.1.0-1": "k", "/boot/initramfs-6.1.0-1.img": "i", "/boot/initramfs-rebuilt.img": "i",
		}, []Kernel{{"6.1.0-1", "/boot/vmlinuz-6.1.0-1", "/boot/initramfs-rebuilt.img", ""}}},
		"started without initramfs although there is one": {map[string]string{
			"/boot/grub/grub.cfg":   "menuentry 'x' {\n linux /boot/vmlinuz-6.1.0-1 root=/dev/sda1\n}\n",
			"/boot/vmlinuz-6.1.0-1": "k", "/boot/initrd.img-6.1.0-1": "i",
		}, []Kernel{{"6.1.0-1", "/boot/vmlinuz-6.1.0-1", "", ""}}},
		"an emergency entry without initramfs": {map[string]string{
			"/boot/grub/grub.cfg":   "menuentry 'x' {\n linux /boot/vmlinuz-6.1.0-1\n initrd /boot/initrd.img-6.1.0-1\n}\nmenuentry 'y' {\n linux /boot/vmlinuz-6.1.0-1\n}\n",
			"/boot/vmlinuz-6.1.0-1": "k", "/boot/initrd.img-6.1.0-1": "i",
		}, []Kernel{{"6.1.0-1", "/boot/vmlinuz-6.1.0-1", "/boot/initrd.img-6.1.0-1", ""}}},
		"LILO": {map[string]string{
			"/etc/lilo.conf": "boot = /dev/sda\nimage = /boot/vmlinuz\n initrd = /boot/initrd.gz\n label = Linux\n",
			"/boot/vmlinuz":  kernelImage("4.4.14"), "/boot/initrd.gz": "i", "/lib/modules/4.4.14/modules.dep": "",
		}, []Kernel{{"4.4.14", "/boot/vmlinuz", "/boot/initrd.gz", ""}}},
		"a tester of memory and a rescue system are none": {map[string]string{
			"/boot/grub/grub.cfg":  "menuentry 'x' {\n linux16 /boot/memtest86+.bin\n}\nmenuentry 'y' {\n linux /boot/vmlinuz-0-rescue-1\n}\n",
			"/boot/memtest86+.bin": "m", "/boot/vmlinuz-0-rescue-1": "k",
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := modules("6.1.0-1")
			maps.Copy(files, test.files)
			got, err := List(edittest.Of(t, guesttest.New(t, files)).Reader)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
