#!/bin/sh
# Makes the disk that the tests read, as internal/blockfs/testdata/make.sh makes
# file systems: a small Debian with /boot on a partition of its own. It needs
# e2fsprogs, util-linux, gcc and cpio. And the volume of a Windows.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
pack() {
python3 - "$1" "$2" <<'PACK'
import gzip, sys
out = gzip.GzipFile(sys.argv[2], "wb", mtime=0)
data = open(sys.argv[1], "rb").read()
for at in range(0, len(data), 512):
    sector = data[at:at + 512]
    if sector.strip(b"\0"):
        out.write(b"%d 512\n" % at + sector)
out.write(b"%d 0\n" % len(data))
out.close()
PACK
}

version=6.1.0-9-amd64
mkdir -p root/etc root/boot root/usr/bin root/usr/lib/modules/$version root/usr/lib/x86_64 boot/grub early
ln -s usr/bin root/bin
ln -s usr/lib root/lib
ln -s ../usr/lib/os-release root/etc/os-release
cat >root/usr/lib/os-release <<'TEXT'
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
VERSION_ID="12"
ID=debian
TEXT
echo 12.9 >root/etc/debian_version
echo web1 >root/etc/hostname
cat >root/etc/fstab <<'TEXT'
UUID=11111111-0000-0000-0000-000000000002 / ext4 defaults 0 1
/dev/sda1 /boot ext2 defaults 0 2
/swapfile none swap sw 0 0
TEXT
echo 'int main(void) { return 0; }' | gcc -Os -nostartfiles -Wl,--entry=main -s -x c -o root/usr/bin/bash -
touch root/usr/lib/modules/$version/modules.builtin boot/vmlinuz-$version
for driver in virtio_pci virtio_blk virtio_scsi virtio_net sd_mod; do
	echo "kernel/drivers/$driver.ko:" >>root/usr/lib/modules/$version/modules.dep
done
mkdir -p early/lib/modules/$version/kernel/drivers early/scripts early/conf
cp root/usr/lib/modules/$version/modules.dep early/lib/modules/$version/
for driver in virtio_pci virtio_blk virtio_net; do : >early/lib/modules/$version/kernel/drivers/$driver.ko; done
(cd early && find . | sort | cpio -o -H newc --quiet) | gzip -n >boot/initrd.img-$version
python3 -c 'import sys; sys.stdout.buffer.write(bytes(4086) + b"SWAPSPACE2" + bytes(4096))' >root/swapfile
echo set timeout=5 >boot/grub/grub.cfg

truncate -s 8M disk
printf 'label: dos\nlabel-id: 0x12345678\nstart=2048, size=4096, type=83, bootable\nstart=6144, size=8192, type=83\n' | sfdisk -q disk
mke2fs -q -t ext2 -d boot -U 11111111-0000-0000-0000-000000000001 -E offset=1048576 disk 2048k
mke2fs -q -t ext4 -O ^has_journal -d root -U 11111111-0000-0000-0000-000000000002 -E offset=3145728 disk 4096k
pack disk "$here/debian.gz"

# The volume of a Windows, whose files the tests fill: each has the same letter all
# over. It needs root and ntfs-3g.
mkdir mnt
truncate -s 8M windows
mkntfs -Q -F -q -c 4096 windows
ntfs-3g windows mnt
mkdir -p mnt/Windows/System32/config
letters() { head -c "$1" /dev/zero | tr '\0' "$2"; }
letters 4096 C >mnt/Windows/System32/cmd.exe
letters 16384 Y >mnt/Windows/System32/config/SYSTEM
letters 16384 S >mnt/Windows/System32/config/SOFTWARE
letters 4096 H >mnt/hiberfil.sys
umount mnt
pack windows "$here/windows.gz"
