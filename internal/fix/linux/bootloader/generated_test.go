package bootloader

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

func some(r *rand.Rand, separator string, most int, of ...string) string {
	var list []string
	for range 1 + r.IntN(most) {
		list = append(list, pick(r, of...))
	}
	return strings.Join(list, separator)
}

func randomParameters(r *rand.Rand) string {
	return some(r, pick(r, " ", "  ", "\t"), 6, "root=/dev/sda2", "root=0802", "root=UUID=root-uuid", "ro", "quiet", "resume=/dev/sda3", "boot=/dev/sda1", "vga=0x317",
		"cryptdevice=/dev/sda4:root:allow-discards", "systemd.mount-extra=/dev/sda2:/srv:ext4", "console=ttyS0,115200n8", "rd.lvm.lv=vg0/root", "x=/dev/sdz9", "root=/dev/mapper/vg0-root")
}

func randomGrub(r *rand.Rand) string {
	text := "# keep this\nset default=0\nif [ x$feature = xy ]; then\n  set kernelopts=\"" + randomParameters(r) + "\"\nelse\n  set pager=1\nfi\n"
	if r.IntN(2) == 0 {
		text += "set rootdev=" + pick(r, "/dev/sda2", "UUID=root-uuid", "0802") + "\n"
	}
	for range 1 + r.IntN(3) {
		text += "menuentry " + pick(r, "'A b'", `"A \"b\""`, "A") + " --class os {\n  search --fs-uuid --set=root root-uuid\n  # keep /dev/sda2\n  " +
			pick(r, "linux", "linux16", "linuxefi") + "\t/vmlinuz " + randomParameters(r) + pick(r, "", " root=$rootdev", " \\\n    splash", ` "a b"`, " 'resume=/dev/sda3'") + "\n" + pick(r, "", "  initrd /initrd.img\n") + "}\n"
	}
	return text
}

func randomGrubDefault(r *rand.Rand) string {
	quote := pick(r, `"`, "'")
	return "# keep this\nGRUB_TIMEOUT=5\nGRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null`\nGRUB_CMDLINE_LINUX=" + quote + randomParameters(r) + quote +
		pick(r, "", " # why") + "\n" + pick(r, "", "GRUB_DISABLE_LINUX_UUID=true\n", "export GRUB_DEVICE=/dev/sda2\n") + "if [ -f /x ]; then\n\tGRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT " +
		randomParameters(r) + "\"\nfi\n# keep the end"
}

func randomMdadm(r *rand.Rand) string {
	text := "# keep this\n"
	for range 1 + r.IntN(5) {
		text += pick(r, "MAILADDR root\n", "HOMEHOST <system>\n", "# keep that\n", "DEVICE partitions\n",
			pick(r, "DEVICE", "device", "DEV")+" "+some(r, pick(r, " ", "\n  "), 3, "/dev/sda1", "/dev/sd*", "/dev/hda[12]")+"\n",
			"ARRAY /dev/md0"+pick(r, " ", "\n   ")+some(r, pick(r, " ", "\n\t"), 4, "UUID=1:2:3:4", "level=raid1", "num-devices=2", "devices=/dev/sda1,/dev/sdb1", `name="a:0"`, "metadata=1.2")+pick(r, "", " # why")+"\n")
	}
	return text
}

func randomLVM(r *rand.Rand) string {
	filter := func() string {
		patterns := some(r, pick(r, ", ", ",\n\t\t"), 4, `"a|^/dev/sd.*|"`, `"a/hda[12]/"`, `"r|.*|"`, `"a|/dev/mapper/.*|"`, `"r/cdrom/"`, `'a|sda|'`)
		return "[ " + patterns + pick(r, " ", "") + "]"
	}
	text := "# keep this\nconfig {\n\tchecks = 1\n}\ndevices {\n\tdir = \"/dev\"\n\t# keep filter = [ \"r|.*|\" ]\n"
	text += "\t" + pick(r, "filter = ", "global_filter=", "filter  =  ") + filter() + pick(r, "", " # why") + "\n"
	return text + "\tscan = [ \"/dev\" ]\n}\n" + pick(r, "", "devices/global_filter = "+filter()+"\n") + "activation {\n\tmonitoring = 0\n}\n"
}

// TestEditsOfGeneratedFiles: the reader of each file sees nothing else than before
// but for what is meant, a second edit changes nothing, and comments stay.
func TestEditsOfGeneratedFiles(t *testing.T) {
	t.Parallel()
	scope := bootScope{names: devname.New(guesttest.Devices, guesttest.Mounts), hasKernel: func(string) bool { return true }}
	for path, test := range map[string]struct {
		write func(*rand.Rand) string
		edit  func(string, bootScope) (string, []finding)
	}{
		"/boot/grub/grub.cfg": {randomGrub, editGrubConfig},
		"/etc/default/grub":   {randomGrubDefault, editGrubDefault},
		"/etc/mdadm.conf":     {randomMdadm, editMdadmFile},
		"/etc/lvm/lvm.conf":   {randomLVM, editLVMConf},
		"/boot/grub/menu.lst": {func(r *rand.Rand) string {
			return "default 0\n# kopt=" + randomParameters(r) + "\ntitle A\n\troot (hd0,0)\n\tkernel /vmlinuz " + randomParameters(r) + "\n\tinitrd /initrd\n# keep this\n"
		}, editGrubLegacy},
		"/boot/loader/entries/a.conf": {func(r *rand.Rand) string {
			return "title A\n# keep this\nlinux /vmlinuz\n" + pick(r, "", "initrd /initrd\n") + "options " + randomParameters(r) + "\noptions\t" + randomParameters(r) + "\n"
		}, editLoaderEntry},
		"/boot/extlinux/extlinux.conf": {func(r *rand.Rand) string {
			return "DEFAULT a\n# keep this\nLABEL a\n  LINUX /vmlinuz\n  APPEND " + randomParameters(r) + " initrd=/initrd\n"
		}, editSyslinux},
	} {
		edited := 0
		for seed := range uint64(120) {
			text := test.write(rand.New(rand.NewPCG(seed, 19)))
			got, _ := test.edit(text, scope)
			if err := edit.Check(path, text, got, meantIn(path)); err != nil {
				t.Fatalf("%s seed %d: %v\n%s\nbecame\n%s", path, seed, err, text, got)
			}
			if again, _ := test.edit(got, scope); again != got {
				t.Fatalf("%s seed %d: a second edit of\n%s\ngave\n%s", path, seed, got, again)
			}
			for line := range strings.Lines(text) {
				if strings.HasPrefix(strings.TrimSpace(line), "# keep") && !strings.Contains(got, line) {
					t.Fatalf("%s seed %d: %q is lost:\n%s\nbecame\n%s", path, seed, line, text, got)
				}
			}
			if got == text {
				continue
			}
			edited++
			for _, more := range []string{"x\n", "a b\n"} {
				if edit.Check(path, text, got+"\n"+more, meantIn(path)) == nil {
					t.Fatalf("%s seed %d: a line more is not told", path, seed)
				}
			}
			if cut := got[:len(got)*2/3]; path != "/etc/mdadm.conf" && edit.Check(path, text, cut, meantIn(path)) == nil {
				t.Fatalf("%s seed %d: a file that is cut off is not told:\n%s\nbecame\n%s", path, seed, text, cut)
			}
		}
		if edited < 40 {
			t.Errorf("%s: %d edits are too few to tell", path, edited)
		}
	}
}
