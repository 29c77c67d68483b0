package blockfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/blockfs/blockfstest"
)

// mountImage mounts a file system of testdata.
func mountImage(t testing.TB, name string) (*Tree, Content) {
	t.Helper()
	device := blockfstest.Load(t, "testdata", name)
	found, err := Identify(device, device.Size)
	if err != nil {
		t.Fatal(err)
	}
	root, err := Open(device, found)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return NewTree(root), found
}

func bigFile() []byte {
	var big bytes.Buffer
	for i := range 6000 {
		fmt.Fprintf(&big, "%07d\n", i)
	}
	return big.Bytes()
}

// TestFilesystems reads everything that testdata/make.sh wrote.
func TestFilesystems(t *testing.T) {
	t.Parallel()
	const uuid = "11111111-2222-3333-4444-555555555555"
	unix := []string{"link", "absolute", "long", "loop", "fragments", "sparse", "reserved"}
	for name, want := range map[string]struct {
		content Content
		extra   []string
	}{
		"ext2":         {Content{Type: "ext2", UUID: uuid, Label: "label", Size: 24 << 20}, unix},
		"ext3":         {Content{Type: "ext3", UUID: uuid, Label: "label", Size: 24 << 20}, unix},
		"ext4":         {Content{Type: "ext4", UUID: uuid, Label: "label", Size: 24 << 20}, unix},
		"ext4-meta-bg": {Content{Type: "ext4", Size: 24 << 20}, unix},
		"ext4-dirty":   {Content{Type: "ext4", Size: 24 << 20, NeedsRecovery: true}, unix},
		"xfs":          {Content{Type: "xfs", UUID: uuid, Label: "label", Size: 300 << 20}, unix},
		"xfs-dirty":    {Content{Type: "xfs", UUID: uuid, Label: "label", Size: 300 << 20, NeedsRecovery: true}, unix},
		"xfs-version4": {Content{Type: "xfs", Size: 300 << 20}, []string{"link"}},
		"vfat12":       {Content{Type: "vfat", UUID: "12AB-CDEF", Label: "LABEL", Size: 36 << 20}, []string{"UPPER.TXT"}},
		"vfat16":       {Content{Type: "vfat", UUID: "12AB-CDEF", Label: "LABEL", Size: 64 << 20}, []string{"UPPER.TXT"}},
		"ntfs":         {Content{Type: "ntfs", Label: "label", Size: 8 << 20}, []string{"sparse", "Windows/File.txt"}},
		"vfat32":       {Content{Type: "vfat", UUID: "12AB-CDEF", Label: "LABEL", Size: 256 << 20}, []string{"UPPER.TXT"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tree, content := mountImage(t, name)
			if want.content.UUID == "" {
				want.content.UUID = content.UUID // made by chance
			}
			if content != want.content {
				t.Errorf("identified as %+v, want %+v", content, want.content)
			}
			checkTree(t, tree.FS())
			for _, file := range want.extra {
				checkExtra(t, tree.FS(), file)
			}
		})
	}
}

func checkTree(t *testing.T, fsys fs.FS) {
	t.Helper()
	for i := 1; i <= 200; i++ {
		name := fmt.Sprintf("many/a-name-that-is-long-for-file-%d.txt", i)
		if data, err := fs.ReadFile(fsys, name); err != nil || string(data) != fmt.Sprintln(i) {
			t.Fatalf("%s: %q, %v", name, data, err)
		}
	}
	if names, err := fs.Glob(fsys, "many/*"); err != nil || len(names) != 201 || !slices.IsSorted(names) {
		t.Errorf("many has %d names: %v", len(names), err)
	}
	if data, err := fs.ReadFile(fsys, "big"); err != nil || !bytes.Equal(data, bigFile()) {
		t.Errorf("big has %d bytes that are not as they were written: %v", len(data), err)
	}
	if data, err := fs.ReadFile(fsys, "lower.txt"); err != nil || string(data) != "lower\n" {
		t.Errorf("lower.txt: %q, %v", data, err)
	}
	if info, err := fs.Stat(fsys, "many/deep"); err != nil || !info.IsDir() {
		t.Errorf("many/deep is no directory: %v", err)
	}
	for _, name := range []string{"absent", "many/absent", "absent/lower.txt"} {
		if _, err := fs.Stat(fsys, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want that it does not exist", name, err)
		}
	}
	if _, err := fs.ReadFile(fsys, "lower.txt/below"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file is gone through like a directory: %v", err)
	}
}

func checkExtra(t *testing.T, fsys fs.FS, name string) {
	t.Helper()
	data, err := fs.ReadFile(fsys, name)
	target, linkErr := fs.ReadLink(fsys, name)
	switch name {
	case "link":
		if info, err := fs.Stat(fsys, name); target != "many/deep" || linkErr != nil || err != nil || !info.IsDir() {
			t.Errorf("link leads to %q: %v, %v", target, linkErr, err)
		}
	case "absolute":
		if target != "/lower.txt" || linkErr != nil || err != nil || string(data) != "lower\n" {
			t.Errorf("absolute leads to %q with %q: %v, %v", target, data, linkErr, err)
		}
		info, err := fs.Stat(fsys, name)
		want := Info{Mode: fs.ModeSetuid | 0o750, Size: 6, UID: 70000, GID: 80000}
		if err != nil || info.Sys() != want {
			t.Errorf("lower.txt is %+v, want %+v: %v", info.Sys(), want, err)
		}
	case "long":
		if want := strings.Repeat("/x", 200); target != want || linkErr != nil {
			t.Errorf("long leads to %q: %v", target, linkErr)
		}
	case "loop":
		if err == nil || linkErr != nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a link to itself leads somewhere: %v, %v", err, linkErr)
		}
	case "fragments":
		want := make([]byte, 119*8192+100)
		for i := range 120 {
			copy(want[i*8192:], bytes.Repeat([]byte{byte(i)}, 100))
		}
		if err != nil || !bytes.Equal(data, want) {
			t.Errorf("fragments has %d bytes that are not as they were written: %v", len(data), err)
		}
	case "sparse":
		if want := append(make([]byte, 20<<20), "end"...); err != nil || !bytes.Equal(data, want) {
			t.Errorf("sparse has %d bytes that are not as they were written: %v", len(data), err)
		}
	case "reserved":
		if want := append([]byte("written"), make([]byte, 100000-7)...); err != nil || !bytes.Equal(data, want) {
			t.Errorf("reserved has %d bytes that are not as they were written: %v", len(data), err)
		}
	case "Windows/File.txt":
		if data, err := fs.ReadFile(fsys, "windows/FILE.TXT"); err != nil || string(data) != "in\n" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	case "UPPER.TXT":
		for _, written := range []string{name, "upper.txt", "Upper.Txt"} {
			if data, err := fs.ReadFile(fsys, written); err != nil || string(data) != "upper\n" {
				t.Errorf("%s: %q, %v", written, data, err)
			}
		}
	}
}

// TestTreeIsFS holds the tree to what io/fs asks of one.
func TestTreeIsFS(t *testing.T) {
	t.Parallel()
	tree, _ := mountImage(t, "vfat16")
	if err := fstest.TestFS(tree.FS(), "big", "lower.txt", "many/a-name-that-is-long-for-file-7.txt"); err != nil {
		t.Error(err)
	}
}

func TestMount(t *testing.T) {
	t.Parallel()
	tree, _ := mountImage(t, "ext4")
	device := blockfstest.Load(t, "testdata", "vfat12")
	found, err := Identify(device, device.Size)
	if err != nil {
		t.Fatal(err)
	}
	boot, err := Open(device, found)
	if err != nil {
		t.Fatal(err)
	}
	// Directories that were read before have to be forgotten.
	if names, err := tree.List("/link"); err != nil || len(names) != 0 {
		t.Fatalf("%q, %v", names, err)
	}
	if err := tree.Mount("/link", boot); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"/many/deep/UPPER.TXT": "upper\n", "/link/Lower.txt": "lower\n", "/link/../../lower.txt": "lower\n", "/absolute": "lower\n",
	} {
		node, _, err := tree.Walk(name, true)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if data, err := io.ReadAll(io.NewSectionReader(node, 0, node.Info().Size)); err != nil || string(data) != want {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if err := tree.Mount("/lower.txt", boot); err == nil {
		t.Error("a file system was mounted on a file")
	}
	if err := tree.Mount("/absent", boot); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("mounted on what is not there: %v", err)
	}
}

// TestMakeDirectory: what is made is there to be mounted on, and nowhere else.
func TestMakeDirectory(t *testing.T) {
	t.Parallel()
	tree, _ := mountImage(t, "ext4")
	device := blockfstest.Load(t, "testdata", "vfat12")
	found, err := Identify(device, device.Size)
	if err != nil {
		t.Fatal(err)
	}
	boot, err := Open(device, found)
	if err != nil {
		t.Fatal(err)
	}
	before, err := tree.List("/")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/new", "/new/deep/point", "/new/deep/point", "/many"} {
		if err := tree.MakeDirectory(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if names, err := tree.List("/"); err != nil || len(names) != len(before)+1 || !slices.Contains(names, "new") {
		t.Errorf("/ has %q, %v", names, err)
	}
	if names, err := tree.List("/new/deep"); err != nil || !slices.Equal(names, []string{"point"}) {
		t.Errorf("/new/deep has %q, %v", names, err)
	}
	if err := tree.Mount("/new/deep/point", boot); err != nil {
		t.Fatal(err)
	}
	if node, _, err := tree.Walk("/new/deep/point/Lower.txt", true); err != nil || !node.Info().Mode.IsRegular() {
		t.Errorf("what is mounted there is not found: %v", err)
	}
	if err := tree.MakeDirectory("/lower.txt/point"); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("made below a file: %v", err)
	}
	if err := tree.Mount("/new", boot); err != nil {
		t.Fatal(err)
	}
	if _, _, err := tree.Walk("/new/deep", true); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("seen below what was mounted over it: %v", err)
	}
	if fresh, _ := mountImage(t, "ext4"); fresh != nil {
		if _, _, err := fresh.Walk("/new", true); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file system has it: %v", err)
		}
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	start := func(marks map[int]string) []byte {
		data := make([]byte, 256<<10)
		for at, mark := range marks {
			copy(data[at:], mark)
		}
		return data
	}
	id := "\x11\x11\x11\x11\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55\x55"
	const uuid = "11111111-2222-3333-4444-555555555555"
	for name, test := range map[string]struct {
		data []byte
		want Content
	}{
		"nothing":   {start(nil), Content{Blank: true}},
		"something": {start(map[int]string{0: "GRUB"}), Content{}},
		"boot code": {start(map[int]string{510: "\x55\xaa"}), Content{}},
		"swap":      {start(map[int]string{4086: "SWAPSPACE2", 1036: id, 1052: "swap"}), Content{Type: "swap", UUID: uuid, Label: "swap"}},
		"suspended": {start(map[int]string{4086: "S1SUSPEND", 1036: id}), Content{Type: "swsuspend", UUID: uuid}},
		"LUKS 1":    {start(map[int]string{0: "LUKS\xba\xbe\x00\x01", 168: uuid}), Content{Type: "crypto_LUKS", UUID: uuid}},
		"LUKS 2":    {start(map[int]string{0: "LUKS\xba\xbe\x00\x02", 24: "name", 168: uuid}), Content{Type: "crypto_LUKS", UUID: uuid, Label: "name"}},
		"btrfs":     {start(map[int]string{0x10040: "_BHRfS_M", 0x10020: id, 0x1012b: "data"}), Content{Type: "btrfs", UUID: uuid, Label: "data"}},
		"LVM": {
			start(map[int]string{512: "LABELONE", 536: "LVM2 001abcdefghijklmnopqrstuvwxyz012345"}),
			Content{Type: "LVM2_member", UUID: "abcdef-ghij-klmn-opqr-stuv-wxyz-012345"},
		},
		"LVM over ext4": {
			start(map[int]string{512: "LABELONE", 536: "LVM2 001abcdefghijklmnopqrstuvwxyz012345", 0x438: "\x53\xef"}),
			Content{Type: "LVM2_member", UUID: "abcdef-ghij-klmn-opqr-stuv-wxyz-012345"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.want.Size = int64(len(test.data))
			got, err := Identify(bytes.NewReader(test.data), int64(len(test.data)))
			if err != nil || got != test.want {
				t.Errorf("%+v, %v, want %+v", got, err, test.want)
			}
		})
	}
	if got, err := Identify(bytes.NewReader(make([]byte, 1024)), 1024); err != nil || !got.Blank {
		t.Errorf("a tiny device: %+v, %v", got, err)
	}
}

// FuzzFilesystems changes bytes of file systems where they have any. Each five
// bytes of the edits are a sector, an offset in it and a value.
func FuzzFilesystems(f *testing.F) {
	names := []string{"ext2", "ext4", "ext4-meta-bg", "xfs", "xfs-version4", "vfat12", "vfat32", "ntfs"}
	images, sectors := map[string]*blockfstest.Image{}, map[string][]int64{}
	for n, name := range names {
		images[name] = blockfstest.Load(f, "testdata", name)
		for at := range images[name].Sectors {
			sectors[name] = append(sectors[name], at)
		}
		slices.Sort(sectors[name])
		f.Add(uint8(n), []byte{0, 0, 1, 2, 3, 0, 2, 0, 24, 6})
	}
	f.Fuzz(func(t *testing.T, kind uint8, edits []byte) {
		name := names[int(kind)%len(names)]
		original := images[name]
		edited := &blockfstest.Image{Size: original.Size, Sectors: make(map[int64][]byte, len(original.Sectors))}
		for at, sector := range original.Sectors {
			edited.Sectors[at] = sector
		}
		for ; len(edits) >= 5; edits = edits[5:] {
			at := sectors[name][(int(edits[0])<<8|int(edits[1]))%len(sectors[name])]
			edited.Sectors[at] = slices.Clone(edited.Sectors[at])
			edited.Sectors[at][(int(edits[2])<<8|int(edits[3]))%512] = edits[4]
		}
		found, err := Identify(edited, edited.Size)
		if err != nil {
			t.Fatalf("a device that can be read: %v", err)
		}
		root, err := Open(edited, found)
		if err != nil {
			return
		}
		walk(t, NewTree(root), "/", new(int))
	})
}

// walk reads what there is, up to a limit: a directory may lead to itself.
func walk(t *testing.T, tree *Tree, name string, seen *int) {
	names, err := tree.List(name)
	if err != nil {
		return
	}
	for _, child := range names {
		if *seen++; *seen > 300 {
			return
		}
		path := strings.TrimSuffix(name, "/") + "/" + child
		node, _, err := tree.Walk(path, false)
		if err != nil {
			continue
		}
		_, _ = node.Readlink()
		if info := node.Info(); info.Size < 0 {
			t.Fatalf("%s has %d bytes", path, info.Size)
		}
		data := make([]byte, 64<<10)
		if n, err := node.ReadAt(data, 0); n < len(data) && err == nil {
			t.Fatalf("%s gave %d bytes without an error", path, n)
		}
		_, _ = node.ReadAt(data, max(node.Info().Size-1, 0))
		if node.Info().Mode.IsDir() {
			walk(t, tree, path, seen)
		}
	}
}
