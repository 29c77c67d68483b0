package initramfs

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// entry is one file of a test archive. A name that ends in / is a directory;
// one with " -> " is a symbolic link.
type entry struct{ name, content string }

func archiveOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := cpio.NewWriter(&out)
	for _, e := range entries {
		header := &cpio.Header{Name: e.name, Mode: cpio.TypeReg | 0o644, Size: int64(len(e.content)), Links: 1}
		if name, target, ok := strings.Cut(e.name, " -> "); ok {
			header.Name, header.Mode, header.Size, e.content = name, cpio.TypeSymlink|0o777, int64(len(target)), target
		} else if strings.HasSuffix(e.name, "/") {
			header.Name, header.Mode = strings.TrimSuffix(e.name, "/"), cpio.TypeDir|0o755
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bzip2Image is an archive that holds conf/modules with the text "bzip2\n":
// neither the standard library nor a dependency writes bzip2.
const bzip2Image = "QlpoOTFBWSZTWb4kiAIAACx/wExQCAAoCP/ANiQUAB8nyhAABCAAdBqRiNGmgANGgBp6g0KHpAAAAAAU9F7aKEwYKMwowQmGAQEgcsotbpRKlRgrI3QhTFBSk1qxbjC9YQcRNaMTjJaqUAzD3KrFGaXMcjVy4A/x4IukgvQRETPxdyRThQkL4kiAIA=="

func compressed(t testing.TB, compression Compression, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var err error
	write := func(w interface {
		Write([]byte) (int, error)
		Close() error
	}, err error,
	) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	switch compression {
	case CompressionNone:
		return data
	case CompressionGzip:
		write(gzip.NewWriter(&out), nil)
	case CompressionXZ:
		w, err := xz.WriterConfig{CheckSum: xz.CRC32}.NewWriter(&out)
		write(w, err)
	case CompressionZstd:
		w, err := zstd.NewWriter(&out)
		write(w, err)
	case CompressionLZMA:
		w, err := lzma.NewWriter(&out)
		write(w, err)
	case CompressionLZ4:
		var frame []byte
		frame, err = compressLZ4(data)
		out.Write(frame)
	case CompressionBzip2:
		frame, decodeErr := base64.StdEncoding.DecodeString(bzip2Image)
		err = decodeErr
		out.Write(frame)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestReadCompressions(t *testing.T) {
	t.Parallel()
	early := archiveOf(t, entry{"kernel/", ""}, entry{"kernel/x86/microcode/GenuineIntel.bin", strings.Repeat("m", 1001)})
	for _, compression := range []Compression{
		CompressionNone, CompressionGzip, CompressionXZ, CompressionZstd,
		CompressionLZ4, CompressionBzip2, CompressionLZMA,
	} {
		for _, padding := range []int{0, 1, 4, 509} {
			t.Run(fmt.Sprintf("%s/%d", compression, padding), func(t *testing.T) {
				t.Parallel()
				main := archiveOf(t,
					entry{"conf/modules", string(compression) + "\n"},
					entry{"usr/lib/modules/6.1.0/kernel/virtio-blk.ko.xz", "x"})
				body := compressed(t, compression, main)
				data := bytes.Join([][]byte{early, make([]byte, 512), body, make([]byte, padding)}, nil)
				follows := padding != 1 && (compression != CompressionLZ4 || padding > 0)
				if follows {
					data = append(data, make([]byte, (4-len(data)%4)%4)...)
					data = append(data, archiveOf(t, entry{"conf/conf.d/last", "RESUME=none\n"})...)
				}
				image, err := Read(bytes.NewReader(data))
				if err != nil {
					t.Fatal(err)
				}
				if got, _ := image.Text("conf/modules"); got != string(compression)+"\n" {
					t.Errorf("conf/modules is %q", got)
				}
				if _, got := image.Text("conf/conf.d/last"); got != follows {
					t.Errorf("last archive read: %v, want %v", got, follows)
				}
				segment := image.Segments[1]
				if compression == CompressionNone { // the padding behind the trailer counts as padding
					body, main = bytes.TrimRight(body, "\x00"), bytes.TrimRight(main, "\x00")
					body, main = append(body, 0), append(main, 0)
				}
				want := Segment{Offset: int64(len(early) + 512), Size: int64(len(body)), Uncompressed: segment.Uncompressed, Compression: compression}
				if diff := cmp.Diff(want, segment); diff != "" {
					t.Error(diff)
				}
				if compression != CompressionBzip2 && segment.Uncompressed != int64(len(main)) {
					t.Errorf("unpacked %d bytes, want %d", segment.Uncompressed, len(main))
				}
				if image.Size != int64(len(data)) {
					t.Errorf("size %d, want %d", image.Size, len(data))
				}
			})
		}
	}
}

func TestReadLearns(t *testing.T) {
	t.Parallel()
	image, err := Read(bytes.NewReader(archiveOf(t,
		entry{"lib -> usr/lib", ""},
		entry{"usr/lib/dracut/hostonly-files", "x"},
		entry{"usr/lib/modules/5.14.0-70.el9/kernel/drivers/block/virtio_blk.ko.xz", "x"},
		entry{"usr/lib/modules/5.14.0-70.el9/kernel/fs/xfs/xfs.ko", "x"},
		entry{"etc/cmdline.d/95resume.conf", " resume=/dev/sda2 rd.md=0\n"},
		entry{"etc/crypttab", "luks-1 UUID=abc none\nswap /dev/sda3 none\n"},
		entry{`usr/lib/dracut/hooks/initqueue/finished/devexists-\x2fdev\x2fdisk\x2fby-uuid\x2fab-cd.sh`, "x"},
		entry{`etc/systemd/system/initrd.target.wants/dev-disk-by\x2duuid-ab\x2dcd.device`, ""},
	)))
	if err != nil {
		t.Fatal(err)
	}
	if image.Generator != GeneratorDracut || !image.HostOnly {
		t.Errorf("generator %s, host-only %v", image.Generator, image.HostOnly)
	}
	if diff := cmp.Diff([]string{"virtio_blk", "xfs"}, image.Modules("5.14.0-70.el9")); diff != "" {
		t.Error(diff)
	}
	want := []Reference{
		{File: "etc/cmdline.d/95resume.conf", Key: "resume", Spec: "/dev/sda2"},
		{File: "etc/crypttab", Spec: "UUID=abc"},
		{File: "etc/crypttab", Spec: "/dev/sda3"},
		{File: `usr/lib/dracut/hooks/initqueue/finished/devexists-\x2fdev\x2fdisk\x2fby-uuid\x2fab-cd.sh`, Spec: "/dev/disk/by-uuid/ab-cd", Wait: true},
		{File: `etc/systemd/system/initrd.target.wants/dev-disk-by\x2duuid-ab\x2dcd.device`, Spec: "/dev/disk/by-uuid/ab-cd", Wait: true},
	}
	if diff := cmp.Diff(want, image.References()); diff != "" {
		t.Error(diff)
	}
}

func TestReadGenerator(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Generator{
		"conf/initramfs.conf":               GeneratorInitramfsTools,
		"lib/dracut/build-parameter.txt":    GeneratorDracut,
		"buildconfig":                       GeneratorMkinitcpio,
		"etc/booster.init.yaml":             GeneratorBooster,
		"run_all.sh":                        GeneratorSUSE,
		"sbin/init":                         GeneratorUnknown,
		"usr/lib/dracut/hooks/cmdline/x.sh": GeneratorDracut,
	} {
		image, err := Read(bytes.NewReader(archiveOf(t, entry{name, "x"})))
		if err != nil {
			t.Fatal(err)
		}
		if image.Generator != want {
			t.Errorf("%s: %s, want %s", name, image.Generator, want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	plain := archiveOf(t, entry{"conf/modules", "x"})
	hugeXZ := compressed(t, CompressionXZ, plain)
	hugeXZ[12+4] = 40 // dictionary of 4 GiB
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"empty":           {nil, "no archive"},
		"only zeros":      {make([]byte, 512), "no archive"},
		"garbage":         {[]byte("garbage here"), "offset 0: neither"},
		"junk behind":     {append(bytes.Clone(plain), "junk junk"...), "neither"},
		"unaligned":       {append([]byte{0}, plain...), "multiple of 4"},
		"cut":             {plain[:60], "unexpected EOF"},
		"cut gzip":        {compressed(t, CompressionGzip, plain)[:60], "unexpected EOF"},
		"cut zstd":        {compressed(t, CompressionZstd, plain)[:60], "unexpected EOF"},
		"cut lz4":         {compressed(t, CompressionLZ4, plain)[:60], "cut short"},
		"lzo":             {[]byte("\x89LZO\x00\x0d\x0a\x1a\x0a"), "lzo is not supported"},
		"large xz window": {hugeXZ, "exceeds the limit"},
		"lz4 then plain":  {append(compressed(t, CompressionLZ4, plain), plain...), "would not be read"},
		"negative size":   {[]byte(strings.Replace(string(plain), "00000001000000", "-0000001000000", 1)), ""},
		"large index": {archiveOf(t, entry{"lib/modules/1/modules.dep", strings.Repeat("x", maxIndex+1)}),
			"exceeds the limit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Read(bytes.NewReader(test.data))
			if test.want == "" {
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestReadUnpackLimit(t *testing.T) {
	t.Parallel()
	used := int64(0)
	_, err := (&budget{r: strings.NewReader("xx"), left: 0, used: &used}).Read(make([]byte, 1))
	if err == nil {
		t.Error("a stream may unpack without bound")
	}
}

// TestReadHost compares with what initramfs-tools' own reader sees in the
// images of this machine.
func TestReadHost(t *testing.T) {
	t.Parallel()
	images, _ := filepath.Glob("/boot/initrd.img-*")
	lister, err := exec.LookPath("lsinitramfs")
	if len(images) == 0 || err != nil {
		t.Skip("no initramfs-tools image on this machine")
	}
	f, err := os.Open(images[0])
	if err != nil {
		t.Skipf("image cannot be read: %v", err)
	}
	t.Cleanup(func() { _ = f.Close() })
	image, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	listing, err := exec.Command(lister, images[0]).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for line := range strings.Lines(string(listing)) {
		if isModule(strings.TrimSpace(line)) {
			want++
		}
	}
	version := strings.TrimPrefix(filepath.Base(images[0]), "initrd.img-")
	if got := len(image.Modules(version)); got != want || image.Generator != GeneratorInitramfsTools {
		t.Errorf("%d modules of %s, want %d", got, image.Generator, want)
	}
}

func FuzzRead(f *testing.F) {
	plain := archiveOf(f, entry{"conf/param.conf", "ROOT=/dev/sda1\n"}, entry{"lib/modules/1/a.ko", "x"})
	for _, compression := range []Compression{
		CompressionNone, CompressionGzip, CompressionXZ, CompressionZstd, CompressionLZ4, CompressionBzip2, CompressionLZMA,
	} {
		f.Add(compressed(f, compression, plain))
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		if image, err := Read(bytes.NewReader(data)); err == nil {
			image.References()
		}
	})
}
