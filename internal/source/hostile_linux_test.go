package source_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// canary is a file outside the source's directory that reports being opened.
type canary struct {
	path  string
	watch int
}

// canaryText fills the canary, so that it is found wherever it gets to.
const canaryText = "canary of the host. "

func newCanary(t *testing.T) canary {
	t.Helper()
	c := canary{path: write(t, filepath.Join(t.TempDir(), "secret"), bytes.Repeat([]byte(canaryText), diskSize/len(canaryText)+1))}
	var err error
	if c.watch, err = unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(c.watch) })
	if _, err := unix.InotifyAddWatch(c.watch, c.path, unix.IN_OPEN|unix.IN_ACCESS); err != nil {
		t.Fatal(err)
	}
	return c
}

// opened tells whether anybody opened the canary since it was last asked.
func (c canary) opened(t *testing.T) bool {
	t.Helper()
	n, err := unix.Read(c.watch, make([]byte, 4096))
	if err != nil && !errors.Is(err, unix.EAGAIN) {
		t.Fatal(err)
	}
	return n > 0
}

// TestImagesThatReachOutside proves for each image that qemu-img alone would
// copy a file of the host into the output, and that Open refuses the image
// without so much as opening that file.
func TestImagesThatReachOutside(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	flat := func(name string) []byte {
		return descriptor("monolithicFlat", 1, noParent, fmt.Sprintf(`RW 2048 FLAT "%s" 0`, name))
	}
	up := func(dir, path string) string {
		relative, _ := filepath.Rel(dir, path)
		return relative
	}
	tests := map[string]struct {
		kind, format string
		build        func(t *testing.T, dir string, c canary) string
		// harmless says that qemu-img of today does not fall for it.
		harmless bool
		want     string
	}{
		"vmdk extent with an absolute path": {kind: source.TypeVMDK, format: "vmdk", want: "outside its own directory", build: func(t *testing.T, dir string, c canary) string {
			return write(t, filepath.Join(dir, "a.vmdk"), flat(c.path))
		}},
		"vmdk extent above": {kind: source.TypeVMDK, format: "vmdk", want: "outside its own directory", build: func(t *testing.T, dir string, c canary) string {
			return write(t, filepath.Join(dir, "a.vmdk"), flat(up(dir, c.path)))
		}},
		"vmdk extent through a symbolic link": {kind: source.TypeVMDK, format: "vmdk", want: "outside the source's directory", build: func(t *testing.T, dir string, c canary) string {
			if err := os.Symlink(c.path, filepath.Join(dir, "a-flat.vmdk")); err != nil {
				t.Fatal(err)
			}
			return write(t, filepath.Join(dir, "a.vmdk"), flat("a-flat.vmdk"))
		}},
		"vmdk extent through a linked folder": {kind: source.TypeVMDK, format: "vmdk", want: "outside the source's directory", build: func(t *testing.T, dir string, c canary) string {
			if err := os.Symlink(filepath.Dir(c.path), filepath.Join(dir, "parts")); err != nil {
				t.Fatal(err)
			}
			return write(t, filepath.Join(dir, "a.vmdk"), flat("parts/secret"))
		}},
		"vmdk extent with a file: protocol": {kind: source.TypeVMDK, format: "vmdk", harmless: true, want: "no file name that could be trusted", build: func(t *testing.T, dir string, c canary) string {
			return write(t, filepath.Join(dir, "a.vmdk"), flat("file:"+c.path))
		}},
		"vmdk extent with a json: protocol": {kind: source.TypeVMDK, format: "vmdk", harmless: true, want: "is no valid extent", build: func(t *testing.T, dir string, c canary) string {
			return write(t, filepath.Join(dir, "a.vmdk"), flat(`json:{"driver":"file","filename":"`+c.path+`"}`))
		}},
		"vmdk extent with an nbd: protocol": {kind: source.TypeVMDK, format: "vmdk", harmless: true, want: "no file name", build: func(t *testing.T, dir string, _ canary) string {
			return write(t, filepath.Join(dir, "a.vmdk"), flat("nbd:127.0.0.1:1"))
		}},
		"vmdk extent with a fat: protocol": {kind: source.TypeVMDK, format: "vmdk", harmless: true, want: "no file name", build: func(t *testing.T, dir string, _ canary) string {
			return write(t, filepath.Join(dir, "a.vmdk"), flat("fat:."))
		}},
		"vmdk extent over several lines": {kind: source.TypeVMDK, format: "vmdk", want: "no valid extent", build: func(t *testing.T, dir string, c canary) string {
			return write(t, filepath.Join(dir, "a.vmdk"), bytes.Replace(flat(c.path), []byte("RW 2048 FLAT"), []byte("\v RW\n2048\n\tFLAT"), 1))
		}},
		"vmdk extent behind an empty line": {kind: source.TypeVMDK, format: "vmdk", want: "reads twice", build: func(t *testing.T, dir string, c canary) string {
			return write(t, filepath.Join(dir, "a.vmdk"), bytes.Replace(flat(c.path), []byte("RW"), []byte("\n\t\nRW"), 1))
		}},
		"vmdk header without capacity": {kind: source.TypeVMDK, format: "vmdk", want: "no capacity", build: func(t *testing.T, dir string, c canary) string {
			header := make([]byte, 512, 1024)
			copy(header, "KDMV")
			binary.LittleEndian.PutUint32(header[4:], 1)
			binary.LittleEndian.PutUint64(header[28:], 1)
			binary.LittleEndian.PutUint64(header[36:], 20)
			return write(t, filepath.Join(dir, "a.vmdk"), append(append(header, flat(c.path)...), make([]byte, 20*512)...))
		}},
		"vmdk header without capacity in an extent": {kind: source.TypeVMDK, format: "vmdk", want: "no capacity", build: func(t *testing.T, dir string, c canary) string {
			header := make([]byte, 512, 1024)
			copy(header, "KDMV")
			binary.LittleEndian.PutUint32(header[4:], 1)
			binary.LittleEndian.PutUint64(header[28:], 1)
			binary.LittleEndian.PutUint64(header[36:], 20)
			write(t, filepath.Join(dir, "a-s001.vmdk"), append(append(header, flat(c.path)...), make([]byte, 20*512)...))
			return write(t, filepath.Join(dir, "a.vmdk"), descriptor("twoGbMaxExtentSparse", 1, noParent, `RW 2048 SPARSE "a-s001.vmdk"`))
		}},
		"vmdk parent": {kind: source.TypeVMDK, format: "vmdk", want: "outside the source's directory", build: func(t *testing.T, dir string, c canary) string {
			return vmdkWithHint(t, dir, c, "parentFileNameHint=\"%s\"\n")
		}},
		"vmdk parent in a comment": {kind: source.TypeVMDK, format: "vmdk", want: "comment", build: func(t *testing.T, dir string, c canary) string {
			return vmdkWithHint(t, dir, c, "#parentFileNameHint=\"%s\"\n")
		}},
		"vmdk parent of a hidden descriptor": {kind: source.TypeVMDK, format: "vmdk", want: "second descriptor", build: func(t *testing.T, dir string, c canary) string {
			return patch(t, vmdkWithHint(t, dir, c, "parentFileNameHint=\"%s\"\n"), func(data []byte) []byte {
				for len(data)%512 != 0 {
					data = append(data, 0)
				}
				binary.LittleEndian.PutUint64(data[28:], uint64(len(data)/512))
				clean := make([]byte, 20*512)
				copy(clean, descriptor("monolithicSparse", 1, noParent, `RW 16384 SPARSE "a.vmdk"`))
				return append(data, clean...)
			})
		}},
		"qcow2 backing file": {kind: source.TypeQCOW2, format: "qcow2", want: "outside the source's directory", build: func(t *testing.T, dir string, c canary) string {
			path := filepath.Join(dir, "a.qcow2")
			qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "raw", "-b", c.path, path)
			return path
		}},
		"qcow2 backing file above": {kind: source.TypeQCOW2, format: "qcow2", want: "outside the source's directory", build: func(t *testing.T, dir string, c canary) string {
			path := filepath.Join(dir, "a.qcow2")
			qemuImg(t, "create", "-q", "-u", "-f", "qcow2", "-F", "raw", "-b", up(dir, c.path), path, "1M")
			return path
		}},
		"qcow2 backing file as json:": {kind: source.TypeQCOW2, format: "qcow2", want: "no file name that could be trusted", build: func(t *testing.T, dir string, c canary) string {
			path := filepath.Join(dir, "a.qcow2")
			qemuImg(t, "create", "-q", "-u", "-f", "qcow2", "-F", "raw", "-b", `json:{"driver":"raw","file":{"driver":"file","filename":"`+c.path+`"}}`, path, "1M")
			return path
		}},
		"qcow2 backing file two levels below": {kind: source.TypeQCOW2, format: "qcow2", want: "outside the source's directory", build: func(t *testing.T, dir string, c canary) string {
			qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "raw", "-b", c.path, filepath.Join(dir, "b.qcow2"))
			path := filepath.Join(dir, "a.qcow2")
			qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "b.qcow2", path)
			return path
		}},
		"qcow2 data file": {kind: source.TypeQCOW2, format: "qcow2", want: "outside the source's directory", build: func(t *testing.T, dir string, c canary) string {
			// The tool would empty the canary: it gets a file of its own first.
			data := filepath.Join(dir, strings.Repeat("d", len(c.path)-len(dir)-1))
			path := filepath.Join(dir, "a.qcow2")
			qemuImg(t, "create", "-q", "-f", "qcow2", "-o", "data_file_raw=on,data_file="+data, path, "1M")
			qemuImg(t, "create", "-q", "-f", "qcow2", "-o", "preallocation=metadata,data_file="+data, path, "1M")
			return patch(t, path, replace(data, c.path))
		}},
		"raw that is a qcow2": {kind: source.TypeRaw, format: "qcow2", want: "is a qcow2 image, but source.type says raw", build: func(t *testing.T, dir string, c canary) string {
			path := filepath.Join(dir, "a.img")
			qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "raw", "-b", c.path, path)
			return path
		}},
		"raw backing file that is a qcow2": {kind: source.TypeQCOW2, format: "qcow2", harmless: true, want: "is a qcow2 image", build: func(t *testing.T, dir string, c canary) string {
			qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "raw", "-b", c.path, filepath.Join(dir, "b.img"))
			path := filepath.Join(dir, "a.qcow2")
			qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "b.img", path)
			return path
		}},
		"vhd parent": {kind: source.TypeVHD, format: "vpc", harmless: true, want: "outside the source's directory", build: func(t *testing.T, dir string, _ canary) string {
			disk := newDisk(t)
			return patch(t, vhdChain(t, dir, disk, 1), func(data []byte) []byte {
				return bytes.Replace(data, utf16Text(`.\base.vhd`), utf16Text(`..\base.vd`), 1)
			})
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, c := t.TempDir(), newCanary(t)
			path := test.build(t, dir, c)
			c.opened(t)

			_, err := source.Open(t.Context(), source.Request{Type: test.kind, Path: path, WorkDir: t.TempDir()})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			} else {
				requireRemedy(t, err)
			}
			if c.opened(t) {
				t.Error("the file outside was opened")
			}

			if test.harmless {
				return
			}
			out := filepath.Join(t.TempDir(), "out.raw")
			if message, err := exec.Command("qemu-img", "convert", "-f", test.format, "-O", "raw", path, out).CombinedOutput(); err != nil {
				t.Fatalf("the image is not as hostile as it should be: %s", message)
			}
			if !bytes.Contains(read(t, out), []byte(canaryText)) || !c.opened(t) {
				t.Error("qemu-img alone does not fall for this image: the test proves nothing")
			}
		})
	}
}

// vmdkWithHint is a sparse image that names the canary as its parent.
func vmdkWithHint(t *testing.T, dir string, c canary, line string) string {
	t.Helper()
	base := write(t, filepath.Join(t.TempDir(), "base.vmdk"), descriptor("monolithicFlat", 1, noParent, fmt.Sprintf(`RW %d FLAT "%s" 0`, diskSize/512, c.path)))
	path := filepath.Join(dir, "a.vmdk")
	qemuImg(t, "create", "-q", "-f", "vmdk", path, strconv.Itoa(diskSize))
	return patch(t, path, func(data []byte) []byte {
		data = insertText(data, "parentCID=ffffffff\n", fmt.Sprintf(line, base))
		return bytes.Replace(data, []byte("parentCID=ffffffff"), []byte("parentCID=00000001"), 1)
	})
}

// withoutDataEnd is a qcow2 image whose data file was cut off.
func withoutDataEnd(t *testing.T, dir, disk, option string) string {
	t.Helper()
	path := convert(t, disk, "qcow2", filepath.Join(dir, "a"), "data_file="+filepath.Join(dir, "a.data"), option)
	truncateTo(t, filepath.Join(dir, "a.data"), 0.9)
	return path
}

func utf16Text(s string) []byte {
	var out []byte
	for _, r := range s {
		out = binary.LittleEndian.AppendUint16(out, uint16(r))
	}
	return out
}

func requireRemedy(t *testing.T, err error) {
	t.Helper()
	if remedy.Of(err) == "" {
		t.Errorf("no remedy in: %v", err)
	}
	if strings.Contains(err.Error(), strings.TrimSpace(canaryText)) {
		t.Errorf("the canary is in: %v", err)
	}
}

// TestRefusals are sources that are damaged, wrongly declared or absurd.
func TestRefusals(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	type build func(t *testing.T, dir, disk string) string
	tests := map[string]struct {
		kind  string
		build build
		want  string
		// request changes more of the request.
		request func(r *source.Request)
	}{
		"empty file": {kind: source.TypeVMDK, want: "is empty", build: func(t *testing.T, dir, _ string) string {
			return write(t, filepath.Join(dir, "a.vmdk"), nil)
		}},
		"directory":    {kind: source.TypeVMDK, want: "is a directory", build: func(_ *testing.T, dir, _ string) string { return dir }},
		"device":       {kind: source.TypeRaw, want: "is a device", build: func(*testing.T, string, string) string { return "/dev/null" }},
		"unknown type": {kind: "vdi", want: `unsupported source type "vdi"`, build: func(_ *testing.T, _, disk string) string { return disk }},
		"qcow2 as vmdk": {kind: source.TypeVMDK, want: "is a qcow2 image, but source.type says vmdk", build: func(t *testing.T, dir, disk string) string {
			return convert(t, disk, "qcow2", filepath.Join(dir, "a"))
		}},
		"vmdk as qcow2": {kind: source.TypeQCOW2, want: "is a VMDK image, but source.type says qcow2", build: func(t *testing.T, dir, disk string) string {
			return convert(t, disk, "vmdk", filepath.Join(dir, "a"))
		}},
		"vdi as raw": {kind: source.TypeRaw, want: "is a VDI image", build: func(t *testing.T, dir, disk string) string {
			return convert(t, disk, "vdi", filepath.Join(dir, "a"))
		}},
		"vhdx as vhd": {kind: source.TypeVHD, want: "is a VHDX image, but source.type says vhd", build: func(t *testing.T, dir, disk string) string {
			return convert(t, disk, "vhdx", filepath.Join(dir, "a"))
		}},
		"raw as vmdk": {kind: source.TypeVMDK, want: "is no disk image of a known format", build: func(_ *testing.T, _, disk string) string { return disk }},
		"vmdk as ova": {kind: source.TypeOVA, want: "is a VMDK image, but source.type says ova", build: func(t *testing.T, dir, disk string) string {
			return convert(t, disk, "vmdk", filepath.Join(dir, "a"))
		}},
		"gzip as raw": {kind: source.TypeRaw, want: "is gzip-compressed", build: func(t *testing.T, dir, disk string) string {
			return write(t, filepath.Join(dir, "a.img.gz"), gz(t, read(t, disk)))
		}},
		"wrong checksum": {kind: source.TypeRaw, want: "source.checksum says", build: func(_ *testing.T, _, disk string) string { return disk },
			request: func(r *source.Request) { r.Checksum = "sha256:" + strings.Repeat("0", 64) }},
		"checksum that is none": {kind: source.TypeRaw, want: "cannot be understood", build: func(_ *testing.T, _, disk string) string { return disk },
			request: func(r *source.Request) { r.Checksum = "crc32:00000000" }},
		"too large": {kind: source.TypeQCOW2, want: "more than the 1048576 that are allowed", build: func(t *testing.T, dir, disk string) string {
			return convert(t, disk, "qcow2", filepath.Join(dir, "a"))
		}, request: func(r *source.Request) { r.MaxVirtualSize = 1 << 20 }},
		"absurdly large qcow2": {kind: source.TypeQCOW2, want: "declares a virtual size", build: func(t *testing.T, dir, disk string) string {
			return patch(t, convert(t, disk, "qcow2", filepath.Join(dir, "a")), func(data []byte) []byte {
				binary.BigEndian.PutUint64(data[24:], 1<<60)
				return data
			})
		}},
		"absurdly large flat vmdk": {kind: source.TypeVMDK, want: "declares a virtual size", build: func(t *testing.T, dir, _ string) string {
			write(t, filepath.Join(dir, "a-flat.vmdk"), []byte("x"))
			return write(t, filepath.Join(dir, "a.vmdk"), descriptor("monolithicFlat", 1, noParent, `RW 9007199254740000 FLAT "a-flat.vmdk" 0`))
		}},
		"truncated sparse vmdk": {kind: source.TypeVMDK, want: "behind its end", build: func(t *testing.T, dir, disk string) string {
			return truncateTo(t, convert(t, disk, "vmdk", filepath.Join(dir, "a.vmdk")), 0.7)
		}},
		"truncated streamOptimized vmdk": {kind: source.TypeVMDK, want: "behind its end", build: func(t *testing.T, dir, disk string) string {
			return truncateTo(t, convert(t, disk, "vmdk", filepath.Join(dir, "a.vmdk"), "subformat=streamOptimized"), 0.7)
		}},
		"truncated vmdk with a footer": {kind: source.TypeVMDK, want: "footer", build: func(t *testing.T, dir, disk string) string {
			return truncateTo(t, patch(t, convert(t, disk, "vmdk", filepath.Join(dir, "a.vmdk"), "subformat=streamOptimized"), withFooter), 0.99)
		}},
		"truncated flat vmdk": {kind: source.TypeVMDK, want: "needs 4194304 bytes of it", build: func(t *testing.T, dir, disk string) string {
			path := vmfs(t, dir, disk)
			truncateTo(t, filepath.Join(dir, "web-flat.vmdk"), 0.9)
			return path
		}},
		"truncated snapshot": {kind: source.TypeVMDK, want: "behind its end", build: func(t *testing.T, dir, disk string) string {
			path := vmfsSparse(t, dir, disk)
			truncateTo(t, filepath.Join(dir, "web-000001-delta.vmdk"), 0.9)
			return path
		}},
		"truncated seSparse snapshot": {kind: source.TypeVMDK, want: "damaged or incomplete", build: func(t *testing.T, dir, disk string) string {
			path := seSparse(t, dir, disk)
			truncateTo(t, filepath.Join(dir, "web-000001-sesparse.vmdk"), 0.995)
			return path
		}},
		"truncated data file of a qcow2": {kind: source.TypeQCOW2, want: "a.data is damaged or incomplete", build: func(t *testing.T, dir, disk string) string {
			return withoutDataEnd(t, dir, disk, "data_file_raw=off")
		}},
		"truncated raw data file of a qcow2": {kind: source.TypeQCOW2, want: "a.data is damaged or incomplete", build: func(t *testing.T, dir, disk string) string {
			return withoutDataEnd(t, dir, disk, "data_file_raw=on")
		}},
		"truncated data file of a qcow2 with subclusters": {kind: source.TypeQCOW2, want: "a.data is damaged or incomplete", build: func(t *testing.T, dir, disk string) string {
			return withoutDataEnd(t, dir, disk, "extended_l2=on")
		}},
		"empty data file of a qcow2": {kind: source.TypeQCOW2, want: "a.data is damaged or incomplete", build: func(t *testing.T, dir, disk string) string {
			path := convert(t, disk, "qcow2", filepath.Join(dir, "a"), "data_file="+filepath.Join(dir, "a.data"))
			write(t, filepath.Join(dir, "a.data"), nil)
			return path
		}},
		"vmdk compressed by nothing": {kind: source.TypeVMDK, want: "compressed, by the algorithm 0", build: func(t *testing.T, dir, disk string) string {
			return patch(t, convert(t, disk, "vmdk", filepath.Join(dir, "a.vmdk"), "subformat=streamOptimized"), func(data []byte) []byte {
				binary.LittleEndian.PutUint16(data[77:], 0)
				return data
			})
		}},
		"vmdk with grains of zeroes that its header knows nothing of": {kind: source.TypeVMDK, want: "grains of zeroes", build: func(t *testing.T, dir, disk string) string {
			path := convert(t, disk, "vmdk", filepath.Join(dir, "a.vmdk"), "zeroed_grain=on")
			return patch(t, path, func(data []byte) []byte {
				binary.LittleEndian.PutUint32(data[8:], binary.LittleEndian.Uint32(data[8:])&^(1<<2))
				table := binary.LittleEndian.Uint32(data[binary.LittleEndian.Uint64(data[56:])*512:])
				for n := range 64 { // the second megabyte is a hole
					binary.LittleEndian.PutUint32(data[int(table)*512+4*n:], max(1, binary.LittleEndian.Uint32(data[int(table)*512+4*n:])))
				}
				return data
			})
		}},
		"truncated qcow2": {kind: source.TypeQCOW2, want: "damaged or incomplete", build: func(t *testing.T, dir, disk string) string {
			return truncateTo(t, convert(t, disk, "qcow2", filepath.Join(dir, "a")), 0.7)
		}},
		"truncated dynamic vhd": {kind: source.TypeVHD, want: "behind its end", build: func(t *testing.T, dir, disk string) string {
			return truncateTo(t, convert(t, disk, "vpc", filepath.Join(dir, "a")), 0.7)
		}},
		"truncated fixed vhd": {kind: source.TypeVHD, want: "is no disk image", build: func(t *testing.T, dir, disk string) string {
			return truncateTo(t, convert(t, disk, "vpc", filepath.Join(dir, "a"), "subformat=fixed"), 0.7)
		}},
		"truncated vhdx": {kind: source.TypeVHDX, want: "damaged or incomplete", build: func(t *testing.T, dir, disk string) string {
			return truncateTo(t, convert(t, disk, "vhdx", filepath.Join(dir, "a")), 0.7)
		}},
		"vmdk with a missing extent": {kind: source.TypeVMDK, want: "needs web-flat.vmdk, which is missing", build: func(t *testing.T, dir, disk string) string {
			path := vmfs(t, dir, disk)
			if err := os.Remove(filepath.Join(dir, "web-flat.vmdk")); err != nil {
				t.Fatal(err)
			}
			return path
		}},
		"vmdk with several missing extents": {kind: source.TypeVMDK, want: "needs 2 files that are missing in", build: func(t *testing.T, dir, _ string) string {
			write(t, filepath.Join(dir, "a-f002.vmdk"), make([]byte, 1<<20))
			return write(t, filepath.Join(dir, "a.vmdk"), descriptor("twoGbMaxExtentFlat", 1, noParent,
				`RW 2048 FLAT "a-f001.vmdk" 0`, `RW 2048 FLAT "a-f002.vmdk" 0`, `RW 2048 FLAT "a-f003.vmdk" 0`))
		}},
		"vmdk with a missing parent": {kind: source.TypeVMDK, want: "which is missing in", build: func(t *testing.T, dir, disk string) string {
			path := vmdkChain(t, dir, disk, 1)
			if err := os.Remove(filepath.Join(dir, "web.vmdk")); err != nil {
				t.Fatal(err)
			}
			return path
		}},
		"vmdk whose parent was changed": {kind: source.TypeVMDK, want: "it was changed since", build: func(t *testing.T, dir, disk string) string {
			path := vmfsSparse(t, dir, disk)
			patch(t, filepath.Join(dir, "web.vmdk"), replace("CID=00000abc", "CID=00000bad"))
			return path
		}},
		"vmdk that is its own parent": {kind: source.TypeVMDK, want: "comes back to itself", build: func(t *testing.T, dir, disk string) string {
			path := vmfsSparse(t, dir, disk)
			return patch(t, path, replace(`"web.vmdk"`, `"web-000001.vmdk"`))
		}},
		"vmdk in a circle": {kind: source.TypeVMDK, want: "comes back to itself", build: func(t *testing.T, dir, disk string) string {
			path := vmfsSparse(t, dir, disk)
			patch(t, filepath.Join(dir, "web.vmdk"), replace("parentCID=ffffffff\n", "parentCID=00000def\nparentFileNameHint=\"web-000001.vmdk\"\n"))
			return path
		}},
		"vmdk chain without end": {kind: source.TypeVMDK, want: "under more than 64 images", build: func(t *testing.T, dir, disk string) string {
			write(t, filepath.Join(dir, "web-flat.vmdk"), read(t, disk))
			for n := range 70 {
				text := descriptor("vmfs", 1, 1, fmt.Sprintf(`RW %d VMFS "web-flat.vmdk"`, diskSize/512), fmt.Sprintf("parentFileNameHint=\"%d.vmdk\"", n+1))
				write(t, filepath.Join(dir, fmt.Sprintf("%d.vmdk", n)), text)
			}
			return filepath.Join(dir, "0.vmdk")
		}},
		"vmdk extent alone": {kind: source.TypeVMDK, want: "only a part of a VMDK image", build: func(t *testing.T, dir, disk string) string {
			path := convert(t, disk, "vmdk", filepath.Join(dir, "a.vmdk"), "subformat=twoGbMaxExtentSparse")
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(dir, "a-s001.vmdk")
		}},
		"vmdk of a raw device": {kind: source.TypeVMDK, want: `type "vmfsRawDeviceMap", which QEMU cannot read`, build: func(t *testing.T, dir, _ string) string {
			return write(t, filepath.Join(dir, "a.vmdk"), descriptor("vmfsRawDeviceMap", 1, noParent, `RW 2048 VMFS "a-rdm.vmdk"`))
		}},
		"vmdk with an extent that nobody may read": {kind: source.TypeVMDK, want: "access NOACCESS", build: func(t *testing.T, dir, _ string) string {
			return write(t, filepath.Join(dir, "a.vmdk"), descriptor("twoGbMaxExtentFlat", 1, noParent, `NOACCESS 2048 FLAT "a-f001.vmdk" 0`))
		}},
		"encrypted qcow2": {kind: source.TypeQCOW2, want: "is encrypted", build: func(t *testing.T, dir, disk string) string {
			return patch(t, convert(t, disk, "qcow2", filepath.Join(dir, "a")), func(data []byte) []byte {
				binary.BigEndian.PutUint32(data[32:], 2)
				return data
			})
		}},
		"qcow2 without the format of its backing file": {kind: source.TypeQCOW2, want: "does not say which format", build: func(t *testing.T, dir, disk string) string {
			write(t, filepath.Join(dir, "base.img"), read(t, disk))
			path := filepath.Join(dir, "top.qcow2")
			qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "base.img", path)
			return patch(t, path, replace("\xe2\x79\x2a\xca", "\x01\x02\x03\x04"))
		}},
		"qcow2 with a missing backing file": {kind: source.TypeQCOW2, want: "which is missing in", build: func(t *testing.T, dir, _ string) string {
			path := filepath.Join(dir, "top.qcow2")
			qemuImg(t, "create", "-q", "-u", "-f", "qcow2", "-F", "raw", "-b", "base.img", path, "1M")
			return path
		}},
		"qcow2 that is its own backing file": {kind: source.TypeQCOW2, want: "comes back to itself", build: func(t *testing.T, dir, _ string) string {
			path := filepath.Join(dir, "a.qcow2")
			qemuImg(t, "create", "-q", "-u", "-f", "qcow2", "-F", "qcow2", "-b", "a.qcow2", path, "1M")
			return path
		}},
		"vhd with a wrong parent": {kind: source.TypeVHD, want: "their ids differ", build: func(t *testing.T, dir, disk string) string {
			path := vhdChain(t, dir, disk, 1)
			convert(t, disk, "vpc", filepath.Join(dir, "base.vhd"))
			return path
		}},
		"vhd with a missing parent": {kind: source.TypeVHD, want: "needs base.vhd, which is missing", build: func(t *testing.T, dir, disk string) string {
			path := vhdChain(t, dir, disk, 1)
			if err := os.Remove(filepath.Join(dir, "base.vhd")); err != nil {
				t.Fatal(err)
			}
			return path
		}},
		"vhd with a bit flipped in its header": {kind: source.TypeVHD, want: "checksum of its dynamic header", build: func(t *testing.T, dir, disk string) string {
			return patch(t, convert(t, disk, "vpc", filepath.Join(dir, "a")), func(data []byte) []byte {
				data[512+30] ^= 4
				return data
			})
		}},
		"differencing vhdx": {kind: source.TypeVHDX, want: "differencing VHDX", build: func(t *testing.T, dir, disk string) string {
			return patch(t, convert(t, disk, "vhdx", filepath.Join(dir, "a")), func(data []byte) []byte {
				metadata := bytes.Index(data, []byte("metadata"))
				data[metadata+64<<10+4] |= 2
				return data
			})
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := source.Request{Type: test.kind, Path: test.build(t, t.TempDir(), newDisk(t)), WorkDir: t.TempDir()}
			if test.request != nil {
				test.request(&r)
			}
			_, err := source.Open(t.Context(), r)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want %q", err, test.want)
			}
			requireRemedy(t, err)
			if r.Checksum != "" { // a probe reads no data
				return
			}
			switch _, probed := source.Probe(t.Context(), r); {
			case probed == nil:
				t.Error("a probe does not see it")
			case probed.Error() != err.Error():
				t.Errorf("a probe says %v, want %v", probed, err)
			}
		})
	}
}

// What cannot be read in time is left to Open.
func TestProbeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	disk := newDisk(t)
	for _, request := range []source.Request{
		{Type: source.TypeVMDK, Path: truncateTo(t, convert(t, disk, "vmdk", filepath.Join(t.TempDir(), "a.vmdk")), 0.7)},
		{Type: source.TypeQCOW2, Path: truncateTo(t, convert(t, disk, "qcow2", filepath.Join(t.TempDir(), "a.qcow2")), 0.7)},
	} {
		if probed, err := source.Probe(ctx, request); err != nil || len(probed.Disks) != 1 {
			t.Errorf("%s: %+v, error %v", request.Type, probed, err)
		}
	}
}

// TestPackageRefusals are packages that are damaged or hostile.
func TestPackageRefusals(t *testing.T) {
	t.Parallel()
	sound := oneDisk("a.vmdk", vmdkURI, "")
	entry := func(t *testing.T, header tar.Header) []byte {
		t.Helper()
		var out bytes.Buffer
		w := tar.NewWriter(&out)
		for _, h := range []*tar.Header{{Name: "web.ovf", Mode: 0o644, Size: int64(len(sound)), Typeflag: tar.TypeReg}, &header} {
			if err := w.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
			if h.Size > 0 {
				if _, err := w.Write(sound); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	packed := func(ovf []byte, name string, data []byte) func(t *testing.T, _ canary) []byte {
		return func(t *testing.T, _ canary) []byte { return tarOf(t, file{"web.ovf", ovf}, file{name, data}) }
	}
	tests := map[string]struct {
		build func(t *testing.T, c canary) []byte
		want  string
		vm    string
	}{
		"a part missing among others": {want: "the part a.img.000000001 of a disk of web.ova is missing", build: func(t *testing.T, _ canary) []byte {
			return chunks(t, "0", 0, 2)
		}},
		"the last part missing": {want: "the part a.img.000000002 of a disk of web.ova is missing", build: func(t *testing.T, _ canary) []byte {
			return chunks(t, "3145728", 0, 1)
		}},
		"all parts missing": {want: "the part a.img.000000000 of a disk of web.ova is missing", build: func(t *testing.T, _ canary) []byte {
			return chunks(t, "0")
		}},
		"symbolic link": {want: "a.vmdk is a link", build: func(t *testing.T, c canary) []byte {
			return entry(t, tar.Header{Name: "a.vmdk", Typeflag: tar.TypeSymlink, Linkname: c.path})
		}},
		"hard link": {want: "a.vmdk is a link", build: func(t *testing.T, c canary) []byte {
			return entry(t, tar.Header{Name: "a.vmdk", Typeflag: tar.TypeLink, Linkname: c.path})
		}},
		"device": {want: "a.vmdk is a special file", build: func(t *testing.T, _ canary) []byte {
			return entry(t, tar.Header{Name: "a.vmdk", Typeflag: tar.TypeBlock, Devmajor: 8})
		}},
		"name above":             {want: "leads out of the package", build: packed(sound, "../a.vmdk", nil)},
		"absolute name":          {want: "is no name inside a package", build: packed(sound, "/a.vmdk", nil)},
		"name that occurs twice": {want: "web.ovf occurs twice", build: packed(sound, "./web.ovf", nil)},
		"sparse member": {want: "sparse", build: func(t *testing.T, _ canary) []byte {
			return sparseTar(t)
		}},
		"incomplete archive": {want: "damaged or incomplete|incomplete", build: func(t *testing.T, _ canary) []byte {
			data := tarOf(t, file{"web.ovf", sound}, file{"a.vmdk", make([]byte, 1<<20)})
			return data[:len(data)-1<<19]
		}},
		"no descriptor":       {want: "holds no OVF descriptor", build: func(t *testing.T, _ canary) []byte { return tarOf(t, file{"a.vmdk", []byte("x")}) }},
		"several descriptors": {want: "several OVF descriptors", build: packed(sound, "b.ovf", sound)},
		"entity bomb": {want: "document type", build: packed(
			bytes.Replace(sound, []byte("?>"), []byte(`?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>`), 1), "a.vmdk", nil)},
		"external entity": {want: "document type", build: packed(
			bytes.Replace(sound, []byte("?>"), []byte(`?><!DOCTYPE x SYSTEM "file:///etc/passwd">`), 1), "a.vmdk", nil)},
		"endless nesting": {want: "nested more than", build: packed(
			bytes.Replace(sound, []byte("<References>"), []byte(strings.Repeat("<a>", 500_000)+strings.Repeat("</a>", 500_000)+"<References>"), 1), "a.vmdk", nil)},
		"broken descriptor":       {want: "is no sound OVF descriptor", build: packed(sound[:len(sound)/2], "a.vmdk", nil)},
		"missing disk":            {want: "the disk a.vmdk of web.ova is missing", build: packed(sound, "b.vmdk", []byte("x"))},
		"disk above":              {want: "lies outside the package", build: packed(oneDisk("../a.vmdk", vmdkURI, ""), "a.vmdk", []byte("x"))},
		"disk above, as a URL":    {want: "lies outside the package", build: packed(oneDisk("%2e%2e/a.vmdk", vmdkURI, ""), "a.vmdk", []byte("x"))},
		"disk with absolute path": {want: "lies outside the package", build: packed(oneDisk("/etc/passwd", vmdkURI, ""), "a.vmdk", []byte("x"))},
		"disk from the network":   {want: "nothing is fetched", build: packed(oneDisk("http://127.0.0.1/a.vmdk", vmdkURI, ""), "a.vmdk", []byte("x"))},
		"disk that is no disk":    {want: "no disk image of a known format", build: packed(sound, "a.vmdk", []byte("hello"))},
		"disk of unknown compression": {want: "not supported", build: packed(
			oneDisk("a.vmdk", vmdkURI, ` ovf:compression="lzma"`), "a.vmdk", []byte("x"))},
		"descriptor that takes a file of the host": {want: "has to be one file", build: func(t *testing.T, c canary) []byte {
			return tarOf(t, file{"web.ovf", sound}, file{"a.vmdk", descriptor("monolithicFlat", 1, noParent, `RW 2048 FLAT "`+filepath.Base(c.path)+`" 0`)})
		}},
		"disk on a file of the host": {want: "has to be one file", build: func(t *testing.T, c canary) []byte {
			path := filepath.Join(t.TempDir(), "a.qcow2")
			qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "raw", "-b", c.path, path)
			return tarOf(t, file{"web.ovf", sound}, file{"a.vmdk", read(t, path)})
		}},
		"absurd capacity": {want: "declares a virtual size", build: packed(
			bytes.Replace(sound, []byte("2^20\" ovf:diskId"), []byte("2^50\" ovf:diskId"), 1), "a.vmdk", []byte("x"))},
		"compression bomb": {want: "a.vmdk.gz unpacks to far more than the 8388608 bytes that the package says its disk has", build: func(t *testing.T, _ canary) []byte {
			return tarOf(t, file{"web.ovf", oneDisk("a.vmdk.gz", vmdkURI, ` ovf:compression="gzip"`)}, file{"a.vmdk.gz", gz(t, make([]byte, 80<<20))})
		}},
		"cut off compressed disk": {want: "unexpected EOF", build: func(t *testing.T, _ canary) []byte {
			data := gz(t, bytes.Repeat([]byte("data "), 1<<20))
			return tarOf(t, file{"web.ovf", oneDisk("a.vmdk.gz", vmdkURI, ` ovf:compression="gzip"`)}, file{"a.vmdk.gz", data[:len(data)/2]})
		}},
		"wrong checksum": {want: "the package's manifest says", build: func(t *testing.T, _ canary) []byte {
			return tarOf(t, file{"web.ovf", sound}, file{"web.mf", []byte("SHA256(a.vmdk)= " + strings.Repeat("0", 64))}, file{"a.vmdk", []byte("x")})
		}},
		"wrong checksum of the descriptor": {want: "web.ovf has the sha1 checksum", build: func(t *testing.T, _ canary) []byte {
			return tarOf(t, file{"web.ovf", sound}, file{"web.mf", []byte("SHA1(web.ovf)= " + strings.Repeat("0", 40))}, file{"a.vmdk", []byte("x")})
		}},
		"checksums that are none": {want: "line 1 is no", build: func(t *testing.T, _ canary) []byte {
			return tarOf(t, file{"web.ovf", sound}, file{"web.mf", []byte("hello")}, file{"a.vmdk", []byte("x")})
		}},
		"several machines": {want: `2 virtual machines: "web" ("web by name"), "db" ("db by name")`, build: func(t *testing.T, _ canary) []byte {
			return read(t, twoMachines(t, newDisk(t), newDisk(t)))
		}},
		"machine that is not there": {vm: "mail", want: `no virtual machine "mail"`, build: func(t *testing.T, _ canary) []byte {
			return read(t, twoMachines(t, newDisk(t), newDisk(t)))
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCanary(t)
			path := saved(t, "web.ova", test.build(t, c))
			c.opened(t)
			s, err := source.Open(t.Context(), source.Request{Type: source.TypeOVA, Path: path, WorkDir: t.TempDir(), VM: test.vm})
			if err == nil {
				err = s.VerifyDigests()
			}
			if err == nil {
				t.Fatal("it was accepted")
			}
			found := false
			for want := range strings.SplitSeq(test.want, "|") {
				found = found || strings.Contains(err.Error(), want)
			}
			if !found {
				t.Errorf("error %v, want %q", err, test.want)
			}
			if name != "cut off compressed disk" {
				requireRemedy(t, err)
			}
			if c.opened(t) {
				t.Error("the file outside was opened")
			}
		})
	}
}

// chunks is a package whose disk is said to have that many bytes, in parts of a megabyte,
// of which some are there.
func chunks(t *testing.T, size string, there ...int) []byte {
	t.Helper()
	text := strings.Replace(string(oneDisk("a.img", "raw", ` ovf:chunkSize="1048576"`)), `ovf:size="1"`, `ovf:size="`+size+`"`, 1)
	files := []file{{"web.ovf", []byte(text)}}
	for _, n := range there {
		files = append(files, file{fmt.Sprintf("a.img.%09d", n), bytes.Repeat([]byte("data"), 1<<18)})
	}
	return tarOf(t, files...)
}

// sparseTar is an archive with a sparse member as GNU tar writes it.
func sparseTar(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.vmdk"), []byte("x"))
	if err := os.Truncate(filepath.Join(dir, "a.vmdk"), 1<<20); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("tar", "-C", dir, "--format=posix", "-cSf", "-", "a.vmdk").Output()
	if err != nil {
		t.Skipf("tar: %v", err)
	}
	return out
}

func TestVerifyNoticesChanges(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	tests := map[string]struct {
		change func(t *testing.T, dir string)
		want   string
	}{
		"extent written to": {want: "web-flat.vmdk was written to", change: func(t *testing.T, dir string) {
			patch(t, filepath.Join(dir, "web-flat.vmdk"), func(data []byte) []byte { return append(data, 0) })
		}},
		"descriptor replaced": {want: "web.vmdk was replaced", change: func(t *testing.T, dir string) {
			other := write(t, filepath.Join(dir, "other"), read(t, filepath.Join(dir, "web.vmdk")))
			if err := os.Rename(other, filepath.Join(dir, "web.vmdk")); err != nil {
				t.Fatal(err)
			}
		}},
		"delta gone": {want: "web-000001-delta.vmdk is gone", change: func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "web-000001-delta.vmdk")); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := open(t, source.Request{Type: source.TypeVMDK, Path: vmfsSparse(t, dir, newDisk(t))})
			test.change(t, dir)
			if err := s.Verify(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	disk := newDisk(t)
	for _, request := range []source.Request{
		{Type: source.TypeRaw, Path: disk, Checksum: "sha256:" + strings.Repeat("0", 64)},
		{Type: source.TypeVMDK, Path: vmfs(t, t.TempDir(), disk)},
		{Type: source.TypeVMDK, Path: convert(t, disk, "vmdk", filepath.Join(t.TempDir(), "a.vmdk"))},
	} {
		request.WorkDir = t.TempDir()
		if _, err := source.Open(ctx, request); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v", request.Type, err)
		}
	}
}
