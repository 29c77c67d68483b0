package testguest

// debian13XZModules has modules that its kernel package compressed.
func debian13XZModules() Recipe {
	r := debian12NoVirtio()
	r.Name = "debian13-bios-xz-modules"
	r.Description = "Debian 13, BIOS, MBR, ext4 by UUID, modules in `.ko.xz`, MODULES=list initramfs without virtio"
	r.Hostname = "app03"
	r.Bootstrap.Suite = Trixie
	r.Bootstrap.Commands = append([]string{"ls " + virtioModule + ".xz"}, vmwareInitramfs("list", "ext4")...)
	r.Files = ifupdownStatic("ens192", "192.0.2.19")
	return r
}

// debian12ZstdModules has modules compressed as Fedora, Arch and Ubuntu do, and
// processor microcode in an archive of its own in front of its initramfs.
func debian12ZstdModules() Recipe {
	r := debian12NoVirtio()
	r.Name = "debian12-bios-zst-modules"
	r.Description = "Debian 12, BIOS, MBR, ext4 by UUID, modules in `.ko.zst`, microcode in front of an initramfs without virtio"
	r.Hostname = "app04"
	r.Bootstrap.Commands = append([]string{
		"find /usr/lib/modules/*/kernel -name '*.ko' -exec zstd -q --rm {} +",
		"for version in $(ls /usr/lib/modules); do depmod $version; done",
		"ls " + virtioModule + ".zst",
		// Debian keeps microcode apart from its free packages. auto leaves it
		// out where the processor that builds the guest is another maker's.
		"echo 'deb " + mirror + " bookworm non-free-firmware' > /etc/apt/sources.list.d/firmware.list",
		"apt-get update",
		"echo AMD64UCODE_INITRAMFS=early > /etc/default/amd64-microcode",
		"apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold amd64-microcode",
		"rm /etc/apt/sources.list.d/firmware.list",
	}, vmwareInitramfs("list", "ext4")...)
	r.Bootstrap.Commands = append(r.Bootstrap.Commands,
		"for image in /boot/initrd.img-*; do cpio --quiet -t < $image | grep -x "+MicrocodeFile+"; done")
	r.Files = ifupdownStatic("ens192", "192.0.2.20")
	return r
}

const virtioModule = "/usr/lib/modules/*/kernel/drivers/block/virtio_blk.ko"

// MicrocodeFile is where the kernel looks for the microcode of AMD's processors,
// in the plain archive that an initramfs begins with.
const MicrocodeFile = "kernel/x86/microcode/AuthenticAMD.bin"
