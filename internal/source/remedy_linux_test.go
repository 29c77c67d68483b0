package source_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// TestCausesThatAreNoDamage are sources that cannot be used for a reason that
// is known. The error names it, and sends nobody to export the disk again who
// would get the same file.
func TestCausesThatAreNoDamage(t *testing.T) {
	t.Parallel()
	text := func(lines ...string) func(*testing.T, string, string) string {
		return func(t *testing.T, dir, _ string) string {
			t.Helper()
			return write(t, filepath.Join(dir, "web.vmdk"), descriptor(lines[0], 1, noParent, lines[1:]...))
		}
	}
	vsan := `RW 8192 VMFS "vsan://52a5b1c6-dbb5-4c1b-9a0a-25b8c1c6b5a1"`
	tests := map[string]struct {
		kind            string
		build           func(t *testing.T, dir, disk string) string
		failure, remedy string
	}{
		"vSAN": {source.TypeVMDK, text("vmfs", vsan), "object on vSAN (vsan://52a5b1c6", "export the virtual machine as OVA, or clone"},
		"vSAN, by the datastore's path": {
			source.TypeVMDK, text("vmfs", `RW 8192 VMFS "/vmfs/volumes/vsan:52e1f2d3/11aa/web.vmdk"`), "object on vSAN", "VMFS or NFS datastore",
		},
		"vSAN, of a type that is not read": {source.TypeVMDK, text("vsan", `RW 8192 VSAN "vsan://52a5b1c6"`), "object on vSAN", "as OVA"},
		"vVol":                             {source.TypeVMDK, text("vmfs", `RW 8192 VMFS "vvol://naa.600/rfc4122.1"`), "object on a vVol datastore", "as OVA"},
		"snapshot of an object": {source.TypeVMDK, func(t *testing.T, dir, _ string) string {
			t.Helper()
			return write(t, filepath.Join(dir, "web.vmdk"), descriptor("seSparse", 1, 2, `parentFileNameHint="vsan://52a5b1c6"`, `RW 8192 SESPARSE "web-sesparse.vmdk"`))
		}, "object on vSAN", "as OVA"},
		"raw device": {source.TypeVMDK, text("vmfsRawDeviceMap", `RW 8192 VMFSRDM "web-rdm.vmdk"`), "vmfsRawDeviceMap", "copy the device itself"},
		"encrypted by Workstation": {
			source.TypeVMDK, text("twoGbMaxExtentSparse", `encryptionKeys="vmware:key/list/(pair/(phrase))"`, `RW 8192 SPARSE "web-s001.vmdk"`), "is encrypted by VMware", "remove the encryption",
		},
		"encrypted by vSphere": {source.TypeVMDK, text("vmfs", `RW 8192 VMFS "web-flat.vmdk"`, `ddb.iofilters = "vmwarevmcrypt"`), "is encrypted by VMware", "remove the encryption"},
		"descriptor by hand":   {source.TypeVMDK, text("vmfs", "", `RW 8192 VMFS "web-flat.vmdk"`), "an extent behind an empty line", "correct that line"},
		"snapshot without its parent's name": {source.TypeVMDK, func(t *testing.T, dir, disk string) string {
			t.Helper()
			path := vmfsSparse(t, dir, disk)
			return patch(t, path, replace("parentFileNameHint=\"web.vmdk\"\n", ""))
		}, "does not name its parent", "parentFileNameHint"},
		"VHDX that nobody closed": {source.TypeVHDX, func(t *testing.T, dir, disk string) string {
			t.Helper()
			return patch(t, convert(t, disk, "vhdx", filepath.Join(dir, "web.vhdx")), withLog)
		}, "was not closed: its log holds writes", "qemu-img check -r all COPY"},
		"VHDX with sectors of 4096 bytes": {source.TypeVHDX, func(t *testing.T, dir, disk string) string {
			t.Helper()
			return patch(t, convert(t, disk, "vhdx", filepath.Join(dir, "web.vhdx")), func(data []byte) []byte {
				binary.LittleEndian.PutUint32(data[bytes.Index(data, []byte("metadata"))+65568:], 4096)
				return data
			})
		}, "logical sectors of 4096 bytes", "logical_block_size=4096"},
		"qcow2 that nobody closed": {source.TypeQCOW2, func(t *testing.T, dir, disk string) string {
			t.Helper()
			return patch(t, convert(t, disk, "qcow2", filepath.Join(dir, "web.qcow2"), "lazy_refcounts=on"), func(data []byte) []byte {
				data[79] |= 1 // dirty
				refcounts := binary.BigEndian.Uint64(data[48:])
				block := binary.BigEndian.Uint64(data[refcounts:])
				copy(data[block+4:], make([]byte, 64))
				return data
			})
		}, "was not closed: its counts of references are behind", "qemu-img check -r all COPY"},
		"qcow of QEMU 0.9": {source.TypeQCOW2, func(t *testing.T, dir, disk string) string {
			t.Helper()
			return convert(t, disk, "qcow", filepath.Join(dir, "web.qcow"))
		}, "version 1 of the qcow2 format", "qemu-img convert -f qcow"},
		"picture of a disk in place of a descriptor": {source.TypeOVF, func(t *testing.T, dir, _ string) string {
			t.Helper()
			path := write(t, filepath.Join(dir, "web.ovf"), []byte("<Envelope>"))
			if err := os.Truncate(path, 9<<20); err != nil {
				t.Fatal(err)
			}
			return path
		}, "no OVF descriptor has more than", "a small text file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := source.Request{Type: test.kind, Path: test.build(t, t.TempDir(), newDisk(t)), WorkDir: t.TempDir()}
			_, err := source.Open(t.Context(), request)
			requireWords(t, err, test.failure, test.remedy)
			if err != nil && strings.Contains(err.Error(), "damaged") {
				t.Errorf("it is called damaged: %v", err)
			}
			if _, glanced := source.Glance(t.Context(), request); fmt.Sprint(glanced) != fmt.Sprint(err) {
				t.Errorf("a glance says %v, want %v", glanced, err)
			}
		})
	}
}

// withLog leaves an entry in a VHDX's log that was not replayed.
func withLog(data []byte) []byte {
	id := []byte("an id of the log")
	newest := 64 << 10
	if other := newest + 64<<10; binary.LittleEndian.Uint64(data[other+8:]) > binary.LittleEndian.Uint64(data[newest+8:]) {
		newest = other
	}
	seal := func(block []byte) {
		clear(block[4:8])
		binary.LittleEndian.PutUint32(block[4:], crc32.Checksum(block, crc32.MakeTable(crc32.Castagnoli)))
	}
	header := data[newest : newest+4096]
	copy(header[48:], id)
	seal(header)
	entry := data[binary.LittleEndian.Uint64(header[72:]):][:4096]
	clear(entry)
	copy(entry, "loge")
	binary.LittleEndian.PutUint32(entry[8:], 4096)
	binary.LittleEndian.PutUint64(entry[16:], 1)
	copy(entry[32:], id)
	binary.LittleEndian.PutUint64(entry[48:], uint64(len(data)))
	binary.LittleEndian.PutUint64(entry[56:], uint64(len(data)))
	seal(entry)
	return data
}

// What is damaged beyond doubt may be called so, with the way to make sure.
func TestProvenDamage(t *testing.T) {
	t.Parallel()
	path := truncateTo(t, convert(t, newDisk(t), "qcow2", filepath.Join(t.TempDir(), "web.qcow2")), 0.7)
	_, err := source.Open(t.Context(), source.Request{Type: source.TypeQCOW2, Path: path, WorkDir: t.TempDir()})
	requireWords(t, err, "is damaged or incomplete", "compare its size and checksum with the original's")
}
