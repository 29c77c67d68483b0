package source_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// TestDisks opens every kind of single disk and compares what QEMU reads with
// what was written.
func TestDisks(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	type build func(t *testing.T, dir, disk string) (path string)
	in := func(format, name string, options ...string) build {
		return func(t *testing.T, dir, disk string) string {
			return convert(t, disk, format, filepath.Join(dir, name), options...)
		}
	}
	tests := map[string]struct {
		kind   string
		build  build
		format string
		// warning has to be among the warnings.
		warning string
	}{
		"vmdk monolithicSparse":     {kind: source.TypeVMDK, build: in("vmdk", "a.vmdk"), format: "vmdk"},
		"vmdk zeroed grains":        {kind: source.TypeVMDK, build: in("vmdk", "a.vmdk", "zeroed_grain=on"), format: "vmdk"},
		"vmdk streamOptimized":      {kind: source.TypeVMDK, build: in("vmdk", "a.vmdk", "subformat=streamOptimized"), format: "vmdk"},
		"vmdk monolithicFlat":       {kind: source.TypeVMDK, build: in("vmdk", "a.vmdk", "subformat=monolithicFlat"), format: "vmdk"},
		"vmdk twoGbMaxExtentSparse": {kind: source.TypeVMDK, build: in("vmdk", "a.vmdk", "subformat=twoGbMaxExtentSparse"), format: "vmdk"},
		"vmdk twoGbMaxExtentFlat":   {kind: source.TypeVMDK, build: in("vmdk", "a.vmdk", "subformat=twoGbMaxExtentFlat"), format: "vmdk"},
		"vmdk footer at the end": {kind: source.TypeVMDK, format: "vmdk", build: func(t *testing.T, dir, disk string) string {
			return patch(t, in("vmdk", "a.vmdk", "subformat=streamOptimized")(t, dir, disk), withFooter)
		}},
		"vmdk streamOptimized as exporters describe it": {kind: source.TypeVMDK, format: "vmdk", build: func(t *testing.T, dir, disk string) string {
			path := in("vmdk", "a.vmdk", "subformat=streamOptimized")(t, dir, disk)
			return patch(t, path, replace("RW 8192 SPARSE \"", "RDONLY 1 SPARS \""))
		}},
		"vmdk vmfs": {kind: source.TypeVMDK, format: "vmdk", build: vmfs},
		"vmdk vmfs, named by its flat file": {kind: source.TypeVMDK, format: "vmdk", build: func(t *testing.T, dir, disk string) string {
			vmfs(t, dir, disk)
			return filepath.Join(dir, "web-flat.vmdk")
		}},
		"vmdk vmfs below a snapshot, named by its flat file": {kind: source.TypeVMDK, format: "vmdk", warning: "web-000001.vmdk lies beside web.vmdk", build: func(t *testing.T, dir, disk string) string {
			vmfs(t, dir, disk)
			write(t, filepath.Join(dir, "web-000001.vmdk"), nil)
			return filepath.Join(dir, "web-flat.vmdk")
		}},
		"vmdk of a snapshot below another, named by its delta": {kind: source.TypeVMDK, format: "vmdk", warning: "web-000002.vmdk lies beside web-000001.vmdk", build: func(t *testing.T, dir, disk string) string {
			vmfsSparse(t, dir, disk)
			write(t, filepath.Join(dir, "web-000002.vmdk"), nil)
			return filepath.Join(dir, "web-000001-delta.vmdk")
		}},
		"vmdk of a running machine, named by an extent": {kind: source.TypeVMDK, format: "vmdk", warning: "web.vmdk.lck says", build: func(t *testing.T, dir, disk string) string {
			write(t, filepath.Join(dir, "web.vmdk.lck", "M1.lck"), nil)
			in("vmdk", "web.vmdk", "subformat=twoGbMaxExtentSparse")(t, dir, disk)
			return filepath.Join(dir, "web-s001.vmdk")
		}},
		"vmdk flat file without descriptor": {
			kind: source.TypeVMDK, format: "raw", warning: "no descriptor",
			build: func(t *testing.T, dir, disk string) string {
				return write(t, filepath.Join(dir, "web-flat.vmdk"), read(t, disk))
			},
		},
		"vmdk vmfs, made larger since it was described": {
			kind: source.TypeVMDK, format: "vmdk", warning: "describes the first 4194304 bytes of web-flat.vmdk",
			build: func(t *testing.T, dir, disk string) string {
				path := vmfs(t, dir, disk)
				patch(t, filepath.Join(dir, "web-flat.vmdk"), func(data []byte) []byte { return append(data, data...) })
				return path
			},
		},
		"vmdk that nobody closed": {kind: source.TypeVMDK, format: "vmdk", warning: "a.vmdk was not closed", build: func(t *testing.T, dir, disk string) string {
			return patch(t, in("vmdk", "a.vmdk")(t, dir, disk), func(data []byte) []byte {
				data[72] = 1
				return data
			})
		}},
		"vmdk named by an extent": {kind: source.TypeVMDK, format: "vmdk", build: func(t *testing.T, dir, disk string) string {
			in("vmdk", "a.vmdk", "subformat=twoGbMaxExtentSparse")(t, dir, disk)
			return filepath.Join(dir, "a-s001.vmdk")
		}},
		"vmdk in three extents": {kind: source.TypeVMDK, format: "vmdk", build: splitFlat},
		"vmdk vmfsSparse snapshot": {kind: source.TypeVMDK, format: "vmdk", build: func(t *testing.T, dir, disk string) string {
			return vmfsSparse(t, dir, disk)
		}},
		"vmdk seSparse snapshot": {kind: source.TypeVMDK, format: "vmdk", build: func(t *testing.T, dir, disk string) string {
			return seSparse(t, dir, disk)
		}},
		"vmdk below a snapshot": {kind: source.TypeVMDK, format: "vmdk", warning: "web-000002.vmdk lies beside web-000001.vmdk", build: func(t *testing.T, dir, disk string) string {
			vmdkChain(t, dir, disk, 2)
			return convert(t, disk, "vmdk", filepath.Join(dir, "web-000001.vmdk"))
		}},
		"vmdk of a running machine": {kind: source.TypeVMDK, format: "vmdk", warning: "web.vmdk.lck says", build: func(t *testing.T, dir, disk string) string {
			write(t, filepath.Join(dir, "web.vmdk.lck", "M1.lck"), nil)
			write(t, filepath.Join(dir, "web2-000001.vmdk"), nil)
			return convert(t, disk, "vmdk", filepath.Join(dir, "web.vmdk"))
		}},
		"vmdk snapshot of a snapshot": {kind: source.TypeVMDK, format: "vmdk", build: func(t *testing.T, dir, disk string) string {
			return vmdkChain(t, dir, disk, 2)
		}},
		"vmdk whose name looks like a protocol": {kind: source.TypeVMDK, build: in("vmdk", "nbd+unix:a,b.vmdk"), format: "vmdk"},
		"vmdk behind a symbolic link": {kind: source.TypeVMDK, format: "vmdk", build: func(t *testing.T, dir, disk string) string {
			vmfs(t, dir, disk)
			link := filepath.Join(t.TempDir(), "link.vmdk")
			if err := os.Symlink(filepath.Join(dir, "web.vmdk"), link); err != nil {
				t.Fatal(err)
			}
			return link
		}},
		"vmdk that names a parent and has none": {kind: source.TypeVMDK, format: "vmdk", build: func(t *testing.T, dir, disk string) string {
			write(t, filepath.Join(dir, "other.vmdk"), []byte("trap"))
			return patch(t, in("vmdk", "a.vmdk")(t, dir, disk), func(data []byte) []byte {
				return insertText(data, "parentCID=ffffffff\n", "parentFileNameHint=\"other.vmdk\"\n")
			})
		}},
		"vhd dynamic": {kind: source.TypeVHD, build: in("vpc", "a.vhd"), format: "vpc"},
		"vhd fixed":   {kind: source.TypeVHD, build: in("vpc", "a.vhd", "subformat=fixed"), format: "vpc"},
		"vhdx below a checkpoint": {kind: source.TypeVHDX, format: "vhdx", warning: "web_0A1B.avhdx lies beside web.vhdx", build: func(t *testing.T, dir, disk string) string {
			write(t, filepath.Join(dir, "web_0A1B.avhdx"), nil)
			return convert(t, disk, "vhdx", filepath.Join(dir, "web.vhdx"))
		}},
		"vhd fixed of an exact size": {
			kind: source.TypeVHD, build: in("vpc", "a.vhd", "subformat=fixed", "force_size=on"), format: "vpc",
		},
		"vhd of a creator that QEMU measures by geometry": {kind: source.TypeVHD, format: "vpc", build: func(t *testing.T, dir, disk string) string {
			path := in("vpc", "a.vhd", "subformat=fixed", "force_size=on")(t, dir, disk)
			return patch(t, path, func(data []byte) []byte {
				copy(data[len(data)-512+28:], "vbox")
				binary.BigEndian.PutUint16(data[len(data)-512+56:], 50)
				sealVHD(data)
				return data
			})
		}},
		"vhd exported from Azure": {kind: source.TypeVHD, format: "vpc", build: func(t *testing.T, dir, disk string) string {
			path := in("vpc", "a.vhd", "subformat=fixed", "force_size=on")(t, dir, disk)
			return patch(t, path, func(data []byte) []byte {
				copy(data[len(data)-512+28:], "wa\x00\x00")
				binary.BigEndian.PutUint16(data[len(data)-512+56:], 50)
				sealVHD(data)
				return data
			})
		}},
		"vhd with a damaged copy of its footer": {kind: source.TypeVHD, format: "vpc", build: func(t *testing.T, dir, disk string) string {
			return patch(t, in("vpc", "a.vhd")(t, dir, disk), func(data []byte) []byte {
				data[len(data)-500]++
				return data
			})
		}},
		"vhd differencing": {kind: source.TypeVHD, format: "raw", warning: "differencing", build: func(t *testing.T, dir, disk string) string {
			return vhdChain(t, dir, disk, 1)
		}},
		"vhd differencing twice": {kind: source.TypeVHD, format: "raw", warning: "2 parents", build: func(t *testing.T, dir, disk string) string {
			return vhdChain(t, dir, disk, 2)
		}},
		"vhdx dynamic": {kind: source.TypeVHDX, build: in("vhdx", "a.vhdx"), format: "vhdx"},
		"vhdx fixed":   {kind: source.TypeVHDX, build: in("vhdx", "a.vhdx", "subformat=fixed"), format: "vhdx"},
		"qcow2":        {kind: source.TypeQCOW2, build: in("qcow2", "a.qcow2"), format: "qcow2"},
		"qcow2 old":    {kind: source.TypeQCOW2, build: in("qcow2", "a.qcow2", "compat=0.10"), format: "qcow2"},
		"qcow2 small clusters": {
			kind: source.TypeQCOW2, build: in("qcow2", "a.qcow2", "cluster_size=512"), format: "qcow2",
		},
		"qcow2 with a snapshot": {kind: source.TypeQCOW2, format: "qcow2", warning: "1 internal snapshot", build: func(t *testing.T, dir, disk string) string {
			path := in("qcow2", "a.qcow2")(t, dir, disk)
			qemuImg(t, "snapshot", "-c", "before", path)
			return path
		}},
		"qcow2 on qcow2 on raw": {kind: source.TypeQCOW2, format: "qcow2", build: func(t *testing.T, dir, disk string) string {
			write(t, filepath.Join(dir, "base.img"), read(t, disk))
			qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "base.img", filepath.Join(dir, "middle.qcow2"))
			top := filepath.Join(dir, "top.qcow2")
			qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", filepath.Join(dir, "middle.qcow2"), top)
			return top
		}},
		"qcow2 with a data file": {kind: source.TypeQCOW2, format: "qcow2", build: func(t *testing.T, dir, disk string) string {
			return in("qcow2", "a.qcow2", "data_file="+filepath.Join(dir, "a.data"), "data_file_raw=on")(t, dir, disk)
		}},
		"qcow2 with a data file that ends with its data": {kind: source.TypeQCOW2, format: "qcow2", build: func(t *testing.T, dir, disk string) string {
			data := read(t, disk)
			clear(data[3<<20:])
			write(t, disk, data)
			return in("qcow2", "a.qcow2", "data_file="+filepath.Join(dir, "a.data"))(t, dir, disk)
		}},
		"qcow2 without data and with an empty data file": {kind: source.TypeQCOW2, format: "qcow2", build: func(t *testing.T, dir, disk string) string {
			write(t, disk, make([]byte, diskSize))
			path := in("qcow2", "a.qcow2", "data_file="+filepath.Join(dir, "a.data"))(t, dir, disk)
			write(t, filepath.Join(dir, "a.data"), nil)
			return path
		}},
		"raw": {kind: source.TypeRaw, build: in("raw", "a.img"), format: "raw"},
		"raw that is the flat file below a snapshot": {kind: source.TypeRaw, format: "raw", warning: "web-000001.vmdk lies beside web.vmdk", build: func(t *testing.T, dir, disk string) string {
			vmfsSparse(t, dir, disk)
			return write(t, filepath.Join(dir, "web-flat.vmdk"), read(t, disk))
		}},
		"raw that ends like a VHD": {kind: source.TypeRaw, format: "raw", warning: "footer", build: func(t *testing.T, dir, disk string) string {
			return in("vpc", "a.vhd", "subformat=fixed", "force_size=on")(t, dir, disk)
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disk := newDisk(t)
			// What a migration leaves out of a raw file is judged by the reader.
			path := test.build(t, t.TempDir(), disk)
			s := open(t, source.Request{Type: test.kind, Path: path})
			if len(s.Disks) != 1 || s.Machine != nil {
				t.Fatalf("%+v", s)
			}
			if got := s.Disks[0]; got.Format != test.format || got.Image.Format != test.format {
				t.Errorf("format %s, image %+v", got.Format, got.Image)
			}
			if warnings := s.WarningText(); test.warning == "" && warnings != "" || !strings.Contains(warnings, test.warning) {
				t.Errorf("warnings %q, want %q", warnings, test.warning)
			}
			if name != "raw that ends like a VHD" {
				requireSame(t, s.Disks[0], disk)
			}
			if err := s.Verify(); err != nil {
				t.Error(err)
			}
		})
	}
}

// insertText puts a line behind another one of an embedded descriptor, into
// the room that is left for it.
func insertText(data []byte, after, line string) []byte {
	at := strings.Index(string(data), after) + len(after)
	end := at + strings.IndexByte(string(data[at:]), 0)
	copy(data[at+len(line):], data[at:end])
	copy(data[at:], line)
	return data
}

// withFooter turns a stream-optimised image as QEMU writes it into one as
// VMware does: the header at the beginning says only that another is at the end.
func withFooter(data []byte) []byte {
	footer := append([]byte(nil), data[:512]...)
	marker := make([]byte, 512)
	binary.LittleEndian.PutUint64(marker, 1)
	binary.LittleEndian.PutUint32(marker[12:], 3)
	for len(data)%512 != 0 {
		data = append(data, 0)
	}
	data = append(data, append(append(marker, footer...), make([]byte, 512)...)...)
	binary.LittleEndian.PutUint64(data[56:], ^uint64(0))
	return data
}

func descriptor(kind string, cid, parent uint32, lines ...string) []byte {
	return []byte(fmt.Sprintf("# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID=%08x\nparentCID=%08x\nisNativeSnapshot=\"no\"\ncreateType=%q\n\n# Extent description\n%s\n\n# The Disk Data Base\n#DDB\n\nddb.adapterType = \"lsilogic\"\n",
		cid, parent, kind, strings.Join(lines, "\n")))
}

const noParent = 0xffffffff

// vmfs writes a disk as ESXi keeps it.
func vmfs(t *testing.T, dir, disk string) string {
	t.Helper()
	write(t, filepath.Join(dir, "web-flat.vmdk"), read(t, disk))
	return write(t, filepath.Join(dir, "web.vmdk"), descriptor("vmfs", 0xfffffffe, noParent, fmt.Sprintf(`RW %d VMFS "web-flat.vmdk"`, diskSize/512)))
}

// splitFlat spreads a disk over three parts of two files, one in a folder.
func splitFlat(t *testing.T, dir, disk string) string {
	t.Helper()
	data := read(t, disk)
	const third = 1 << 20
	first := append(make([]byte, 1024), data[:third]...)
	write(t, filepath.Join(dir, "a one.vmdk"), append(first, data[2*third:]...))
	write(t, filepath.Join(dir, "parts/two.vmdk"), data[third:2*third])
	return write(t, filepath.Join(dir, "a.vmdk"), descriptor("twoGbMaxExtentFlat", 1, noParent,
		fmt.Sprintf(`RW %d FLAT "a one.vmdk" 2`, third/512),
		fmt.Sprintf(`RW %d FLAT "parts/two.vmdk" 0`, third/512),
		fmt.Sprintf(`RW %d FLAT "a one.vmdk" %d`, (diskSize-2*third)/512, 2+third/512)))
}

// vmfsSparse writes a disk as an ESXi snapshot: its first half in a delta, the
// rest in the base.
func vmfsSparse(t *testing.T, dir, disk string) string {
	t.Helper()
	data := read(t, disk)
	base := append(make([]byte, diskSize/2), data[diskSize/2:]...)
	write(t, filepath.Join(dir, "web-flat.vmdk"), base)
	write(t, filepath.Join(dir, "web.vmdk"), descriptor("vmfs", 0xabc, noParent, fmt.Sprintf(`RW %d VMFS "web-flat.vmdk"`, diskSize/512)))
	const tables = (diskSize/512 + 4095) / 4096
	delta := make([]byte, 4*512+tables*4096*4)
	copy(delta, "COWD")
	for n, word := range []uint32{1, 3, diskSize / 512, 1, 4, tables} {
		binary.LittleEndian.PutUint32(delta[4+4*n:], word)
	}
	delta = append(delta[:4*512], make([]byte, 512)...)
	for n := range tables {
		binary.LittleEndian.PutUint32(delta[4*512+4*n:], uint32(5+n*32))
	}
	delta = append(delta, make([]byte, tables*4096*4)...)
	for sector := range diskSize / 2 / 512 {
		binary.LittleEndian.PutUint32(delta[5*512+4*sector:], uint32(len(delta)/512))
		delta = append(delta, data[sector*512:][:512]...)
	}
	write(t, filepath.Join(dir, "web-000001-delta.vmdk"), delta)
	text := descriptor("vmfsSparse", 0xdef, 0xabc, fmt.Sprintf(`RW %d VMFSSPARSE "web-000001-delta.vmdk"`, diskSize/512))
	text = []byte(strings.Replace(string(text), "createType=\"vmfsSparse\"\n", "createType=\"vmfsSparse\"\nparentFileNameHint=\"web.vmdk\"\n", 1))
	return write(t, filepath.Join(dir, "web-000001.vmdk"), text)
}

// seSparse writes a disk as a snapshot of ESXi 6.5 and later: the first 4 KiB
// of each MiB in a space-efficient delta, the rest in the base.
func seSparse(t *testing.T, dir, disk string) string {
	t.Helper()
	data := read(t, disk)
	base := append([]byte(nil), data...)
	// Where things lie, in sectors.
	const directory, tables, grains = 4096, 4097, 4608
	file := make([]byte, grains*512)
	put := func(sector, index int, value uint64) { binary.LittleEndian.PutUint64(file[sector*512+8*index:], value) }
	for index, value := range []uint64{
		0xcafebabe, 0x0000000200000001, diskSize / 512, 8, 64, 0, 0, 0, 0, 0,
		1, 1, 2, 2, 2048, 2048, directory, 1, tables, 64, 4200, 1, 4300, 1, grains, diskSize / 512,
	} {
		put(0, index, value)
	}
	put(1, 0, 0xcafecafe)
	put(directory, 0, 0x1000000000000000)
	for index := range uint64(diskSize >> 20) {
		offset := int(index << 20)
		put(tables, offset/4096, 0x3000000000000000|index<<48)
		file = append(file, data[offset:offset+4096]...)
		clear(base[offset : offset+4096])
	}
	write(t, filepath.Join(dir, "web-flat.vmdk"), base)
	write(t, filepath.Join(dir, "web.vmdk"), descriptor("vmfs", 0xabc, noParent, fmt.Sprintf(`RW %d VMFS "web-flat.vmdk"`, diskSize/512)))
	write(t, filepath.Join(dir, "web-000001-sesparse.vmdk"), file)
	text := descriptor("seSparse", 0xdef, 0xabc, fmt.Sprintf(`RW %d SESPARSE "web-000001-sesparse.vmdk"`, diskSize/512))
	text = []byte(strings.Replace(string(text), "createType=\"seSparse\"\n", "createType=\"seSparse\"\nparentFileNameHint=\"web.vmdk\"\n", 1))
	return write(t, filepath.Join(dir, "web-000001.vmdk"), text)
}

// vmdkChain puts disk into a base and a number of snapshots of it.
func vmdkChain(t *testing.T, dir, disk string, snapshots int) string {
	t.Helper()
	older := disk
	for range snapshots {
		older = changedDisk(t, older)
	}
	below := convert(t, older, "vmdk", filepath.Join(dir, "web.vmdk"))
	for n := range snapshots {
		path := filepath.Join(dir, fmt.Sprintf("web-%06d.vmdk", n+1))
		qemuImg(t, "create", "-q", "-f", "vmdk", "-F", "vmdk", "-b", filepath.Base(below), path)
		content := disk
		if n < snapshots-1 {
			content = changedDisk(t, disk)
		}
		qemuImg(t, "convert", "-n", "-f", "raw", "-O", "vmdk", content, path)
		below = path
	}
	return below
}

// vhdChain puts disk into a base and a number of differencing images, each
// with some of the sectors.
func vhdChain(t *testing.T, dir, disk string, levels int) string {
	t.Helper()
	older := changedDisk(t, disk)
	below := convert(t, older, "vpc", filepath.Join(dir, "base.vhd"), "force_size=on")
	for n := range levels {
		content := disk
		if n < levels-1 {
			content = changedDisk(t, disk)
		}
		path := convert(t, content, "vpc", filepath.Join(dir, fmt.Sprintf("diff%d.vhd", n+1)), "force_size=on")
		parent := read(t, below)
		patch(t, path, func(data []byte) []byte {
			for _, footer := range [][]byte{data[:512], data[len(data)-512:]} {
				binary.BigEndian.PutUint32(footer[60:], 4)
				footer[83] = byte(n + 1)
			}
			header := data[512:1536]
			copy(header[40:56], parent[68:84])
			header[55] = parent[83]
			// A relative locator in the room between the table and the first block.
			name := []byte(nil)
			for _, unit := range utf16.Encode([]rune(`.\` + filepath.Base(below))) {
				name = binary.LittleEndian.AppendUint16(name, unit)
			}
			table := binary.BigEndian.Uint64(header[16:])
			end := len(data) - 512
			data = append(append(append([]byte(nil), data[:end]...), append(name, make([]byte, 512-len(name))...)...), data[end:]...)
			header = data[512:1536]
			copy(header[576:], "W2ru")
			binary.BigEndian.PutUint32(header[580:], 512)
			binary.BigEndian.PutUint32(header[584:], uint32(len(name)))
			binary.BigEndian.PutUint64(header[592:], uint64(end))
			// A block whose sectors are the parent's too need not be held.
			keepChanged(data, int(table), read(t, content), read(t, older))
			sealVHD(data)
			return data
		})
		below, older = path, content
	}
	return below
}

// keepChanged clears the bits and the data of all sectors that are the same in
// the parent.
func keepChanged(data []byte, table int, content, parent []byte) {
	const block = 2 << 20
	for n := range len(content) / block {
		sector := binary.BigEndian.Uint32(data[table+4*n:])
		if sector == 0xffffffff {
			continue
		}
		bitmap := data[sector*512 : sector*512+512]
		for s := range block / 512 {
			at := n*block + s*512
			if string(content[at:at+512]) == string(parent[at:at+512]) {
				bitmap[s/8] &^= 0x80 >> (s % 8)
				clear(data[int(sector)*512+512+s*512:][:512])
			}
		}
	}
}

func TestDeepChainNamesItselfToTheOverlay(t *testing.T) {
	t.Parallel()
	disk := newDisk(t)
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 20))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := open(t, source.Request{Type: source.TypeVMDK, Path: vmdkChain(t, dir, disk, 5)})
	if name, err := s.Disks[0].Image.Filename(); err != nil || len(name) < 1024 {
		t.Fatalf("the chain is described in %d bytes, %v", len(name), err)
	}
	requireSame(t, s.Disks[0], disk)
	if _, err := qemuimg.GetInfo(t.Context(), s.Disks[0].Image); err != nil {
		t.Error(err)
	}
}

// TestDeepChainThatMisleadsQEMU: a chain too deep to be described to QEMU is left to the
// names in its images only where these lead QEMU to what was examined.
func TestDeepChainThatMisleadsQEMU(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	for name, test := range map[string]struct {
		kind, extension string
		// spoil changes the parent that is named by hint, in a directory of its own.
		hint  func(other string, c canary) string
		spoil func(t *testing.T, parent string)
	}{
		"VMDK whose parent is elsewhere":        {kind: source.TypeVMDK, extension: ".vmdk", hint: func(_ string, c canary) string { return c.path }},
		"qcow2 whose backing file is elsewhere": {kind: source.TypeQCOW2, extension: ".qcow2", hint: func(_ string, c canary) string { return c.path }},
		"VMDK whose parent QEMU takes for raw": {
			kind: source.TypeVMDK, extension: ".vmdk", hint: func(other string, c canary) string { return filepath.Join(other, filepath.Base(c.path)) },
			spoil: func(t *testing.T, parent string) { patch(t, parent, replace("version=1\n", "")) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, other := newCanary(t), t.TempDir()
			dir := filepath.Join(t.TempDir(), strings.Repeat("long", 50))
			format := strings.TrimPrefix(test.extension, ".")
			// The bottom is found under the canary's name.
			bottom := filepath.Join(other, filepath.Base(c.path))
			if format == "vmdk" {
				write(t, filepath.Join(other, "web-flat.vmdk"), make([]byte, diskSize))
				write(t, bottom, descriptor("vmfs", 1, noParent, fmt.Sprintf(`RW %d VMFS "web-flat.vmdk"`, diskSize/512)))
			} else {
				qemuImg(t, "create", "-q", "-f", "qcow2", bottom, strconv.Itoa(diskSize))
			}
			below := test.hint(other, c)
			for n := range 6 {
				path := filepath.Join(dir, strconv.Itoa(n)+test.extension)
				write(t, path, nil)
				if format == "qcow2" {
					qemuImg(t, "create", "-q", "-u", "-f", format, "-F", format, "-b", below, path, strconv.Itoa(diskSize))
				} else {
					qemuImg(t, "create", "-q", "-f", format, path, strconv.Itoa(diskSize))
					patch(t, path, func(data []byte) []byte {
						parent := "00000001"
						if n > 0 {
							parent = string(between(t, read(t, filepath.Join(dir, below)), "CID=", "\n"))
						}
						data = insertText(data, "parentCID=ffffffff\n", "parentFileNameHint=\""+below+"\"\n")
						return bytes.Replace(data, []byte("parentCID=ffffffff"), []byte("parentCID="+parent), 1)
					})
				}
				below = filepath.Base(path)
			}
			if test.spoil != nil {
				test.spoil(t, bottom)
			}
			s := open(t, source.Request{Type: test.kind, Path: filepath.Join(dir, below), Directories: []string{other}})
			c.opened(t)
			err := qemuimg.CreateOverlay(t.Context(), filepath.Join(t.TempDir(), "overlay.qcow2"), s.Disks[0].Image, diskSize)
			if err == nil || !strings.Contains(err.Error(), "1023") {
				t.Errorf("error %v", err)
			} else {
				requireRemedy(t, err)
			}
			if c.opened(t) {
				t.Error("the file outside was opened")
			}
		})
	}
}

// between is what stands behind a word in data, up to another.
func between(t *testing.T, data []byte, word, end string) []byte {
	t.Helper()
	_, rest, found := bytes.Cut(data, []byte(word))
	text, _, complete := bytes.Cut(rest, []byte(end))
	if !found || !complete {
		t.Fatalf("nothing behind %q", word)
	}
	return text
}
