package initramfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"
	"github.com/google/go-cmp/cmp"
)

const testVersion = "6.1.0"

// moduleTree is a guest's module directory with modules in three forms.
func moduleTree(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"modules.dep": []byte("kernel/drivers/virtio/virtio.ko:\n" +
			"kernel/drivers/virtio/virtio_ring.ko.xz:\n" +
			"kernel/drivers/virtio/virtio_pci.ko.zst: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko.xz\n" +
			"kernel/drivers/block/virtio-blk.ko.gz: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko.xz\n" +
			"kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz\n" +
			"kernel/fs/jbd2/jbd2.ko.xz:\n"),
		"modules.alias": []byte("# Aliases extracted from modules themselves.\n" +
			"alias virtio:d00000002v* virtio_blk\nalias pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci\nalias fs-ext4 ext4\n"),
		"modules.symbols":                         []byte("alias symbol:register_virtio_device virtio\n"),
		"modules.softdep":                         []byte("softdep virtio_blk pre: none\nsoftdep ext4 pre: crc32c\n"),
		"kernel/drivers/virtio/virtio.ko":         []byte("virtio"),
		"kernel/drivers/virtio/virtio_ring.ko.xz": compressed(t, CompressionXZ, []byte("ring")),
		"kernel/drivers/virtio/virtio_pci.ko.zst": compressed(t, CompressionZstd, []byte("pci")),
		"kernel/drivers/block/virtio-blk.ko.gz":   compressed(t, CompressionGzip, []byte("blk")),
		"modules.builtin":                         []byte("kernel/drivers/scsi/sd_mod.ko\n"),
		"modules.order":                           []byte("kernel/fs/ext4/ext4.ko\n"),
	}
}

func treeOf(files map[string][]byte) ModuleTree {
	return func(name string) ([]byte, error) {
		data, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		return data, nil
	}
}

// unpack returns the regular files and directories as a kernel would leave
// them, and fails where a directory would replace a symbolic link.
func unpack(t *testing.T, data []byte) map[string]string {
	t.Helper()
	files := map[string]string{}
	links := map[string]bool{}
	c := newCursor(bytes.NewReader(data))
	for {
		more, err := skipZeros(c)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return files
		}
		head, _ := c.peek(6)
		compression, ok := detect(head)
		if !ok {
			t.Fatalf("no archive at offset %d", c.pos)
		}
		var in byteScanner = c
		if compression != CompressionNone {
			r, err := open(c, compression)
			if err != nil {
				t.Fatal(err)
			}
			in = newCursor(r)
		}
		for {
			if more, err = skipZeros(in); err != nil {
				t.Fatal(err)
			}
			if !more || in == c && len(files) > 0 && !more {
				break
			}
			if head, _ := c.peek(6); in == c && !bytes.HasPrefix(head, []byte("07070")) {
				break
			}
			archive := cpio.NewReader(in)
			for header, err := archive.Next(); err == nil; header, err = archive.Next() {
				var content bytes.Buffer
				if _, err := content.ReadFrom(archive); err != nil {
					t.Fatal(err)
				}
				if links[header.Name] && header.Linkname == "" {
					t.Errorf("entry %s replaces a symbolic link", header.Name)
				}
				links[header.Name] = header.Linkname != ""
				files[header.Name] = content.String()
			}
		}
	}
}

func TestAppend(t *testing.T) {
	t.Parallel()
	for _, compression := range []Compression{
		CompressionNone, CompressionGzip, CompressionXZ, CompressionZstd, CompressionLZ4, CompressionLZMA,
	} {
		t.Run(string(compression), func(t *testing.T) {
			t.Parallel()
			original := compressed(t, compression, archiveOf(t,
				entry{"usr/", ""},
				entry{"lib -> usr/lib", ""},
				entry{"conf/initramfs.conf", ""},
				entry{"conf/modules", "loop\n"},
				entry{"usr/lib/modules/6.1.0/kernel/drivers/virtio/virtio.ko", "virtio"},
				// Unlike the guest's, this image's ext4 is not compressed.
				entry{"usr/lib/modules/6.1.0/kernel/fs/ext4/ext4.ko", "ext4"},
				entry{"usr/lib/modules/6.1.0/kernel/fs/jbd2/jbd2.ko", "jbd2"},
				entry{"usr/lib/modules/6.1.0/modules.dep", "kernel/drivers/virtio/virtio.ko:\n" +
					"kernel/fs/ext4/ext4.ko: kernel/fs/jbd2/jbd2.ko\nkernel/fs/jbd2/jbd2.ko:\n"},
				entry{"usr/lib/modules/6.1.0/modules.alias", "alias fs-ext4 ext4\n"},
				entry{"usr/lib/modules/6.1.0/modules.softdep", "softdep ext4 pre: crc32c\n"},
			))
			image, err := Read(bytes.NewReader(original))
			if err != nil {
				t.Fatal(err)
			}
			s, err := image.Append(AppendRequest{
				Version: testVersion,
				Modules: []string{"virtio_pci", "virtio_blk"},
				Files:   map[string]string{"conf/modules": "loop\nvirtio_blk\n"},
			}, treeOf(moduleTree(t)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"virtio_ring", "virtio_pci", "virtio_blk"}, s.Modules); diff != "" {
				t.Error(diff)
			}
			extended := append(bytes.Clone(original), s.Data...)
			again, err := Read(bytes.NewReader(extended))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"ext4", "jbd2", "virtio", "virtio_blk", "virtio_pci", "virtio_ring"}, again.Modules(testVersion)); diff != "" {
				t.Error(diff)
			}
			files := unpack(t, extended)
			root := "usr/lib/modules/6.1.0/"
			for name, want := range map[string]string{
				"conf/modules": "loop\nvirtio_blk\n",
				root + "kernel/drivers/block/virtio-blk.ko":   "blk",
				root + "kernel/drivers/virtio/virtio_pci.ko":  "pci",
				root + "kernel/drivers/virtio/virtio_ring.ko": "ring",
				root + "modules.dep": "kernel/fs/ext4/ext4.ko: kernel/fs/jbd2/jbd2.ko\n" +
					"kernel/fs/jbd2/jbd2.ko:\n" +
					"kernel/drivers/virtio/virtio.ko:\n" +
					"kernel/drivers/block/virtio-blk.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko\n" +
					"kernel/drivers/virtio/virtio_pci.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko\n" +
					"kernel/drivers/virtio/virtio_ring.ko:\n",
				root + "modules.alias":   "alias fs-ext4 ext4\nalias virtio:d00000002v* virtio_blk\nalias pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci\n",
				root + "modules.softdep": "softdep ext4 pre: crc32c\nsoftdep virtio_blk pre: none\n",
			} {
				if diff := cmp.Diff(want, files[name]); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
			none, err := again.Append(AppendRequest{Version: testVersion, Modules: []string{"virtio_blk"}}, treeOf(nil))
			if err != nil || none.Data != nil {
				t.Errorf("an image that lacks nothing is extended: %d bytes, %v", len(none.Data), err)
			}
		})
	}
}

// TestAppendLZ4 holds that nothing but a frame follows an lz4 stream:
// kernels before 5.9 would not find it.
func TestAppendLZ4(t *testing.T) {
	t.Parallel()
	original := compressed(t, CompressionLZ4, append(archiveOf(t, entry{"conf/initramfs.conf", "x"}), 0, 0, 0))
	image, err := Read(bytes.NewReader(original))
	if err != nil {
		t.Fatal(err)
	}
	s, err := image.Append(AppendRequest{Files: map[string]string{"a": "b"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(s.Data, []byte(lz4Magic)) {
		t.Errorf("data starts with % x", s.Data[:4])
	}
}

func TestAppendIntoEmptyImage(t *testing.T) {
	t.Parallel()
	image, err := Read(bytes.NewReader(archiveOf(t, entry{"lib -> usr/lib", ""}, entry{"usr/", ""}, entry{"usr/lib/", ""})))
	if err != nil {
		t.Fatal(err)
	}
	s, err := image.Append(AppendRequest{Version: testVersion, Modules: []string{"virtio_blk"}}, treeOf(moduleTree(t)))
	if err != nil {
		t.Fatal(err)
	}
	files := unpack(t, s.Data)
	for _, name := range []string{"modules.builtin", "modules.order", "modules.dep.bin", "kernel/drivers/block/virtio-blk.ko"} {
		if _, ok := files["usr/lib/modules/6.1.0/"+name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if _, ok := files["usr/lib"]; ok {
		t.Error("a directory that the image has is written again")
	}
}

func TestAppendErrors(t *testing.T) {
	t.Parallel()
	read := func(entries ...entry) *Image {
		image, err := Read(bytes.NewReader(archiveOf(t, entries...)))
		if err != nil {
			t.Fatal(err)
		}
		return image
	}
	tree := moduleTree(t)
	broken := moduleTree(t)
	broken["kernel/drivers/virtio/virtio_ring.ko.xz"] = []byte("no xz")
	wanted := AppendRequest{Version: testVersion, Modules: []string{"virtio_blk"}}
	for name, test := range map[string]struct {
		image   *Image
		request AppendRequest
		tree    map[string][]byte
		cannot  bool
		want    string
	}{
		"booster":        {read(entry{"etc/booster.init.yaml", ""}), wanted, tree, true, "booster"},
		"no modules.dep": {read(entry{"x", ""}), wanted, nil, true, "modules.dep"},
		"no such module": {read(entry{"x", ""}), AppendRequest{Version: testVersion, Modules: []string{"virtio_scsi"}}, tree, true, `"virtio_scsi"`},
		"unknown module in the image": {
			read(entry{"lib/modules/6.1.0/updates/own.ko", ""}), wanted, tree, true, "own",
		},
		"broken module": {read(entry{"x", ""}), wanted, broken, false, "virtio_ring.ko.xz"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := test.image.Append(test.request, treeOf(test.tree))
			if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, ErrCannotExtend) != test.cannot {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestIndexAgainstKmod lets the real modprobe look modules up in indexes that
// were written here for this machine's whole module directory.
func TestIndexAgainstKmod(t *testing.T) {
	t.Parallel()
	modprobe, err := exec.LookPath("modprobe")
	if err != nil {
		if modprobe = "/sbin/modprobe"; !exists(modprobe) {
			t.Skip("no modprobe on this machine")
		}
	}
	trees, _ := filepath.Glob("/lib/modules/*/modules.dep")
	if len(trees) == 0 {
		t.Skip("no kernel modules on this machine")
	}
	source := filepath.Dir(trees[0])
	version := filepath.Base(source)
	host := func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(source, name)) }
	if _, err := host("modules.alias"); err != nil {
		t.Skip("no module indexes on this machine")
	}

	image := &Image{roots: map[string]string{}, modules: map[string]map[string]string{version: {}}}
	data, err := host("modules.dep")
	if err != nil {
		t.Fatal(err)
	}
	dependencies := ParseDependencies(data)
	present := map[string]string{}
	for name, file := range dependencies.path {
		present[name] = file
	}
	files := map[string][]byte{}
	if err := image.addIndexes(version, host, dependencies, present, nil, files); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range files {
		if strings.HasSuffix(name, ".bin") || strings.HasSuffix(name, ".softdep") {
			name = filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	// libkmod leaves out modules whose files are not there.
	if err := os.Symlink(filepath.Join(source, "kernel"), filepath.Join(dir, "lib/modules", version, "kernel")); err != nil {
		t.Fatal(err)
	}
	lookup := func(root, name string) string {
		// A name that cannot be found is an error, and its text the answer.
		out, _ := exec.Command(modprobe, "-d", root, "-S", version, "--show-depends", name).CombinedOutput()
		return strings.ReplaceAll(string(out), root+"/lib", "/lib")
	}
	names := []string{"virtio-blk", "virtio_pci", "pci:v00001AF4d00001042sv00001AF4sd00001100bc01sc00i00", "virtio:d00000002v00001AF4", "fs-ext4", "nosuchmodule"}
	for name := range dependencies.path {
		if len(names) < 60 {
			names = append(names, name)
		}
	}
	for _, name := range names {
		want := lookup("", name)
		if diff := cmp.Diff(want, lookup(dir, name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// Not parallel: what other tests allocate would be counted, too.
func TestPackTakesLittleMemory(t *testing.T) {
	archive := make([]byte, 1<<20)
	if _, err := rand.NewChaCha8([32]byte{}).Read(archive[:len(archive)/2]); err != nil {
		t.Fatal(err)
	}
	for _, compression := range []Compression{CompressionGzip, CompressionZstd, CompressionLZ4} {
		i := &Image{Size: 4, Segments: []Segment{{Size: 4, Compression: compression}}}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		packed, err := i.pack(archive)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := detect(packed); got != compression {
			t.Errorf("%s: packed by %q", compression, got)
		}
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 8<<20 {
			t.Errorf("%s: packing 1 MiB allocates %d bytes", compression, allocated)
		}
	}
}
