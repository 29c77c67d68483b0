package testguest

import (
	"fmt"
	"strings"
)

// consoles keeps the guest's screen and adds the serial port that tests read.
const consoles = "console=tty0 console=ttyS0,115200n8"

// setupScript returns the shell script (run with -eux) that turns the unpacked
// tree into a bootable guest and then into one that VMware would have left.
func setupScript(r Recipe) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }

	line("export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive")
	line("echo root:%s | chpasswd", RootPassword)
	line("systemctl enable %s", probeUnitName)
	switch r.loader() {
	case GRUB:
		grubSetup(line, r)
	case SystemdBoot:
		systemdBootSetup(line)
	}
	for _, c := range r.Commands {
		line("%s", c)
	}
	return b.String()
}

func grubSetup(line func(string, ...any), r Recipe) {
	switch r.Firmware {
	case UEFI:
		// Without --removable and NVRAM variables: as on VMware, where the
		// firmware's variables, which no disk image carries, name the loader.
		line("grub-install --target=x86_64-efi --efi-directory=/boot/efi --bootloader-id=debian --no-nvram")
	default:
		for i, disk := range r.Layout.Disks {
			if disk.starts() {
				line("grub-install --target=i386-pc --no-floppy %s", applianceDisk(i))
			}
		}
	}
	line("rm -f /boot/grub/device.map")
	line("grub-mkconfig -o /boot/grub/grub.cfg")
	// grub-mkconfig sees the appliance's device names: put the guest's there.
	root := r.kernelRoot()
	line(`sed -i -E 's#^([[:space:]]*linux[[:space:]].*[[:space:]])root=[^[:space:]]+#\1root=%s#' /boot/grub/grub.cfg`, root)
	line(`grep -q '[[:space:]]root=%s[[:space:]]' /boot/grub/grub.cfg`, root)
}

// systemdBootSetup writes what kernel-install would: kernel and initramfs of
// every version in /boot copied to the ESP, one entry for each.
func systemdBootSetup(line func(string, ...any)) {
	line("bootctl install --no-variables --esp-path=/boot/efi --make-entry-directory=no")
	line("mkdir -p /boot/efi/loader/entries")
	line("printf 'timeout 1\\nconsole-mode keep\\n' > /boot/efi/loader/loader.conf")
	line("id=$(cat /etc/machine-id)")
	line("for kernel in /boot/vmlinuz-*; do")
	line("  version=${kernel#/boot/vmlinuz-}")
	line("  mkdir -p /boot/efi/$id/$version")
	line("  cp $kernel /boot/efi/$id/$version/linux")
	line("  cp /boot/initrd.img-$version /boot/efi/$id/$version/initrd.img-$version")
	line("  { echo 'title      Debian GNU/Linux'")
	line("    echo \"version    $version\"")
	line("    echo \"machine-id $id\"")
	line("    echo \"sort-key   debian\"")
	line("    echo \"options    $(cat /etc/kernel/cmdline)\"")
	line("    echo \"linux      /$id/$version/linux\"")
	line("    echo \"initrd     /$id/$version/initrd.img-$version\"")
	line("  } > /boot/efi/loader/entries/$id-$version.conf")
	line("done")
}

// kernelCommandLine is root= and all else, as written to /etc/kernel/cmdline.
func (r Recipe) kernelCommandLine() string {
	return strings.Join(strings.Fields("root="+r.kernelRoot()+" ro "+r.KernelOptions+" "+consoles), " ")
}

// grubDefault returns /etc/default/grub.
func (r Recipe) grubDefault() string {
	var b strings.Builder
	b.WriteString("# If you change this file, run 'update-grub' afterwards to update\n# /boot/grub/grub.cfg.\n\n")
	b.WriteString("GRUB_DEFAULT=0\nGRUB_TIMEOUT=1\n")
	b.WriteString("GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`\n")
	b.WriteString("GRUB_CMDLINE_LINUX_DEFAULT=\"\"\n")
	fmt.Fprintf(&b, "GRUB_CMDLINE_LINUX=%q\n", strings.TrimSpace(r.KernelOptions+" "+consoles))
	for _, l := range r.GRUBDefaults {
		b.WriteString(l + "\n")
	}
	return b.String()
}
