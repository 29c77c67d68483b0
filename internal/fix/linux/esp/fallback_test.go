package esp

import (
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
	const esp = "/boot/efi/EFI/"
	tests := map[string]struct {
		distro, arch, firmware string
		in                     map[string]string // below /boot/efi/EFI
		want                   map[string]string // what is new
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
		"BIOS":          {firmware: guest.FirmwareBIOS, in: map[string]string{"debian/grubx64.efi": "MZgrub"}},
		"no loader":     {firmware: guest.FirmwareUEFI, in: map[string]string{"debian/grub.cfg": "x"}, warnings: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := map[string]string{"/etc/hostname": "x\n"}
			for file, text := range tt.in {
				before[esp+file] = text
			}
			want := map[string]string{}
			for file, text := range before {
				want[file] = text
			}
			for file, text := range tt.want {
				want[esp+file] = text
			}
			tree := guesttest.New(t, before)
			e := edittest.New(t, edit.Guest{FS: tree, Mounts: []guest.Mount{{Device: "/dev/sda1", Path: "/boot/efi", FSType: "vfat"}}})
			if err := FixFallbackLoader(e, guest.OS{Distro: tt.distro, Arch: tt.arch}, tt.firmware); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, guesttest.Files(t, tree)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if changes, warnings := e.Take(); len(warnings) != tt.warnings || len(changes) != len(tt.want) {
				t.Errorf("warnings = %v, changes = %v", warnings, changes)
			}
		})
	}
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
