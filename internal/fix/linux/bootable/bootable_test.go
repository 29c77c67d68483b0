package bootable

import (
	"maps"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// debianMenu is a menu as Debian's grub-mkconfig writes it.
const debianMenu = `if [ -s $prefix/grubenv ]; then
  set have_grubenv=true
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
   save_env next_entry
   set boot_once=true
else
   set default="0"
fi
if [ x"${feature_menuentry_id}" = xy ]; then
  menuentry_id_option="--id"
else
  menuentry_id_option=""
fi
export menuentry_id_option
if [ "${prev_saved_entry}" ]; then
  set saved_entry="${prev_saved_entry}"
fi
function savedefault {
  if [ -z "${boot_once}" ]; then
    saved_entry="${chosen}"
    save_env saved_entry
  fi
}
if [ x$feature_default_font_path = xy ] ; then
   font=unicode
else
insmod part_gpt
    font="/usr/share/grub/unicode.pf2"
fi
if loadfont $font ; then
  set gfxmode=auto
  load_video
fi
if [ x$feature_timeout_style = xy ] ; then
  set timeout_style=menu
  set timeout=5
else
  set timeout=5
fi
set menu_color_normal=cyan/blue
if background_image /x.png; then
  true
fi
function gfxmode {
	set gfxpayload="${1}"
}
menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-u' {
	load_video
	insmod gzio
	if [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi
	set root='hd0,gpt2'
	if [ x$feature_platform_search_hint = xy ]; then
	  search --no-floppy --fs-uuid --set=root --hint-bios=hd0,gpt2 --hint-efi=hd0,gpt2  boot-uuid
	else
	  search --no-floppy --fs-uuid --set=root boot-uuid
	fi
	echo	'Loading Linux ...'
	linux	/vmlinuz-6.1 root=UUID=root-uuid ro quiet
	initrd	/initrd.img-6.1
}
submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced-u' {
	menuentry 'Debian GNU/Linux, with Linux 5.10' $menuentry_id_option 'gnulinux-5.10-u' {
		search --no-floppy --fs-uuid --set=root boot-uuid
		linux	/vmlinuz-5.10 root=UUID=root-uuid ro
		initrd	/initrd.img-5.10
	}
}
if [ "$grub_platform" = "efi" ]; then
	fwsetup --is-supported
	if [ "$?" = 0 ]; then
		menuentry 'UEFI Firmware Settings' $menuentry_id_option 'uefi-firmware' {
			fwsetup
		}
	fi
fi
menuentry 'Windows' {
	search --no-floppy --fs-uuid --set=root 0123-4567
	chainloader /EFI/Microsoft/Boot/bootmgfw.efi
}
menuentry "Memory test (memtest86+)" {
	linux16	/memtest86+x64.bin
}
if [ -f  ${config_directory}/custom.cfg ]; then
  source ${config_directory}/custom.cfg
elif [ -z "${config_directory}" -a -f  $prefix/custom.cfg ]; then
  source $prefix/custom.cfg
fi
`

// photonMenu is a menu as Photon OS and CBL-Mariner write it.
const photonMenu = `set default=0
search -n -u boot-uuid -s
load_env -f /photon.cfg
if [ -f  /systemd.cfg ]; then
    load_env -f /systemd.cfg
else
    set systemd_cmdline=net.ifnames=0
fi
set rootpartition=PARTUUID=part-0003
menuentry "Photon" {
    linux /$photon_linux root=$rootpartition $photon_cmdline $systemd_cmdline
    if [ -f /$photon_initrd ]; then
        initrd /$photon_initrd
    fi
}
`

func files(pairs ...string) map[string]string {
	made := map[string]string{"/etc/hostname": "web\n"}
	for i := 0; i < len(pairs); i += 2 {
		made[pairs[i]] = pairs[i+1]
	}
	return made
}

func with(set map[string]string, pairs ...string) map[string]string {
	made := maps.Clone(set)
	maps.Copy(made, files(pairs...))
	return made
}

func environmentOf(variables string) string { return padded("# GRUB Environment Block\n" + variables) }

func padded(text string) string { return text + strings.Repeat("#", 1024-len(text)) }

// TestRequireStart: a success means that something starts.
func TestRequireStart(t *testing.T) {
	t.Parallel()
	newKernel := []string{"/boot/vmlinuz-6.1", "k", "/boot/initrd.img-6.1", "i"}
	oldKernel := []string{"/boot/vmlinuz-5.10", "k", "/boot/initrd.img-5.10", "i"}
	both := append(append([]string{}, newKernel...), oldKernel...)
	debian := func(kernels ...string) map[string]string {
		return with(files(kernels...), "/boot/grub/grub.cfg", debianMenu)
	}
	one := func(menu string) map[string]string { return with(files(newKernel...), "/boot/grub/grub.cfg", menu) }
	entry := func(body string) string { return "menuentry 'x' {\n" + body + "\n}\n" }
	stub := "search.fs_uuid boot-uuid root hd0,gpt2\nset prefix=($root)'/grub'\nconfigfile $prefix/grub.cfg\n"
	loaderEntry := "title Fedora\nversion 6.1\nlinux /vmlinuz-6.1\ninitrd /initrd.img-6.1 $tuned_initrd\noptions root=UUID=root-uuid ro $tuned_params\n"
	bls := "load_env\nset default=\"${saved_entry}\"\ninsmod blscfg\nblscfg\n"
	for name, test := range map[string]struct {
		files    map[string]string
		firmware string
		fails    []string // the error's words; none: it does not fail
		warns    []string // the only warning's words; none: there is none
	}{
		// What starts.
		"Debian":                         {files: debian(both...)},
		"Debian, another kernel gone":    {files: debian(newKernel...)},
		"Debian, default by its title":   {files: with(debian(both...), "/boot/grub/grub.cfg", strings.Replace(debianMenu, `default="0"`, `default="Advanced options>Debian GNU/Linux, with Linux 5.10"`, 1))},
		"by the ESP's menu":              {firmware: guest.FirmwareUEFI, files: with(debian(both...), "/boot/efi/EFI/debian/grub.cfg", stub)},
		"loader entries of GRUB":         {files: with(one(bls), "/boot/loader/entries/m-6.1.conf", loaderEntry)},
		"systemd-boot":                   {firmware: guest.FirmwareUEFI, files: files("/boot/efi/loader/entries/m.conf", "linux /m/linux\ninitrd /m/ucode.img\ninitrd /m/initrd\noptions root=UUID=root-uuid\n", "/boot/efi/m/linux", "k", "/boot/efi/m/initrd", "i")},
		"unified image":                  {firmware: guest.FirmwareUEFI, files: files("/boot/efi/EFI/Linux/a.efi", guesttest.UnifiedImage(t, "root=UUID=root-uuid ro"))},
		"GRUB Legacy, beyond its titles": {files: files("/boot/grub/menu.lst", "default 7\nfallback 9 2\ntitle a\n kernel /vmlinuz-gone\ntitle empty\n\ntitle w\n chainloader +1\ntitle b\n kernel /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1\n", newKernel[0], "k", newKernel[2], "i")},
		"syslinux, timed out":            {files: files("/boot/extlinux.conf", "DEFAULT l\nONTIMEOUT l\nTIMEOUT 50\nLABEL hd\n LOCALBOOT 0x80\nLABEL l\n LINUX vmlinuz-6.1\n INITRD initrd.img-6.1\n APPEND root=UUID=root-uuid\n", newKernel[0], "k", newKernel[2], "i")},
		"initramfs of no bytes that the kernel can do without": {files: with(one(entry(" linux /vmlinuz-6.1 root=PARTUUID=part-0003\n initrd /initrd.img-6.1")), "/boot/initrd.img-6.1", "")},
		"a function that restarts, uncalled":                   {files: one("function again {\n reboot\n}\n" + entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1"))},
		"a disk that is not, and a search":                     {files: one(entry(" set root='hd1,gpt2'\n search --no-floppy --fs-uuid --set=root boot-uuid\n linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1"))},
		"that disk, and one of two searches":                   {files: one(entry(" set root='hd1,gpt2'\n if [ x$feature_platform_search_hint = xy ]; then\n search --no-floppy --fs-uuid --set=root --hint='hd1,gpt2' boot-uuid\n else\n search --no-floppy --fs-uuid --set=root boot-uuid\n fi\n linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1"))},
		"that disk, perhaps":                                   {files: one(entry(" if [ x$feature_a = xy ]; then\n set root='hd1,gpt2'\n fi\n linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1"))},
		"that disk in another entry":                           {files: one(entry(" search --fs-uuid --set=root boot-uuid\n linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1") + entry(" set root='hd5,gpt2'\n linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1"))},
		"in parentheses":                                       {files: one(entry(" set root='(hd0,gpt2)'\n linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1"))},
		"GRUB Legacy":                                          {files: files("/boot/grub/menu.lst", "default 1\nfallback 0\ntitle w\n rootnoverify (hd0,0)\n chainloader +1\ntitle x\n root (hd0,1)\n kernel /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1\n", newKernel[0], "k", newKernel[2], "i")},
		"extlinux beside its kernels":                          {files: files("/boot/extlinux.conf", "DEFAULT menu.c32\nLABEL l\n MENU DEFAULT\n LINUX vmlinuz-6.1\n INITRD initrd.img-6.1\n APPEND root=UUID=root-uuid\n", newKernel[0], "k", newKernel[2], "i")},
		"Xen":                                                  {files: one(entry(" search --fs-uuid --set=root boot-uuid\n multiboot2 /xen.gz\n module2 /vmlinuz-6.1 placeholder root=UUID=root-uuid\n module2 --nounzip /initrd.img-6.1"))},
		"hand-made, by variables": {files: one("set k=vmlinuz-6.1\nset rootpartition=UUID=root-uuid\nsearch -n -u boot-uuid -s\n" +
			entry(" linux /$k root=$rootpartition\n initrd /initrd.img-6.1"))},
		"Photon OS, whose variables are in files of its kernels": {files: with(one(photonMenu), "/boot/photon.cfg", "-> linux-6.1.cfg", "/boot/linux-6.1.cfg",
			"# GRUB Environment Block\nphoton_cmdline=init=/sbin/init ro\nphoton_linux=vmlinuz-6.1\nphoton_initrd=initrd.img-6.1\n", "/sbin/init", "i")},
		"rEFInd":                     {firmware: guest.FirmwareUEFI, files: files("/boot/refind_linux.conf", "\"Boot\" \"root=UUID=root-uuid ro\"\n", newKernel[0], "k", newKernel[2], "i")},
		"Limine":                     {files: files("/boot/limine.conf", "timeout: 3\n/Linux\n  protocol: linux\n  path: boot():/vmlinuz-6.1\n  cmdline: root=UUID=root-uuid\n  module_path: boot():/initrd.img-6.1\n", newKernel[0], "k", newKernel[2], "i")},
		"root on the network":        {files: one(entry(" linux /vmlinuz-6.1 root=/dev/nfs nfsroot=1.2.3.4:/x\n initrd /initrd.img-6.1"))},
		"in a file that is included": {files: with(one("source $prefix/custom.cfg\n"), "/boot/grub/custom.cfg", entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1"))},
		"systemd-boot beside a dead menu of GRUB": {
			firmware: guest.FirmwareUEFI,
			files: files("/boot/efi/EFI/debian/grub.cfg", stub, "/boot/efi/EFI/Linux/a.efi", guesttest.UnifiedImage(t, "root=UUID=root-uuid ro"),
				"/boot/efi/EFI/systemd/systemd-bootx64.efi", "MZ"),
		},
		"systemd-boot, copied, beside a dead menu of GRUB": {
			firmware: guest.FirmwareUEFI,
			files: files("/boot/efi/EFI/debian/grub.cfg", stub, "/boot/efi/EFI/Linux/a.efi", guesttest.UnifiedImage(t, "root=UUID=root-uuid ro"),
				"/boot/efi/EFI/BOOT/BOOTAA64.EFI", "MZ #### LoaderInfo: systemd-boot 252 ####"),
		},
		"an image as the fallback loader, beside a dead menu of GRUB": {
			firmware: guest.FirmwareUEFI,
			files: files("/boot/efi/EFI/debian/grub.cfg", stub, "/boot/efi/EFI/Linux/a.efi", guesttest.UnifiedImage(t, "root=UUID=root-uuid ro"),
				"/boot/efi/EFI/BOOT/BOOTAA64.EFI", "MZ #### LoaderInfo: systemd-stub 252 ####"),
		},
		"systemd-boot beside GRUB's entries": {
			firmware: guest.FirmwareUEFI,
			files: files("/boot/loader/entries/z.conf", "title gone\nversion 9\nlinux /vmlinuz-gone\n", "/boot/efi/loader/loader.conf", "default m\n",
				"/boot/efi/loader/entries/m.conf", "linux /m/linux\ninitrd /m/initrd\noptions root=UUID=root-uuid\n", "/boot/efi/m/linux", "k", "/boot/efi/m/initrd", "i"),
		},

		// What starts nothing.
		"a disk that is not":            {files: one(entry(" set root='hd5,gpt2'\n linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), fails: []string{"/vmlinuz-6.1 is looked for on hd5,gpt2, which is on no disk"}},
		"a partition that is not":       {files: one(entry(" set root='(hd0,gpt9)'\n linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), fails: []string{"hd0,gpt9"}},
		"both ways lead to such a disk": {files: one(entry(" if [ x$feature_a = xy ]; then\n set root='hd1,msdos1'\n else\n set root='hd1,msdos1'\n fi\n linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), fails: []string{"hd1,msdos1"}},
		"that disk, and a vain search":  {files: one(entry(" set root='hd1,gpt2'\n search --no-floppy --fs-uuid --set=root gone\n linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), fails: []string{"hd1,gpt2"}},
		"files on such a disk":          {files: one(entry(" linux (hd1,gpt2)/vmlinuz-6.1 root=UUID=root-uuid\n initrd (hd1,gpt2)/initrd.img-6.1")), fails: []string{"(hd1,gpt2)/vmlinuz-6.1"}},
		"a menu on such a disk":         {files: with(one("set prefix=(hd2,gpt1)/grub\nconfigfile $prefix/more.cfg\n"), "/boot/grub/more.cfg", entry(" linux /vmlinuz-6.1 root=UUID=root-uuid")), fails: []string{"(hd2,gpt1)/grub/more.cfg, which is not there"}},
		"GRUB Legacy's second disk":     {files: files("/boot/grub/menu.lst", "title a\n root (hd1,1)\n kernel /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1\n", newKernel[0], "k", newKernel[2], "i"), fails: []string{"/vmlinuz-6.1 is looked for on hd1,1"}},
		"kernels gone":                  {files: debian(), fails: []string{"/boot/grub/grub.cfg", `entry "Debian GNU/Linux"`, "/vmlinuz-6.1 is not in the guest", "5.10"}},
		"kernel of no bytes":            {files: with(one(entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), "/boot/vmlinuz-6.1", ""), fails: []string{"/vmlinuz-6.1 is an empty file"}},
		"initramfs gone":                {files: one(entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-gone")), fails: []string{"initramfs /initrd.img-gone"}},
		"root nowhere":                  {files: one(entry(" linux /vmlinuz-6.1 root=UUID=other\n initrd /initrd.img-6.1")), fails: []string{"root=UUID=other is on no disk"}},
		"root by a dead link":           {files: one(entry(" linux /vmlinuz-6.1 root=/dev/disk/by-label/gone\n initrd /initrd.img-6.1")), fails: []string{"by-label/gone is on no disk"}},
		"kernel on another file system": {
			files: with(one(entry(" search --no-floppy --fs-uuid --set=root root-uuid\n linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1"))),
			fails: []string{"kernel /vmlinuz-6.1 is not in the guest"},
		},
		"no entry":                        {files: one("set timeout=5\nset default=0\n"), fails: []string{"/boot/grub/grub.cfg has no entry"}},
		"only Windows and a tester":       {files: one("menuentry 'w' {\n chainloader +1\n}\n" + entry(" linux16 /memtest86+.bin")), fails: []string{"has no entry"}},
		"ESP's menu leads nowhere":        {firmware: guest.FirmwareUEFI, files: files("/boot/efi/EFI/debian/grub.cfg", stub), fails: []string{"/boot/efi/EFI/debian/grub.cfg leads to /boot/grub/grub.cfg, which is not there"}},
		"GRUB Legacy, kernels gone":       {files: files("/boot/grub/menu.lst", "title x\n root (hd0,1)\n kernel /vmlinuz-2.6.32 root=UUID=root-uuid\n"), fails: []string{"/boot/grub/menu.lst", "/vmlinuz-2.6.32"}},
		"loader entries, gone":            {files: with(files("/boot/grub2/grub.cfg", bls), "/boot/loader/entries/m-6.1.conf", loaderEntry), fails: []string{"/boot/loader/entries/m-6.1.conf", "/vmlinuz-6.1"}},
		"systemd-boot, kernel gone":       {firmware: guest.FirmwareUEFI, files: files("/boot/efi/loader/entries/m.conf", "linux /m/linux\noptions root=UUID=root-uuid\n"), fails: []string{"m.conf", "/m/linux"}},
		"extlinux, kernel gone":           {files: files("/boot/extlinux/extlinux.conf", "DEFAULT l\nLABEL l\n LINUX ../vmlinuz-6.1\n APPEND root=UUID=root-uuid\n"), fails: []string{"extlinux.conf", `entry "l"`, "../vmlinuz-6.1"}},
		"unified image, root gone":        {firmware: guest.FirmwareUEFI, files: files("/boot/efi/EFI/Linux/a.efi", guesttest.UnifiedImage(t, "root=UUID=gone ro")), fails: []string{"a.efi", "root=UUID=gone"}},
		"default gone":                    {files: debian(oldKernel...), fails: []string{"unless somebody chooses at its boot menu", `entry "Debian GNU/Linux"`, "with Linux 5.10"}},
		"default saved, and gone":         {files: with(debian(newKernel...), "/boot/grub/grub.cfg", strings.Replace(debianMenu, `default="0"`, `default="${saved_entry}"`, 1), "/boot/grub/grubenv", environmentOf("saved_entry=gnulinux-advanced-u>gnulinux-5.10-u\n")), fails: []string{"with Linux 5.10"}},
		"default halts":                   {files: one("set default=0\nmenuentry 'off' {\n halt\n}\n" + entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), fails: []string{"grub.cfg", `entry "off"`, "halts the machine", `entry "x"`}},
		"default says something":          {files: one("menuentry 'e' {\n echo x\n}\n" + entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), fails: []string{`entry "e"`}},
		"GRUB Legacy's halts":             {files: files("/boot/grub/menu.lst", "default 0\ntitle off\n halt\ntitle b\n kernel /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1\n", newKernel[0], "k", newKernel[2], "i"), fails: []string{"menu.lst", `entry "off"`}},
		"syslinux's boots a disk":         {files: files("/boot/extlinux.conf", "DEFAULT hd\nLABEL hd\n LOCALBOOT 0x80\nLABEL l\n LINUX vmlinuz-6.1\n INITRD initrd.img-6.1\n APPEND root=UUID=root-uuid\n", newKernel[0], "k", newKernel[2], "i"), fails: []string{"extlinux.conf", `entry "hd"`}},
		"default starts anew":             {files: one("menuentry 'r' {\n reboot\n}\n" + entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), fails: []string{"starts the machine anew"}},
		"halts, whatever is the fallback": {files: one("set fallback=1\nmenuentry 'off' {\n halt\n}\n" + entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), fails: []string{`entry "off"`}},
		"halts before the menu":           {files: one("set timeout=5\nhalt\n" + entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), fails: []string{"shows no menu: it halts the machine"}},
		"starts anew behind the menu":     {files: one(entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1") + "reboot\n"), fails: []string{"it starts the machine anew"}},
		"GRUB Legacy's number beyond":     {files: files("/boot/grub/menu.lst", "default 7\ntitle a\n kernel /vmlinuz-gone\ntitle b\n kernel /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1\n", newKernel[0], "k", newKernel[2], "i"), fails: []string{`entry "a"`, `entry "b"`}},
		"GRUB Legacy's nothing":           {files: files("/boot/grub/menu.lst", "fallback 1\ntitle w\n root (hd0,0)\ntitle b\n kernel /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1\n", newKernel[0], "k", newKernel[2], "i"), fails: []string{`entry "w": it starts nothing`}},
		"syslinux's starts anew":          {files: files("/boot/extlinux.conf", "DEFAULT r\nLABEL r\n COM32 reboot.c32\nLABEL l\n LINUX vmlinuz-6.1\n INITRD initrd.img-6.1\n APPEND root=UUID=root-uuid\n", newKernel[0], "k", newKernel[2], "i"), fails: []string{`entry "r": it starts the machine anew`}},
		"GRUB Legacy's default gone":      {files: files("/boot/grub/menu.lst", "default=0\ntitle a\n kernel /vmlinuz-gone\ntitle b\n kernel /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1\n", newKernel[0], "k", newKernel[2], "i"), fails: []string{`entry "a"`, `entry "b"`}},
		"extlinux's default gone":         {files: files("/boot/extlinux.conf", "DEFAULT a\nLABEL a\n LINUX gone\nLABEL b\n LINUX vmlinuz-6.1\n INITRD initrd.img-6.1\n", newKernel[0], "k", newKernel[2], "i"), fails: []string{`entry "a"`, `entry "b"`}},
		"ESP's menu leads nowhere, and entries of GRUB": {
			firmware: guest.FirmwareUEFI, fails: []string{"/boot/efi/EFI/debian/grub.cfg leads to /boot/grub/grub.cfg, which is not there"},
			files: with(files(newKernel...), "/boot/efi/EFI/debian/grub.cfg", stub, "/boot/loader/entries/m-6.1.conf", loaderEntry),
		},
		"GRUB's menu of no bytes, and its entries": {
			firmware: guest.FirmwareUEFI, fails: []string{"/boot/efi/EFI/debian/grub.cfg has no entry"},
			files: with(one(""), "/boot/efi/EFI/debian/grub.cfg", stub, "/boot/loader/entries/m-6.1.conf", loaderEntry),
		},
		"GRUB's entries start, systemd-boot's do not": {
			firmware: guest.FirmwareUEFI, fails: []string{"/boot/efi/loader/entries/m.conf", "/m/linux"},
			files: with(files(newKernel...), "/boot/loader/entries/m-6.1.conf", loaderEntry, "/boot/efi/loader/entries/m.conf", "linux /m/linux\noptions root=UUID=root-uuid\n"),
		},
		"no boot loader among the EFI programs": {
			firmware: guest.FirmwareUEFI, fails: []string{"/boot/efi", "no EFI program that could be a boot loader"},
			files: with(debian(both...), "/boot/efi/EFI/BOOT/BOOTX64.EFI", "", "/boot/efi/EFI/BOOT/fbx64.efi", "MZ", "/boot/efi/EFI/debian/mmx64.efi", "MZ",
				"/boot/efi/EFI/opensuse/MokManager.efi", "MZ", "/boot/efi/EFI/memtest86/memtest.efi", "MZ", "/boot/efi/EFI/debian/fwupdx64.efi", "MZ"),
		},

		"no EFI program": {firmware: guest.FirmwareUEFI, files: debian(both...), fails: []string{"/boot/efi", "no EFI program"}},

		// What nobody can tell.
		"default chainloads Windows":   {files: one("menuentry 'W' {\n set root='hd0,msdos1'\n chainloader +1\n}\n" + entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), warns: []string{`entry "W"`, "no kernel of Linux"}},
		"default chainloads a disk":    {files: one("menuentry 'W' {\n set root='hd1,msdos1'\n chainloader +1\n}\n" + entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), warns: []string{`entry "W"`}},
		"default goes to the firmware": {files: one("menuentry 'f' {\n fwsetup\n}\n" + entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), warns: []string{`entry "f"`}},
		"default halts perhaps":        {files: one("menuentry 'p' {\n if keystatus --shift; then\n halt\n fi\n}\n" + entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), warns: []string{`entry "p"`}},
		"default is a memory test":     {files: one("menuentry 'm' {\n linux16 /memtest86+.bin\n}\n" + entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), warns: []string{`entry "m"`}},
		"syslinux chainloads":          {files: files("/boot/extlinux.conf", "DEFAULT w\nLABEL w\n COM32 chain.c32\n APPEND hd0 1\nLABEL l\n LINUX vmlinuz-6.1\n INITRD initrd.img-6.1\n APPEND root=UUID=root-uuid\n", newKernel[0], "k", newKernel[2], "i"), warns: []string{`entry "w"`, "no kernel of Linux"}},
		"ELILO's Windows":              {firmware: guest.FirmwareUEFI, files: files("/boot/efi/EFI/suse/elilo.conf", "default=w\nimage=vmlinuz-6.1\n label=linux\n initrd=initrd.img-6.1\n append=\"root=UUID=root-uuid\"\nother=x.efi\n label=w\n", newKernel[0], "k", newKernel[2], "i", "/boot/efi/EFI/suse/vmlinuz-6.1", "k", "/boot/efi/EFI/suse/initrd.img-6.1", "i"), warns: []string{`entry "w"`}},
		"systemd-boot's Windows":       {firmware: guest.FirmwareUEFI, files: files("/boot/efi/loader/loader.conf", "default auto-windows\n", "/boot/efi/loader/entries/m.conf", "linux /m/linux\ninitrd /m/initrd\noptions root=UUID=root-uuid\n", "/boot/efi/m/linux", "k", "/boot/efi/m/initrd", "i"), warns: []string{`entry "auto-windows"`}},
		"systemd-boot's program":       {firmware: guest.FirmwareUEFI, files: files("/boot/efi/loader/loader.conf", "default sh*\n", "/boot/efi/loader/entries/shell.conf", "title S\nefi /shell.efi\n", "/boot/efi/loader/entries/m.conf", "linux /m/linux\ninitrd /m/initrd\noptions root=UUID=root-uuid\n", "/boot/efi/m/linux", "k", "/boot/efi/m/initrd", "i"), warns: []string{`entry "sh*"`}},
		"GRUB Legacy's Windows":        {files: files("/boot/grub/menu.lst", "title W\n rootnoverify (hd0,0)\n chainloader +1\ntitle b\n kernel /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1\n", newKernel[0], "k", newKernel[2], "i"), warns: []string{`entry "W"`}},
		"syslinux's boots another":     {files: files("/boot/extlinux.conf", "DEFAULT hd\nLABEL hd\n LOCALBOOT -1\nLABEL l\n LINUX vmlinuz-6.1\n INITRD initrd.img-6.1\n APPEND root=UUID=root-uuid\n", newKernel[0], "k", newKernel[2], "i"), warns: []string{`entry "hd"`}},
		"initramfs of no bytes":        {files: with(one(entry(" linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1")), "/boot/initrd.img-6.1", ""), warns: []string{"nothing tells", "/initrd.img-6.1 is an empty file"}},
		"kernel by a variable":         {files: one("regexp --set=k '(vmlinuz-.*)' $x\n" + entry(" linux /$k root=UUID=root-uuid")), warns: []string{"nothing tells", "/$k"}},
		"a command of its own":         {files: one("own_menu\n"), warns: []string{"nothing tells", "own_menu"}},
		"goes on where":                {files: one("probe --set=d $root\nconfigfile ($d)/grub/other.cfg\n"), warns: []string{"nothing tells", "other.cfg"}},
		"made in a loop":               {files: one("for k in /vmlinuz-*; do\nmenuentry \"$k\" {\n linux $k\n}\ndone\n"), warns: []string{"nothing tells", "loop"}},
		"ELILO, kernel gone":           {firmware: guest.FirmwareUEFI, files: files("/boot/efi/EFI/suse/elilo.conf", "image=vmlinuz\n label=linux\n initrd=initrd\n append=\"root=UUID=root-uuid\"\n"), warns: []string{"elilo.conf", "vmlinuz"}},
		"entries of GRUB, and no menu": {firmware: guest.FirmwareUEFI, files: with(files(newKernel...), "/boot/loader/entries/m-6.1.conf", loaderEntry), warns: []string{"no boot menu was found"}},
		"no menu":                      {files: files(newKernel...), warns: []string{"no boot menu was found"}},
		"default gone, fallback":       {files: with(debian(oldKernel...), "/boot/grub/grub.cfg", "set fallback=1\n"+debianMenu), warns: []string{"fallback", "with Linux 5.10"}},
		"script that does not end":     {files: one("if [ x = y ]; then\n"), warns: []string{"nothing tells", "could not be understood"}},
		"a dead menu of GRUB beside an image that firmware alone would start": {
			firmware: guest.FirmwareUEFI, warns: []string{"/boot/efi/EFI/debian/grub.cfg", "/boot/efi/EFI/Linux", "systemd-boot"},
			files: files("/boot/efi/EFI/debian/grub.cfg", stub, "/boot/efi/EFI/Linux/a.efi", guesttest.UnifiedImage(t, "root=UUID=root-uuid ro")),
		},
		"a vendor's menu left over": {
			firmware: guest.FirmwareUEFI, warns: []string{"EFI/old/grub.cfg", "/vmlinuz-gone"},
			files: with(debian(both...), "/boot/efi/EFI/debian/grub.cfg", stub,
				"/boot/efi/EFI/old/grub.cfg", "search --fs-uuid --set=root boot-uuid\n"+entry(" linux /vmlinuz-gone root=UUID=root-uuid")),
		},
		"a disk that is not here": {files: one(entry(" search --fs-uuid --set=root elsewhere\n linux /vmlinuz root=UUID=root-uuid\n initrd /initrd")), fails: []string{"/vmlinuz"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			firmware := guest.FirmwareBIOS
			if test.firmware != "" {
				firmware = test.firmware
			}
			tree := test.files
			if firmware == guest.FirmwareUEFI && !strings.Contains(strings.Join(test.fails, ""), "no EFI program") {
				tree = with(tree, "/boot/efi/EFI/BOOT/BOOTX64.EFI", "MZ")
			}
			e := edittest.New(t, edit.Guest{FS: guesttest.New(t, tree), Mounts: guesttest.BootMounts})
			_, err := New(e, devname.New(guesttest.BootDevices, guesttest.BootMounts), Start{Firmware: firmware}).Require("")
			if (err != nil) != (test.fails != nil) {
				t.Errorf("error = %v", err)
			}
			for _, want := range test.fails {
				if err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("error = %v, which does not say %q", err, want)
				}
			}
			_, warnings := e.Take()
			if (len(warnings) == 1) != (test.warns != nil) || len(warnings) > 1 {
				t.Fatalf("warnings = %v", warnings)
			}
			for _, want := range test.warns {
				if !strings.Contains(warnings[0].Message, want) || warnings[0].Remedy == "" {
					t.Errorf("warning = %v, which does not say %q", warnings[0], want)
				}
			}
		})
	}
}

// TestRequireBootSector: a BIOS has to come to the loader whose menu starts the guest.
func TestRequireBootSector(t *testing.T) {
	t.Parallel()
	menu := files("/boot/vmlinuz-6.1", "k", "/boot/initrd.img-6.1", "i",
		"/boot/grub/grub.cfg", "menuentry 'x' {\n linux /vmlinuz-6.1 root=UUID=root-uuid\n initrd /initrd.img-6.1\n}\n")
	lilo := "boot = /dev/sda\nimage = /boot/vmlinuz-6.1\n initrd = /boot/initrd.img-6.1\n root = /dev/sda3\n label = Linux\n"
	stable := "boot = /dev/sda\nimage = /boot/vmlinuz-6.1\n initrd = /boot/initrd.img-6.1\n root = \"UUID=root-uuid\"\n label = Linux\n"
	left := "DEFAULT l\nLABEL l\n LINUX /vmlinuz-gone\n APPEND root=UUID=root-uuid\n"
	for name, test := range map[string]struct {
		files   map[string]string
		loader  string
		oldDisk bool
		fails   string
		warns   string
	}{
		"GRUB":                                   {files: menu, loader: "GRUB"},
		"not looked at":                          {files: menu},
		"nothing":                                {files: menu, loader: "none", warns: "hold no boot loader"},
		"code of nobody":                         {files: menu, loader: "unknown", warns: "no boot loader that is known"},
		"Windows":                                {files: menu, loader: "Windows", warns: "starts Windows"},
		"GRUB, files of LILO and syslinux left":  {files: with(menu, "/etc/lilo.conf", lilo, "/boot/syslinux/syslinux.cfg", left), loader: "GRUB"},
		"LILO beside a menu of GRUB":             {files: with(menu, "/etc/lilo.conf", lilo), loader: "LILO", oldDisk: true, warns: "/etc/lilo.conf"},
		"LILO by UUID":                           {files: with(menu, "/etc/lilo.conf", stable), loader: "LILO"},
		"extlinux without a kernel, GRUB's left": {files: with(menu, "/boot/syslinux/syslinux.cfg", left), loader: "syslinux", fails: "/boot/syslinux/syslinux.cfg"},
		"GRUB's code and another's menu":         {files: files("/boot/vmlinuz-6.1", "k", "/boot/extlinux.conf", "DEFAULT l\nLABEL l\n LINUX vmlinuz-6.1\n APPEND root=PARTUUID=part-0003\n"), loader: "GRUB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := edittest.New(t, edit.Guest{FS: guesttest.New(t, test.files), Mounts: guesttest.BootMounts})
			g := New(e, devname.New(guesttest.BootDevices, guesttest.BootMounts), Start{Firmware: guest.FirmwareBIOS, BootLoader: test.loader})
			needsOldDisk, err := g.Require("")
			if (err != nil) != (test.fails != "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("error = %v, want %q", err, test.fails)
			}
			_, warnings := e.Take()
			if len(warnings) > 1 || (len(warnings) == 1) != (test.warns != "") || len(warnings) == 1 && !strings.Contains(warnings[0].Message, test.warns) {
				t.Errorf("warnings = %v, want %q", warnings, test.warns)
			}
			if needsOldDisk != test.oldDisk {
				t.Errorf("needs the old disk: %v", needsOldDisk)
			}
		})
	}
}

// TestRequireOldDisk: where the guest gets a disk of its old kind, or may need one, a
// warning says so.
func TestRequireOldDisk(t *testing.T) {
	t.Parallel()
	label := func(name, root string) string {
		return "LABEL " + name + "\n LINUX /vmlinuz-6.1\n INITRD /initrd.img-6.1\n APPEND root=" + root + "\n"
	}
	native := func(commands, directory string) map[string]string {
		return files("/boot/vmlinuz-6.1", "k", "/boot/initrd.img-6.1", "i",
			"/boot/grub/grub.cfg", "menuentry x {\n"+commands+"\nlinux "+directory+"vmlinuz-6.1 root=UUID=root-uuid\ninitrd "+directory+"initrd.img-6.1\n}\n")
	}
	included := func(preset string, labels ...string) map[string]string { // what a menu includes is not edited
		return files("/boot/vmlinuz-6.1", "k", "/boot/initrd.img-6.1", "i",
			"/boot/extlinux/extlinux.conf", "DEFAULT "+preset+"\nINCLUDE /own/labels.txt\n", "/boot/own/labels.txt", strings.Join(labels, ""))
	}
	for name, test := range map[string]struct {
		files   map[string]string
		oldDisk bool
		warns   []string // of the disk
		also    string   // another warning
		fails   string
	}{
		"by a stable name":         {files: included("a", label("a", "UUID=root-uuid"))},
		"alone":                    {files: included("a", label("a", "/dev/sda3")), oldDisk: true, warns: []string{"/boot/own/labels.txt", "/dev/sda3", "virtio"}},
		"the default":              {files: included("a", label("a", "/dev/sda3"), label("b", "UUID=root-uuid")), oldDisk: true, warns: []string{`entry "a"`, "/dev/sda3"}},
		"not the default":          {files: included("b", label("a", "/dev/sda3"), label("b", "UUID=root-uuid"))},
		"GRUB's own driver":        {files: native("set root='ahci0,gpt2'", "/"), oldDisk: true, warns: []string{"ahci0", "virtio"}},
		"a name with it":           {files: native("true", "(ahci0,gpt2)/"), oldDisk: true, warns: []string{"ahci0"}},
		"a variable with it":       {files: native("set root='ahci0,gpt2'", "($root)/"), oldDisk: true, warns: []string{"ahci0"}},
		"nativedisk":               {files: native("nativedisk\nsearch --fs-uuid --set=root boot-uuid", "/"), oldDisk: true, warns: []string{"nativedisk"}},
		"ahci's module":            {files: native("insmod ahci\nsearch --fs-uuid --set=root boot-uuid", "/"), oldDisk: true, warns: []string{"insmod ahci"}},
		"its name, and a search":   {files: native("set root='ahci0,gpt2'\nsearch --fs-uuid --set=root boot-uuid", "/")},
		"nativedisk, perhaps":      {files: native("if [ x$feature_a = xy ]; then\nnativedisk\nfi\nsearch --fs-uuid --set=root boot-uuid", "/")},
		"Windows beside it":        {files: included("w", "LABEL w\n COM32 chain.c32\n APPEND hd0 1\n", label("a", "/dev/sda3")), oldDisk: true, warns: []string{"/dev/sda3"}, also: `entry "w"`},
		"a dead default beside it": {files: included("d", "LABEL d\n LINUX /gone\n APPEND root=UUID=root-uuid\n", label("a", "/dev/sda3")), oldDisk: true, warns: []string{"/dev/sda3"}, fails: `entry "d"`},
		"a halt beside it":         {files: included("off", "LABEL off\n COM32 poweroff.c32\n", label("a", "/dev/sda3")), oldDisk: true, warns: []string{"/dev/sda3"}, fails: `entry "off"`},
		"that of one of two menus": {files: with(included("a", label("a", "/dev/sda3")), "/boot/syslinux/syslinux.cfg", "DEFAULT b\n"+label("b", "UUID=root-uuid")), warns: []string{"/dev/sda3"}},
	} {
		e := edittest.New(t, edit.Guest{FS: guesttest.New(t, test.files), Mounts: guesttest.BootMounts})
		needsOldDisk, err := New(e, devname.New(guesttest.BootDevices, guesttest.BootMounts), Start{Firmware: guest.FirmwareBIOS}).Require("")
		if (err != nil) != (test.fails != "") || err != nil && !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: error %v, want %q", name, err, test.fails)
		}
		_, warnings := e.Take()
		if last := len(warnings) - 1; test.also != "" {
			if last < 1 || !strings.Contains(warnings[last].Message, test.also) {
				t.Errorf("%s: %q does not end with %q", name, warnings, test.also)
				continue
			}
			warnings = warnings[:last]
		}
		if needsOldDisk != test.oldDisk || len(warnings) > 1 || (len(warnings) == 1) != (test.warns != nil) {
			t.Errorf("%s: needs the old disk: %v; warnings %q", name, needsOldDisk, warnings)
			continue
		}
		for _, want := range test.warns {
			if !strings.Contains(warnings[0].Message, want) || !strings.Contains(warnings[0].Remedy, "SATA") {
				t.Errorf("%s: %q does not say %q", name, warnings[0], want)
			}
		}
	}
}

// TestRequireOtherSubvolume: the snapshot beside the system may have been fixed.
func TestRequireOtherSubvolume(t *testing.T) {
	t.Parallel()
	devices := guest.Devices{
		{Name: "/dev/sda", Kind: guest.KindDisk},
		{Name: "/dev/sda1", Kind: guest.KindPartition, Partition: 1, FSType: "btrfs", UUID: "pool"},
	}
	for flags, told := range map[string]bool{
		"subvol=@": false, "compress=zstd,subvol=/@": false, "subvol=@old": true, "subvol=timeshift/1/@": true, "subvolid=5": false,
	} {
		tree := files("/boot/vmlinuz-6.1", "k", "/boot/i", "i", "/boot/grub/grub.cfg",
			"menuentry 'x' {\n linux /@/boot/vmlinuz-6.1 root=UUID=pool rootflags="+flags+"\n initrd /@/boot/i\n}\n")
		mounts := []guest.Mount{{Device: "/dev/sda1", Path: "/", FSType: "btrfs", Options: "subvol=@"}}
		e := edittest.New(t, edit.Guest{FS: guesttest.New(t, tree), Mounts: mounts})
		if _, err := New(e, devname.New(devices, mounts), Start{Firmware: guest.FirmwareBIOS}).Require(""); err != nil {
			t.Fatal(err)
		}
		_, warnings := e.Take()
		if (len(warnings) == 1 && strings.Contains(warnings[0].Message, "another system")) != told || len(warnings) > 1 {
			t.Errorf("%s: %v", flags, warnings)
		}
	}
}

// TestRequireLILO: what LILO starts with is in no file that could be edited.
func TestRequireLILO(t *testing.T) {
	t.Parallel()
	const lilo = "boot = /dev/sda\nimage = /boot/vmlinuz\n  root = /dev/sda2\n"
	const grubMenu = "menuentry 'x' {\n linux /boot/vmlinuz-ours root=UUID=root-uuid\n initrd /boot/i\n}\n"
	for name, tt := range map[string]struct {
		files map[string]string
		told  bool
	}{
		"LILO alone":       {map[string]string{"/etc/lilo.conf": lilo}, true},
		"left beside GRUB": {map[string]string{"/etc/lilo.conf": lilo, "/boot/grub/grub.cfg": grubMenu, "/boot/vmlinuz-ours": "k", "/boot/i": "i"}, false},
		"an empty file":    {map[string]string{"/etc/lilo.conf": "# none\n"}, false},
	} {
		e := edittest.New(t, edit.Guest{FS: guesttest.New(t, tt.files), Mounts: guesttest.Mounts})
		if _, err := New(e, devname.New(guesttest.Devices, guesttest.Mounts), Start{Firmware: guest.FirmwareBIOS}).Require(""); err != nil {
			t.Fatal(err)
		}
		_, warnings := e.Take()
		told := len(warnings) == 1 && strings.Contains(warnings[0].Message, "/etc/lilo.conf") && strings.Contains(warnings[0].Remedy, "SATA")
		if told != tt.told {
			t.Errorf("%s: warnings = %v", name, warnings)
		}
	}
}
