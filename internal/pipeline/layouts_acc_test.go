package pipeline_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const (
	phonyKernel = "6.1.0-1-amd64"
	rootUUID    = "11111111-2222-4333-8444-000000000001"
	bootUUID    = "11111111-2222-4333-8444-000000000002"
	dataUUID    = "11111111-2222-4333-8444-000000000003"
)

// phonyTree is the smallest tree that is taken for a Debian, with a kernel that
// has every driver built in. It proves edits, not boots.
func phonyTree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	var builtin strings.Builder
	for _, driver := range []string{
		"virtio/virtio_pci", "block/virtio_blk", "scsi/virtio_scsi", "net/virtio_net", "scsi/sd_mod", "md/dm-mod",
	} {
		fmt.Fprintf(&builtin, "kernel/drivers/%s.ko\n", driver)
	}
	modules := "usr/lib/modules/" + phonyKernel + "/"
	all := map[string]string{
		"etc/hostname": "host1\n", "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/group": "root:x:0:\n", "etc/shadow": "",
		"etc/os-release": "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n", "etc/debian_version": "12.5\n",
		"var/lib/dpkg/status": "", "usr/lib/systemd/libsystemd-shared-252.so": "", "usr/sbin/x": "", "boot/.x": "", "srv/.x": "",
		modules + "modules.builtin": builtin.String() + "kernel/fs/ext4/ext4.ko\n", modules + "modules.dep": "", modules + "modules.alias": "",
		modules + "modules.symbols": "",
	}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		place(t, filepath.Join(root, name), text)
	}
	for _, name := range []string{"proc", "sys", "dev", "run", "tmp", "usr/bin", "usr/lib/udev"} {
		if err := os.MkdirAll(filepath.Join(root, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// place writes a file and the directories above it.
func place(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, path, text)
}

// bootFilesOf are a kernel, its initramfs and a menu, below a directory.
func bootFilesOf(t *testing.T, directory, device string) map[string]string {
	t.Helper()
	var initrd bytes.Buffer
	w := cpio.NewWriter(&initrd)
	for _, name := range []string{"conf", "scripts", "lib/modules/" + phonyKernel} {
		if err := w.WriteHeader(&cpio.Header{Name: name, Mode: cpio.TypeDir | 0o755}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"init", "conf/initramfs.conf", "scripts/functions"} {
		if err := w.WriteHeader(&cpio.Header{Name: name, Mode: cpio.TypeReg | 0o755}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := "/" + directory
	menu := fmt.Sprintf("set default=0\nmenuentry \"Debian\" {\n linux %svmlinuz-%[2]s root=%[3]s ro\n initrd %[1]sinitrd.img-%[2]s\n}\n", path, phonyKernel, device)
	return map[string]string{
		directory + "vmlinuz-" + phonyKernel: "kernel", directory + "initrd.img-" + phonyKernel: initrd.String(), directory + "grub/grub.cfg": menu,
	}
}

// makeExt puts a file system with a tree into a disk.
func makeExt(t *testing.T, disk, tree, uuid string, offset, size int64) {
	t.Helper()
	run(t, ".", "mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-U", uuid, "-E", fmt.Sprintf("offset=%d,root_owner=0:0", offset),
		"-d", tree, disk, fmt.Sprint(size>>10, "k"))
}

// diskOf makes a raw disk with an MBR whose partitions lie one after another,
// of so many MiB each.
func diskOf(t *testing.T, partitions ...int64) string {
	t.Helper()
	sector := make([]byte, 512)
	binary.LittleEndian.PutUint32(sector[440:], 0xcafe0001)
	sector[510], sector[511] = 0x55, 0xaa
	end := int64(1)
	for n, size := range partitions {
		entry := sector[446+16*n:]
		entry[4] = 0x83
		binary.LittleEndian.PutUint32(entry[8:], uint32(end*2048))
		binary.LittleEndian.PutUint32(entry[12:], uint32(size*2048))
		end += size
	}
	path := filepath.Join(t.TempDir(), "disk.img")
	write(t, path, string(sector))
	if err := os.Truncate(path, end<<20); err != nil {
		t.Fatal(err)
	}
	return path
}

// diskOf4096 makes a raw disk with a GPT in sectors of 4096 bytes and one
// partition from 1 MiB on.
func diskOf4096(t *testing.T, size int64) string {
	t.Helper()
	const sector = 4096
	last := uint64(size/sector) - 1
	entries := make([]byte, 128*128)
	copy(entries, "\xaf\x3d\xc6\x0f\x83\x84\x72\x47\x8e\x79\x3d\x69\xd8\x47\x7d\xe4an id of its own")
	binary.LittleEndian.PutUint64(entries[32:], 256)
	binary.LittleEndian.PutUint64(entries[40:], last-40)
	header := func(here, other, table uint64) []byte {
		h := make([]byte, 92)
		copy(h, "EFI PART\x00\x00\x01\x00")
		binary.LittleEndian.PutUint32(h[12:], 92)
		for offset, value := range map[int]uint64{24: here, 32: other, 40: 6, 48: last - 5, 72: table} {
			binary.LittleEndian.PutUint64(h[offset:], value)
		}
		copy(h[56:], "an id of a disk!")
		binary.LittleEndian.PutUint32(h[80:], 128)
		binary.LittleEndian.PutUint32(h[84:], 128)
		binary.LittleEndian.PutUint32(h[88:], crc32.ChecksumIEEE(entries))
		binary.LittleEndian.PutUint32(h[16:], crc32.ChecksumIEEE(h))
		return h
	}
	disk := make([]byte, size)
	copy(disk[446:], "\x00\x00\x02\x00\xee\xff\xff\xff\x01\x00\x00\x00\xff\xff\xff\xff")
	disk[510], disk[511] = 0x55, 0xaa
	copy(disk[sector:], header(1, last, 2))
	copy(disk[2*sector:], entries)
	copy(disk[(last-4)*sector:], entries)
	copy(disk[last*sector:], header(last, 1, last-4))
	path := filepath.Join(t.TempDir(), "disk.img")
	write(t, path, string(disk))
	return path
}

// TestAccLayouts fixes guests whose disks are laid out in ways that names and
// numbers do not tell at first sight.
func TestAccLayouts(t *testing.T) {
	t.Parallel()
	requireFullMatrix(t)
	const (
		a = "/dev/disk/by-id/scsi-36000c29a0000000000000000000000aa"
		b = "/dev/disk/by-id/scsi-36000c29b0000000000000000000000bb"
	)
	merged := func(files ...map[string]string) map[string]string {
		all := map[string]string{}
		for _, some := range files {
			for name, text := range some {
				all[name] = text
			}
		}
		return all
	}
	tests := map[string]struct {
		make func(t *testing.T) (path string, kind manifest.SourceType)
		// changes are what is in the differences of files, by their paths.
		changes map[string][]string
		warning string
		// remedy is a part of that of the warning.
		remedy string
	}{
		"sectors of 4096 bytes": {
			make: func(t *testing.T) (string, manifest.SourceType) {
				const size = 128 << 20
				disk := diskOf4096(t, size)
				makeExt(t, disk, phonyTree(t, merged(bootFilesOf(t, "boot/", "/dev/sda1"), map[string]string{"etc/fstab": "/dev/sda1 / ext4 defaults 0 1\n"})),
					rootUUID, 1<<20, 96<<20)
				return disk, manifest.SourceRaw
			},
			changes: map[string][]string{"/etc/fstab": {"+UUID=" + rootUUID + " / ext4"}},
			warning: "has sectors of 4096 bytes", remedy: "logical_block_size=4096",
		},
		"file system on the whole disk, with a boot sector": {
			make: func(t *testing.T) (string, manifest.SourceType) {
				path := filepath.Join(t.TempDir(), "disk.img")
				write(t, path, "")
				if err := os.Truncate(path, 96<<20); err != nil {
					t.Fatal(err)
				}
				makeExt(t, path, phonyTree(t, merged(bootFilesOf(t, "boot/", "/dev/sda"), map[string]string{"etc/fstab": "/dev/sda / ext4 defaults 0 1\n"})),
					rootUUID, 0, 96<<20)
				disk, err := os.OpenFile(path, os.O_WRONLY, 0)
				if err != nil {
					t.Fatal(err)
				}
				for at, text := range map[int64]string{0: "\xeb\x63\x90GRUB ", 510: "\x55\xaa"} {
					if _, err := disk.WriteAt([]byte(text), at); err != nil {
						t.Fatal(err)
					}
				}
				if err := disk.Close(); err != nil {
					t.Fatal(err)
				}
				return path, manifest.SourceRaw
			},
			changes: map[string][]string{"/etc/fstab": {"+UUID=" + rootUUID + " / ext4"}, "/boot/grub/grub.cfg": {"root=UUID=" + rootUUID}},
		},
		"serial numbers of two disks": {
			make: func(t *testing.T) (string, manifest.SourceType) {
				boot, root := t.TempDir(), phonyTree(t, map[string]string{
					"etc/fstab": a + "-part2 / ext4 acl 1 1\n" + a + "-part1 /boot ext4 acl 1 2\n" + b + "-part1 /srv ext4 acl 1 2\n",
				})
				for name, text := range bootFilesOf(t, "", a+"-part2") {
					place(t, filepath.Join(boot, name), text)
				}
				first, second := diskOf(t, 32, 128), diskOf(t, 64)
				makeExt(t, first, boot, bootUUID, 1<<20, 32<<20)
				makeExt(t, first, root, rootUUID, 33<<20, 128<<20)
				makeExt(t, second, t.TempDir(), dataUUID, 1<<20, 64<<20)
				var disks []string
				for _, disk := range []string{second, first} {
					vmdk := filepath.Join(t.TempDir(), "disk.vmdk")
					qemuImg(t, "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", disk, vmdk)
					disks = append(disks, vmdk)
				}
				return makeOVA(t, packagedMachine{name: "sles", disks: disks}), manifest.SourceOVA
			},
			changes: map[string][]string{
				"/etc/fstab":          {"+UUID=" + rootUUID + " / ext4", "+UUID=" + bootUUID + " /boot", "+UUID=" + dataUUID + " /srv"},
				"/boot/grub/grub.cfg": {"root=UUID=" + rootUUID},
			},
		},
		"multipath over one disk": {
			make: func(t *testing.T) (string, manifest.SourceType) {
				boot, root := t.TempDir(), phonyTree(t, map[string]string{
					"etc/fstab": "UUID=" + rootUUID + " / ext4 defaults 0 1\n/dev/mapper/mpatha1 /boot ext4 defaults 0 2\n",
				})
				for name, text := range bootFilesOf(t, "", "UUID="+rootUUID) {
					place(t, filepath.Join(boot, name), text)
				}
				disk := diskOf(t, 32, 128)
				makeExt(t, disk, boot, bootUUID, 1<<20, 32<<20)
				makeExt(t, disk, root, rootUUID, 33<<20, 128<<20)
				return disk, manifest.SourceRaw
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path, kind := test.make(t)
			m := migration(path, t.TempDir())
			m.Source.Type, m.Options.DryRun, m.Pipeline.Inspect.CollectGuestInfo = kind, true, true
			r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
			if err != nil {
				t.Fatalf("%v\n%+v", err, r.Errors)
			}
			logStages(t, r)
			diffs := map[string]string{}
			for _, change := range resultOf[report.FixResult](t, r).Changes {
				diffs[change.Path] += change.Diff
			}
			for path, lines := range test.changes {
				for _, line := range lines {
					if !strings.Contains(diffs[path], line) {
						t.Errorf("%s has no %q in its difference:\n%s", path, line, diffs[path])
					}
				}
			}
			told := test.warning == ""
			for _, warning := range r.Warnings {
				told = told || strings.Contains(warning.Message, test.warning) && strings.Contains(warning.Remedy, test.remedy)
			}
			if !told {
				t.Errorf("no warning says %q: %+v", test.warning, r.Warnings)
			}
		})
	}
}
