package bootloader

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/bootfile"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// staleTexts name the root of guesttest.BootDevices as the old machine did, once each.
var staleTexts = map[bootfile.Format]string{
	bootfile.GrubScript:      "menuentry 'x' {\n linux /vmlinuz-6.1 root=/dev/sda3 ro\n initrd /initrd.img-6.1\n}\n",
	bootfile.GrubEnvironment: padGrubenv(grubenvSignature + "kernelopts=root=/dev/sda3 ro\n"),
	bootfile.GrubDefaults:    "GRUB_CMDLINE_LINUX=\"root=/dev/sda3 ro\"\n",
	bootfile.GrubCustom:      "#!/bin/sh\nexec tail -n +3 $0\nmenuentry 'x' {\n linux /vmlinuz-6.1 root=/dev/sda3 ro\n initrd /initrd.img-6.1\n}\n",
	bootfile.GrubLegacy:      "default 0\ntitle x\n kernel /vmlinuz-6.1 root=/dev/sda3 ro\n initrd /initrd.img-6.1\n",
	bootfile.LoaderEntry:     "title x\nlinux /vmlinuz-6.1\ninitrd /initrd.img-6.1\noptions root=/dev/sda3 ro\n",
	bootfile.LoaderConf:      "default x.conf\n",
	bootfile.Syslinux:        "DEFAULT x\nLABEL x\n LINUX /vmlinuz-6.1\n APPEND root=/dev/sda3 ro\n INITRD /initrd.img-6.1\n",
	bootfile.RefindLinux:     "\"x\" \"root=/dev/sda3 ro\"\n",
	bootfile.Refind:          "menuentry \"x\" {\n loader /vmlinuz-6.1\n initrd /initrd.img-6.1\n options \"root=/dev/sda3 ro\"\n}\n",
	bootfile.Limine:          "timeout: 3\n/x\n protocol: linux\n path: boot():/vmlinuz-6.1\n cmdline: root=/dev/sda3 ro\n module_path: boot():/initrd.img-6.1\n",
	bootfile.Elilo:           "image=/vmlinuz-6.1\n label=x\n initrd=/initrd.img-6.1\n append=\"root=/dev/sda3 ro\"\n",
	bootfile.Lilo:            "boot=/dev/sda\nimage=/vmlinuz-6.1\n label=x\n initrd=/initrd.img-6.1\n root=/dev/sda3\n",
	bootfile.PerlBootloader:  "DEFAULT_APPEND=\"root=/dev/sda3 ro\"\n",
	bootfile.UpdateExtlinux:  "root=/dev/sda3\n",
	bootfile.Cmdline:         "root=/dev/sda3 ro\n",
}

// firmwareOf starts a file's loader.
func firmwareOf(name string) string {
	if strings.Contains(name, "/EFI/") || strings.Contains(name, "/efi") || strings.Contains(name, "refind") || strings.Contains(name, "/loader/entries/") {
		return guest.FirmwareUEFI
	}
	return guest.FirmwareBIOS
}

// TestEveryBootFileIsEdited: no stale name stays in a file of the table, each edit is
// one that Check agrees to, and every menu is one that the reader of menus reads.
func TestEveryBootFileIsEdited(t *testing.T) {
	t.Parallel()
	names := devname.New(guesttest.BootDevices, guesttest.BootMounts)
	for _, f := range bootfile.Files() {
		name := strings.ReplaceAll(f.Pattern, "*", "x")
		if first := f.Menus(); len(first) > 0 {
			name = strings.ReplaceAll(first[0], "*", "x")
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, known := staleTexts[f.Format]
			if _, edited := editors[f.Format]; !known || edited != (f.Unedited == "") {
				t.Fatalf("a %s has an editor: %v; unedited: %q; a text of this test: %v", f.Format, edited, f.Unedited, known)
			}
			set := map[string]string{name: text}
			for _, directory := range []string{"/", "/boot", "/boot/efi", path.Dir(name)} { // the tops of file systems, and where rEFInd looks
				set[path.Join(directory, "vmlinuz-6.1")], set[path.Join(directory, "initrd.img-6.1")] = "k", "i"
			}
			if firmwareOf(name) == guest.FirmwareUEFI {
				set["/boot/efi/EFI/BOOT/BOOTX64.EFI"], set["/efi/EFI/BOOT/BOOTX64.EFI"] = "MZ", "MZ"
			}
			mounts := slices.Clone(guesttest.BootMounts)
			if f.Format == bootfile.LoaderEntry { // which systemd-boot reads from FAT alone
				mounts[1].FSType = "vfat"
				if strings.HasPrefix(name, "/efi/") {
					mounts[2].Path = "/efi"
				}
			}
			e := edittest.New(t, edit.Guest{FS: guesttest.New(t, set), Mounts: mounts})
			c := NewConfiguration(e, names, firmwareOf(name))
			if err := c.Fix(); err != nil {
				t.Fatal(err)
			}
			got, _, err := e.Read(name)
			if err != nil {
				t.Fatal(err)
			}
			if f.Unedited == "" && (!strings.Contains(got, "root-uuid") || strings.Contains(got, "/dev/sda")) {
				t.Errorf("it is now\n%s", got)
			}
			if _, warnings := e.Take(); len(warnings) > 0 {
				t.Errorf("warnings %q", warnings)
			}
			if !f.StartsKernels || len(f.Menus()) == 0 {
				return
			}
			menus, err := menu.Read(e.Reader, guesttest.BootDevices, firmwareOf(name))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(menus, func(m menu.Menu) bool {
				return m.Reads(name) && len(m.Entries) == 1 && slices.ContainsFunc(m.Entries[0].Parameters, func(p string) bool { return strings.HasPrefix(p, "root=") })
			}) {
				t.Errorf("its menu is not read: %+v", menus)
			}
			if f.Unedited != "" {
				return
			}
			needsOldDisk, err := verify(c)
			if err != nil {
				t.Error(err)
			}
			if _, warnings := e.Take(); len(warnings) > 0 || needsOldDisk {
				t.Errorf("it needs the old disk: %v; warnings %q", needsOldDisk, warnings)
			}
		})
	}
}

// readRecorder notes the files that are read.
type readRecorder struct {
	guest.FS

	read map[string]bool
}

func (r readRecorder) ReadFile(name string) ([]byte, error) {
	r.read[name] = true
	return r.FS.ReadFile(name)
}

// TestEveryMenuIsInTheTable: of all files in the directories of boot loaders the reader
// of menus reads none that is not edited.
func TestEveryMenuIsInTheTable(t *testing.T) {
	t.Parallel()
	var directories, names []string
	for _, f := range bootfile.Files() {
		directory, name := path.Split(strings.ReplaceAll(f.Pattern, "*", "x"))
		if directories = append(directories, directory); f.AtBoot {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	read := 0
	for _, name := range slices.Compact(names) { // one at a time: a loader takes the first that is there
		set := map[string]string{}
		for _, directory := range directories {
			set[directory+name] = "x\n"
		}
		recorded := readRecorder{guesttest.New(t, set), map[string]bool{}}
		if _, err := menu.Read(edittest.New(t, edit.Guest{FS: recorded, Mounts: guesttest.BootMounts}).Reader, guesttest.BootDevices, ""); err != nil {
			t.Fatal(err)
		}
		for file := range recorded.read {
			read++
			if _, ok := bootfile.Of(file); !ok {
				t.Errorf("%s is read as a menu, and is not in the table of boot files", file)
			}
		}
	}
	if read < 30 {
		t.Errorf("the reader read %d files only", read)
	}
}
