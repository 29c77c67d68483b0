#!/bin/sh
# Makes the file systems that the tests read, each as the sectors of it that are
# not empty: "offset length" in decimal and a newline before each run of them, all
# compressed by gzip. It needs root, loop devices, e2fsprogs, xfsprogs, dosfstools,
# mtools and ntfs-3g.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir -p tree/many/deep mnt
for i in $(seq 200); do echo "$i" >"tree/many/a-name-that-is-long-for-file-$i.txt"; done
echo lower >tree/lower.txt
echo upper >tree/UPPER.TXT
python3 -c 'import sys; sys.stdout.buffer.write(b"".join(b"%07d\n" % i for i in range(6000)))' >tree/big

pack() {
	python3 - "$1" "$here/$2.gz" <<'PACK'
import gzip, sys
out, start, run, at = gzip.GzipFile(sys.argv[2], "wb", mtime=0), 0, b"", 0
def flush():
    if run:
        out.write(b"%d %d\n" % (start, len(run)) + run)
with open(sys.argv[1], "rb") as image:
    while sector := image.read(512):
        if sector.strip(b"\0"):
            if not run:
                start = at
            run += sector
        else:
            flush()
            run = b""
        at += len(sector)
flush()
out.write(b"%d 0\n" % at)
out.close()
PACK
}

# fill copies the tree by a mount, and adds what only that can.
fill() {
	loop=$(losetup -f --show "$1")
	mount "$loop" mnt
	cp -r tree/. mnt
	ln -s many/deep mnt/link
	ln -s /lower.txt mnt/absolute
	ln -s "$(printf '/x%.0s' $(seq 200))" mnt/long
	ln -s loop mnt/loop
	chown 70000:80000 mnt/lower.txt
	chmod 4750 mnt/lower.txt
	python3 - <<'FILL'
import os
with open("mnt/fragments", "wb") as f:
    for i in range(120):
        f.seek(i * 8192)
        f.write(bytes([i]) * 100)
        f.flush()
        os.fsync(f.fileno())
with open("mnt/sparse", "wb") as f:
    f.seek(20 << 20)
    f.write(b"end")
f = os.open("mnt/reserved", os.O_CREAT | os.O_RDWR)
os.posix_fallocate(f, 0, 100000)
os.write(f, b"written")
os.close(f)
FILL
	umount mnt
	losetup -d "$loop"
}

for kind in ext2 ext3 ext4; do
	rm -f image
	truncate -s 24M image
	mke2fs -q -t $kind -b 1024 -U 11111111-2222-3333-4444-555555555555 -L label image
	fill image
	pack image $kind
done
rm -f image
truncate -s 24M image
mke2fs -q -t ext4 -b 1024 -g 1024 -O meta_bg,^resize_inode image
fill image
pack image ext4-meta-bg
rm -f image
truncate -s 24M image
mke2fs -q -t ext4 image
fill image
debugfs -w -R "feature needs_recovery" image 2>/dev/null
pack image ext4-dirty

rm -f image
truncate -s 300M image
mkfs.xfs -q -m uuid=11111111-2222-3333-4444-555555555555 -L label image
fill image
pack image xfs
loop=$(losetup -f --show image)
mount "$loop" mnt
echo more >mnt/more
sync -f mnt
dd if="$loop" of=copy bs=1M conv=sparse status=none
umount mnt
losetup -d "$loop"
pack copy xfs-dirty
rm -f image
truncate -s 300M image
{
	echo boot
	echo 0 0
	echo d--755 0 0
	echo "lower.txt ---644 0 0 $work/tree/lower.txt"
	echo "big ---644 0 0 $work/tree/big"
	echo "link l--777 0 0 many/deep"
	echo "many d--755 0 0"
	for f in tree/many/*.txt; do echo "${f##*/} ---644 0 0 $work/$f"; done
	echo "deep d--755 0 0"
	echo '$'
	echo '$'
	echo '$'
} >proto
mkfs.xfs -q -m crc=0 -n ftype=0 -i size=256 -p proto image 2>/dev/null
pack image xfs-version4

for bits in 12 16 32; do
	rm -f image
	truncate -s $((bits * bits / 4))M image
	mkfs.vfat -F $bits -i 12ABCDEF -n LABEL image >/dev/null
	mcopy -s -i image tree/* ::
	pack image vfat$bits
done

rm -f image
truncate -s 8M image
mkntfs -Q -F -q -c 4096 -L label image
ntfs-3g image mnt
cp -r tree/. mnt
mkdir mnt/Windows
echo in >mnt/Windows/File.txt
python3 - <<'FILL'
with open("mnt/sparse", "wb") as f:
    f.seek(20 << 20)
    f.write(b"end")
FILL
umount mnt
pack image ntfs
