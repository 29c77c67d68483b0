package kernel

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestKernels(t *testing.T) {
	t.Parallel()
	tree := guesttest.New(t, map[string]string{
		"/boot/vmlinuz-5.9.0-1":                   "k",
		"/boot/vmlinuz-5.14.0-2":                  "k",
		"/boot/vmlinuz-0-rescue-abc":              "k",
		"/boot/vmlinuz-5.14.0-2.old":              "k",
		"/boot/vmlinuz-linux":                     "k",
		"/boot/initrd.img-5.9.0-1":                "i",
		"/boot/initramfs-5.14.0-2.img":            "i",
		"/boot/initramfs-5.14.0-2kdump.img":       "i",
		"/boot/initramfs-linux.img":               "i",
		"/lib/modules/5.9.0-1/x":                  "",
		"/lib/modules/5.14.0-2/x":                 "",
		"/lib/modules/6.7.1-arch1-1/pkgbase":      "linux\n",
		"/boot/loader/entries/m-5.14.0-2.conf":    "title x\nversion 5.14.0-2\nlinux /vmlinuz-5.14.0-2\ninitrd /initramfs-5.14.0-2.img $tuned_initrd\n",
		"/boot/efi/loader/entries/m-5.9.0-1.conf": "linux /m/5.9.0-1/linux\ninitrd /intel-ucode.img\ninitrd /m/5.9.0-1/initrd.img-5.9.0-1\n",
		"/boot/efi/loader/entries/m-rescue.conf":  "linux /m/5.9.0-1/linux\n",
		"/boot/efi/m/5.9.0-1/linux":               "k",
		"/boot/efi/m/5.9.0-1/initrd.img-5.9.0-1":  "i",
	})
	e := edittest.Of(t, tree)
	got, err := List(e.Reader)
	if err != nil {
		t.Fatal(err)
	}
	want := []Kernel{
		{"6.7.1-arch1-1", "/boot/vmlinuz-linux", "/boot/initramfs-linux.img", ""},
		{"5.14.0-2", "/boot/vmlinuz-5.14.0-2", "/boot/initramfs-5.14.0-2.img", "m-5.14.0-2"},
		{"5.9.0-1", "/boot/efi/m/5.9.0-1/linux", "/boot/efi/m/5.9.0-1/initrd.img-5.9.0-1", "m-5.9.0-1"},
		{"5.9.0-1", "/boot/vmlinuz-5.9.0-1", "/boot/initrd.img-5.9.0-1", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDefaultKernel(t *testing.T) {
	t.Parallel()
	kernels := []Kernel{
		{Version: "6.1.0-18", Image: "/boot/vmlinuz-6.1.0-18", Entry: "m-6.1.0-18"},
		{Version: "6.1.0-9", Image: "/boot/vmlinuz-6.1.0-9", Entry: "m-6.1.0-9"},
	}
	menu := `if [ "${next_entry}" ] ; then
   set default="${next_entry}"
else
   set default="@"
fi
function savedefault {
  if [ -z "${boot_once}" ]; then saved_entry="${chosen}"; fi
}
menuentry 'Debian' --class debian $menuentry_id_option 'gnulinux-simple-u' {
	if [ x$grub_platform = xxen ]; then insmod xzio; fi
	linux /boot/vmlinuz-6.1.0-18 root=UUID=u ro
}
submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced-u' {
	menuentry 'Debian, with Linux 6.1.0-18' $menuentry_id_option 'gnulinux-6.1.0-18-advanced-u' {
		linux /boot/vmlinuz-6.1.0-18 root=UUID=u
	}
	menuentry 'Debian, with Linux 6.1.0-9' $menuentry_id_option 'gnulinux-6.1.0-9-advanced-u' {
		linux /boot/vmlinuz-6.1.0-9 root=UUID=u
	}
}
`
	with := func(value string) map[string]string {
		return map[string]string{"/boot/grub/grub.cfg": strings.Replace(menu, "@", value, 1)}
	}
	environment := func(saved string) map[string]string {
		return map[string]string{"/boot/grub/grubenv": "# GRUB Environment Block\nsaved_entry=" + saved + "\n####"}
	}
	entries := func(directory string) map[string]string {
		return map[string]string{
			directory + "/m-6.1.0-18.conf": "version 6.1.0-18\nlinux /vmlinuz-6.1.0-18\n",
			directory + "/m-6.1.0-9.conf":  "version 6.1.0-9\nlinux /vmlinuz-6.1.0-9\n",
		}
	}
	blscfg := entries("/boot/loader/entries")
	blscfg["/boot/grub2/grub.cfg"] = "set default=\"${saved_entry}\"\ninsmod blscfg\nblscfg\n"
	systemd := entries("/boot/efi/loader/entries")
	type defaultCase struct {
		files    []map[string]string
		firmware string
		want     int
	}
	cases := map[string]defaultCase{}
	for name, test := range map[string]struct {
		files []map[string]string
		want  int
	}{
		"no loader":      {nil, 0},
		"first":          {[]map[string]string{with("0")}, 0},
		"path":           {[]map[string]string{with("1>1")}, 1},
		"ids":            {[]map[string]string{with("gnulinux-advanced-u>gnulinux-6.1.0-9-advanced-u")}, 1},
		"titles":         {[]map[string]string{with("Advanced options>Debian, with Linux 6.1.0-9")}, 1},
		"submenu":        {[]map[string]string{with("1")}, 0},
		"saved":          {[]map[string]string{with("${saved_entry}"), environment("1>1")}, 1},
		"nothing saved":  {[]map[string]string{with("${saved_entry}")}, 0},
		"bls":            {[]map[string]string{blscfg, environment("m-6.1.0-9")}, 1},
		"bls, none":      {[]map[string]string{blscfg}, 0},
		"bls, no block":  {[]map[string]string{blscfg, {"/boot/grub2/grubenv": "saved_entry=m-6.1.0-9\n"}}, 0},
		"bls on the ESP": {[]map[string]string{blscfg, {"/boot/efi/EFI/redhat/grubenv": "# GRUB Environment Block\nsaved_entry=m-6.1.0-9\n"}}, 1},
		"saved, escaped": {[]map[string]string{
			{"/boot/grub/grub.cfg": strings.ReplaceAll(strings.Replace(menu, "@", "${saved_entry}", 1), "Debian, with Linux 6.1.0-9", "a\\b")},
			environment("1>a\\\\b"),
		}, 1},
		"systemd-boot":   {[]map[string]string{systemd, {"/boot/efi/loader/loader.conf": "timeout 3\ndefault m-6.1.0-9*\n"}}, 1},
		"systemd-boot 2": {[]map[string]string{systemd, {"/boot/efi/loader/loader.conf": "default x*\n"}}, 0},
	} {
		cases[name] = defaultCase{files: test.files, want: test.want}
	}
	// What was chosen in systemd-boot's menu is in the old machine's firmware: its first
	// entry starts, which is not the newest kernel.
	sorted := map[string]string{
		"/boot/efi/loader/entries/a.conf": "sort-key a\nversion 6.1.0-9\nlinux /vmlinuz-6.1.0-9\n",
		"/boot/efi/loader/entries/b.conf": "sort-key b\nversion 6.1.0-18\nlinux /vmlinuz-6.1.0-18\n",
		"/boot/efi/vmlinuz-6.1.0-9":       "k", "/boot/efi/vmlinuz-6.1.0-18": "k",
	}
	syslinux := map[string]string{"/boot/syslinux/syslinux.cfg": "DEFAULT a\nLABEL a\n  LINUX /boot/vmlinuz-6.1.0-18\n"}
	chosen := map[string]string{"/boot/efi/loader/loader.conf": "default a*\n"}
	biosMenu := map[string]string{"/boot/grub/grub.cfg": "menuentry \"x\" {\n linux /boot/vmlinuz-6.1.0-18\n}\n"}
	espMenu := map[string]string{"/boot/efi/EFI/debian/grub.cfg": "menuentry \"x\" {\n linux /boot/vmlinuz-6.1.0-9\n}\n"}
	for name, test := range map[string]defaultCase{
		"systemd-boot's first":                   {files: []map[string]string{sorted}, firmware: guest.FirmwareUEFI, want: 1},
		"systemd-boot's last boot":               {files: []map[string]string{sorted, {"/boot/efi/loader/loader.conf": "default @saved\n"}}, firmware: guest.FirmwareUEFI, want: 1},
		"systemd-boot's, beside another setting": {files: []map[string]string{sorted, {"/boot/efi/loader/loader.conf": "default x*\n"}}, firmware: guest.FirmwareUEFI, want: 1},
		"a menu of BIOS, with UEFI":              {files: []map[string]string{sorted, chosen, syslinux}, firmware: guest.FirmwareUEFI, want: 1},
		"entries of UEFI, with BIOS":             {files: []map[string]string{sorted, chosen, syslinux}, firmware: guest.FirmwareBIOS, want: 0},
		"GRUB's menu of BIOS, with UEFI":         {files: []map[string]string{biosMenu, espMenu}, firmware: guest.FirmwareUEFI, want: 1},
		"GRUB's menu of UEFI, with BIOS":         {files: []map[string]string{biosMenu, espMenu}, firmware: guest.FirmwareBIOS, want: 0},
	} {
		cases[name] = test
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Default(edittest.Of(t, guesttest.New(t, test.files...)).Reader, kernels, test.firmware)
			if err != nil || got != test.want {
				t.Errorf("%d, %v, want %d", got, err, test.want)
			}
		})
	}
}

func TestDriversFromConfiguration(t *testing.T) {
	t.Parallel()
	e := edittest.Of(t, guesttest.New(t, map[string]string{
		"/boot/vmlinuz-lts":               "k",
		"/boot/initramfs-lts":             "i",
		"/lib/modules/6.6.8-0-lts/config": "CONFIG_VIRTIO_BLK=y\nCONFIG_VIRTIO_PCI=m\n",
	}))
	kernels, err := List(e.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if len(kernels) != 1 || kernels[0].Version != "6.6.8-0-lts" || kernels[0].Initramfs != "/boot/initramfs-lts" {
		t.Fatalf("kernels: %+v", kernels)
	}
	d, err := DriversOf(e.Reader, kernels[0].Version)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"virtio_blk": "built-in", "virtio_pci": "module", "virtio_scsi": "missing", "virtio_net": "missing"}
	if diff := cmp.Diff(want, d.Virtio(nil)); diff != "" {
		t.Error(diff)
	}
}
