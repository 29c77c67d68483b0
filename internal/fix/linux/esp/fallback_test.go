package esp

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestFallbackLoader(t *testing.T) {
	t.Parallel()
	const (
		esp     = "/boot/efi/EFI/"
		systemd = "MZ #### LoaderInfo: systemd-boot 252 ####"
		gone    = "gone"
	)
	tests := map[string]struct {
		distro, arch, firmware string
		in                     map[string]string // below /boot/efi/EFI
		want                   map[string]string // what is new
		boot                   string            // file system of /boot; or nothing for ext4
		warnings               int
	}{
		"shim and GRUB": {
			distro: "debian", firmware: guest.FirmwareUEFI,
			in:   map[string]string{"debian/shimx64.efi": "MZshim", "debian/grubx64.efi": "MZgrub", "debian/mmx64.efi": "MZmm", "debian/fbx64.efi": "MZfb", "debian/grub.cfg": "configfile"},
			want: map[string]string{"BOOT/BOOTX64.EFI": "MZshim", "BOOT/grubx64.efi": "MZgrub", "BOOT/mmx64.efi": "MZmm", "BOOT/grub.cfg": "set prefix=($root)/EFI/debian\nconfigfile $prefix/grub.cfg\n"},
		},
		"GRUB alone": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"debian/grubx64.efi": "MZgrub"},
			want:     map[string]string{"BOOT/BOOTX64.EFI": "MZgrub"},
		},
		"systemd-boot": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"systemd/systemd-bootx64.efi": "MZsd", "Linux/x.efi": "MZuki"},
			want:     map[string]string{"BOOT/BOOTX64.EFI": "MZsd"},
		},
		"own vendor first": {
			distro: "rhel", firmware: guest.FirmwareUEFI,
			in:   map[string]string{"centos/grubx64.efi": "MZcentos", "redhat/grubx64.efi": "MZredhat", "systemd/systemd-bootx64.efi": "MZsd"},
			want: map[string]string{"BOOT/BOOTX64.EFI": "MZredhat"},
		},
		"another case and directory": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"Boot/fbx64.efi": "MZfb", "UBUNTU/GRUBX64.EFI": "MZgrub"},
			want:     map[string]string{"Boot/BOOTX64.EFI": "MZgrub"},
		},
		"arm64": {
			arch: "aarch64", firmware: guest.FirmwareUEFI,
			in:   map[string]string{"debian/grubaa64.efi": "MZgrub", "debian/grubx64.efi": "MZno"},
			want: map[string]string{"BOOT/BOOTAA64.EFI": "MZgrub"},
		},
		"there already": {firmware: guest.FirmwareUEFI, in: map[string]string{"boot/bootx64.efi": "MZ", "debian/grubx64.efi": "MZgrub"}},
		"of no bytes": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"BOOT/BOOTX64.EFI": "", "debian/grubx64.efi": "MZgrub"},
			want:     map[string]string{"BOOT/BOOTX64.EFI": "MZgrub"},
		},
		"damaged, in another case": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"boot/bootx64.efi": "\x00\x00", "boot/grubx64.efi": "MZold", "debian/shimx64.efi": "MZshim", "debian/grubx64.efi": "MZgrub"},
			want:     map[string]string{"boot/bootx64.efi": "MZshim", "boot/grubx64.efi": "MZgrub"},
		},
		"damaged, and no other": {firmware: guest.FirmwareUEFI, in: map[string]string{"BOOT/BOOTX64.EFI": "", "debian/grub.cfg": "x"}, warnings: 1},
		"for another processor": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"BOOT/BOOTX64.EFI": program(pe.IMAGE_FILE_MACHINE_ARM64), "debian/grubx64.efi": "MZgrub"},
			want:     map[string]string{"BOOT/BOOTX64.EFI": "MZgrub"},
		},
		"for the guest's processor": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"BOOT/BOOTX64.EFI": program(pe.IMAGE_FILE_MACHINE_AMD64), "debian/grubx64.efi": "MZgrub"},
		},
		"a removable GRUB": {firmware: guest.FirmwareUEFI, in: map[string]string{"BOOT/BOOTX64.EFI": "MZremovable", "debian/grubx64.efi": "MZgrub", "../../grub/grub.cfg": "x"}},
		"Windows": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"BOOT/BOOTX64.EFI": "MZwindows", "Microsoft/Boot/bootmgfw.efi": "MZwindows", "debian/grubx64.efi": "MZgrub"},
			want:     map[string]string{"BOOT/BOOTX64.EFI": "MZgrub"},
		},
		"systemd-boot without entries": {
			firmware: guest.FirmwareUEFI,
			in: map[string]string{
				"BOOT/BOOTX64.EFI": systemd, "systemd/systemd-bootx64.efi": systemd, "debian/grubx64.efi": "MZgrub",
				"../loader/loader.conf": "timeout 3\n", "../../grub/grub.cfg": "x", "../../loader/entries/of-GRUB.conf": "linux /x\n",
			},
			want: map[string]string{"BOOT/BOOTX64.EFI": "MZgrub"},
		},
		"systemd-boot, alone": {firmware: guest.FirmwareUEFI, in: map[string]string{"BOOT/BOOTX64.EFI": systemd, "systemd/systemd-bootx64.efi": systemd, "../../grub/grub.cfg": "x"}},
		"systemd-boot, perhaps with entries where nothing is mounted": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"BOOT/BOOTX64.EFI": systemd, "debian/grubx64.efi": "MZgrub"},
		},
		"systemd-boot with entries": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"BOOT/BOOTX64.EFI": systemd, "debian/grubx64.efi": "MZgrub", "../../grub/grub.cfg": "x", "../loader/entries/m.conf": "linux /x\n"},
		},
		"systemd-boot with an image": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"BOOT/BOOTX64.EFI": systemd, "debian/grubx64.efi": "MZgrub", "../../grub/grub.cfg": "x", "Linux/m.efi": "MZ"},
		},
		"systemd-boot with entries on its own partition": {
			firmware: guest.FirmwareUEFI, boot: "vfat",
			in: map[string]string{"BOOT/BOOTX64.EFI": systemd, "debian/grubx64.efi": "MZgrub", "../../grub/grub.cfg": "x", "../../loader/entries/m.conf": "linux /x\n"},
		},
		"systemd-boot with a driver for the entries' file system": {
			firmware: guest.FirmwareUEFI,
			in: map[string]string{
				"BOOT/BOOTX64.EFI": systemd, "debian/grubx64.efi": "MZgrub", "../../grub/grub.cfg": "x",
				"../../loader/entries/m.conf": "linux /x\n", "systemd/drivers/ext4x64.efi": "MZ",
			},
		},
		"shim alone": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"BOOT/BOOTX64.EFI": "MZshim", "debian/shimx64.efi": "MZshim", "debian/grubx64.efi": "MZgrub", "debian/mmx64.efi": "MZmm"},
			want:     map[string]string{"BOOT/grubx64.efi": "MZgrub", "BOOT/mmx64.efi": "MZmm"},
		},
		"shim beside what is no program": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"BOOT/BOOTX64.EFI": "MZshim", "BOOT/grubx64.efi": "", "debian/shimx64.efi": "MZshim", "debian/grubx64.efi": "MZgrub"},
			want:     map[string]string{"BOOT/grubx64.efi": "MZgrub"},
		},
		"shim without any second stage": {
			firmware: guest.FirmwareUEFI, warnings: 1,
			in: map[string]string{"BOOT/BOOTX64.EFI": "MZshim", "debian/shimx64.efi": "MZshim"},
		},
		"shim of SUSE alone": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"boot/bootx64.efi": "MZshim", "opensuse/shim.efi": "MZshim", "opensuse/grub.efi": "MZgrub", "opensuse/MokManager.efi": "MZmm"},
			want:     map[string]string{"boot/grub.efi": "MZgrub", "boot/MokManager.efi": "MZmm"},
		},
		"shim of SUSE with its list": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"boot/bootx64.efi": "MZshim", "boot/fallback.efi": "MZfb", "opensuse/shim.efi": "MZshim", "opensuse/grub.efi": "MZgrub", "opensuse/boot.csv": "x"},
		},
		"shim with its second stage": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"BOOT/BOOTX64.EFI": "MZshim", "BOOT/grubx64.efi": "MZold", "debian/shimx64.efi": "MZshim", "debian/grubx64.efi": "MZgrub"},
		},
		"shim with its list": {
			firmware: guest.FirmwareUEFI,
			in: map[string]string{
				"BOOT/BOOTX64.EFI": "MZshim", "BOOT/fbx64.efi": "MZfb",
				"fedora/shimx64.efi": "MZshim", "fedora/grubx64.efi": "MZgrub", "fedora/BOOTX64.CSV": "x",
			},
		},
		"shim that looks for a list in vain": {
			firmware: guest.FirmwareUEFI,
			in: map[string]string{
				"BOOT/BOOTX64.EFI": "MZshim", "BOOT/fbx64.efi": "MZfb", "BOOT/grubx64.efi": "MZgrub",
				"fedora/shimx64.efi": "MZshim", "fedora/grubx64.efi": "MZgrub",
			},
			want: map[string]string{"BOOT/fbx64.efi": gone},
		},
		"no shim, and what looks for a list in vain": {
			firmware: guest.FirmwareUEFI,
			in:       map[string]string{"BOOT/fbx64.efi": "MZfb", "fedora/shimx64.efi": "MZshim", "fedora/grubx64.efi": "MZgrub"},
			want:     map[string]string{"BOOT/BOOTX64.EFI": "MZshim", "BOOT/fbx64.efi": gone, "BOOT/grubx64.efi": "MZgrub"},
		},
		"32-bit Linux by 64-bit firmware": {
			arch: "i686", firmware: guest.FirmwareUEFI,
			in:   map[string]string{"debian/grubx64.efi": "MZgrub", "debian/grubia32.efi": "MZno"},
			want: map[string]string{"BOOT/BOOTX64.EFI": "MZgrub"},
		},
		"32-bit Linux with a fallback loader of 64 bits": {
			arch: "i386", firmware: guest.FirmwareUEFI,
			in: map[string]string{"boot/bootx64.efi": "MZ", "debian/grubia32.efi": "MZno"},
		},
		"32-bit firmware": {
			arch: "i586", firmware: guest.FirmwareUEFI, warnings: 1,
			in:   map[string]string{"debian/grubia32.efi": "MZgrub"},
			want: map[string]string{"BOOT/BOOTIA32.EFI": "MZgrub"},
		},
		"32-bit Linux without a loader": {arch: "i386", firmware: guest.FirmwareUEFI, in: map[string]string{"debian/grub.cfg": "x"}, warnings: 1},
		"32-bit firmware with its fallback loader": {
			arch: "i486", firmware: guest.FirmwareUEFI, warnings: 1,
			in: map[string]string{"BOOT/BOOTIA32.EFI": program(pe.IMAGE_FILE_MACHINE_I386)},
		},
		"BIOS":      {firmware: guest.FirmwareBIOS, in: map[string]string{"debian/grubx64.efi": "MZgrub"}},
		"no loader": {firmware: guest.FirmwareUEFI, in: map[string]string{"debian/grub.cfg": "x"}, warnings: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := map[string]string{"/etc/hostname": "x\n"}
			for file, text := range tt.in {
				before[path.Join(esp, file)] = text
			}
			want := map[string]string{}
			for file, text := range before {
				want[file] = text
			}
			for file, text := range tt.want {
				want[path.Join(esp, file)] = text
				if text == gone {
					delete(want, path.Join(esp, file))
				}
			}
			if tt.boot == "" {
				tt.boot = "ext4"
			}
			tree := guesttest.New(t, before)
			mounts := []guest.Mount{{Device: "/dev/sda1", Path: "/boot/efi", FSType: "vfat"}, {Device: "/dev/sda2", Path: "/boot", FSType: tt.boot}}
			e := edittest.New(t, edit.Guest{FS: tree, Mounts: mounts})
			if err := FixFallbackLoader(e, guest.OS{Distro: tt.distro, Arch: tt.arch}, tt.firmware); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, guesttest.Files(t, tree, "/var")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for file := range tt.want {
				old, replaced := tt.in[file]
				if kept, err := tree.ReadFile(path.Join(e.BackupDirectory(), esp, file)); replaced && (err != nil || string(kept) != old) {
					t.Errorf("the original of %s is %q, %v", file, kept, err)
				}
			}
			if changes, warnings := e.Take(); len(warnings) != tt.warnings || len(changes) != len(tt.want) {
				t.Errorf("warnings = %v, changes = %v", warnings, changes)
			}
		})
	}
}

// program is the beginning of an EFI program for a kind of processor.
func program(machine uint16) string {
	var out bytes.Buffer
	out.WriteString("MZ" + strings.Repeat("\x00", 0x3a) + "\x40\x00\x00\x00PE\x00\x00")
	_ = binary.Write(&out, binary.LittleEndian, pe.FileHeader{Machine: machine})
	return out.String() + strings.Repeat("\x00", 96) // so that there is what a reader looks into
}

func TestFallbackLoaderIsNoProgram(t *testing.T) {
	t.Parallel()
	e := edittest.New(t, edit.Guest{
		FS:     guesttest.New(t, map[string]string{"/efi/EFI/debian/grubx64.efi": "garbage"}),
		Mounts: []guest.Mount{{Device: "/dev/sda1", Path: "/efi", FSType: "vfat"}},
	})
	if err := FixFallbackLoader(e, guest.OS{}, guest.FirmwareUEFI); err == nil {
		t.Error("no error for a loader that is no EFI program")
	}
}

// TestFallbackLoaderAdvice: what cannot be copied is installed by its own means.
func TestFallbackLoaderAdvice(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		program, arch string
		mounts        []guest.Mount
		want          string // in the remedy
	}{
		"rEFInd":               {program: "refind/refind_x64.efi", want: "BOOTX64.EFI (rEFInd: refind-install"},
		"ELILO":                {program: "Slackware/elilo.efi", want: "BOOTX64.EFI (ELILO: elilo"},
		"Limine":               {program: "limine/LIMINE_X64.EFI", want: "BOOTX64.EFI (Limine: limine"},
		"32 bits":              {program: "debian/grubia32.efi", arch: "i386", want: "--target=x86_64-efi --removable"},
		"another":              {program: "vendor/own.efi", want: "BOOTX64.EFI: firmware"},
		"no partition":         {program: "refind/refind_x64.efi", mounts: []guest.Mount{{Device: "/dev/sda3", Path: "/"}}, want: "is on the migrated disks and in the guest's /etc/fstab"},
		"unknown architecture": {program: "refind/refind_x64.efi", arch: "loongarch64", want: "choose the loader by hand"},
	} {
		mounts := tt.mounts
		if mounts == nil {
			mounts = guesttest.BootMounts
		}
		e := edittest.New(t, edit.Guest{FS: guesttest.New(t, map[string]string{"/boot/efi/EFI/" + tt.program: "MZ"}), Mounts: mounts})
		if err := FixFallbackLoader(e, guest.OS{Arch: tt.arch}, guest.FirmwareUEFI); err != nil {
			t.Fatal(err)
		}
		if _, warnings := e.Take(); len(warnings) != 1 || !strings.Contains(warnings[0].Remedy, tt.want) {
			t.Errorf("%s: warnings = %v, want %q", name, warnings, tt.want)
		}
	}
}
