package qcow2_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qcow2"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg/qemuimgtest"
)

func requireQEMUImg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("qemu-img is not installed")
	}
}

// rawFile is the content as a sparse file.
func rawFile(t *testing.T, c content) qemuimg.Image {
	t.Helper()
	path := filepath.Join(t.TempDir(), "content.raw")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range c.parts {
		if _, err := f.WriteAt(p.data, p.at); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(f.Truncate(c.size), f.Close()); err != nil {
		t.Fatal(err)
	}
	return qemuimg.Image{Path: path, Format: "raw"}
}

// checkImage has QEMU look for contradictions and compare every byte.
func checkImage(t *testing.T, path string, want qemuimg.Image, c content) {
	t.Helper()
	got := qemuimg.Image{Path: path, Format: "qcow2"}
	if result, err := qemuimg.Check(t.Context(), got); err != nil || result.State != qemuimg.CheckOK {
		t.Errorf("the image is not sound: %+v, %v", result, err)
	}
	if same, detail, err := qemuimgtest.Compare(t.Context(), want, got); err != nil || !same {
		t.Errorf("the image holds something else: %s, %v", detail, err)
	}
	if info, err := qemuimg.GetInfo(t.Context(), got); err != nil || info.VirtualSize != c.size {
		t.Errorf("the virtual size is %d, expected %d (%v)", info.VirtualSize, c.size, err)
	}
}

func TestImagesOfAllKinds(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	for name, c := range contents() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := rawFile(t, c)
			for _, o := range []qcow2.Options{
				{Compression: qcow2.Zlib},
				{Compression: qcow2.Zstd},
				{Compression: qcow2.Zlib, ClusterSize: 4 << 10},
				{Compression: qcow2.Zstd, ClusterSize: 2 << 20},
			} {
				if !slices.Contains(compressions, o.Compression) {
					continue
				}
				if c.size > 1<<30 && o.ClusterSize == 4<<10 {
					continue // its tables alone take long to check
				}
				path := filepath.Join(t.TempDir(), "image.qcow2")
				write(t, path, c, o)
				checkImage(t, path, want, c)
			}
		})
	}
}

func TestAllLevels(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	c := contents()["text"]
	want := rawFile(t, c)
	for _, compression := range compressions {
		t.Run(string(compression), func(t *testing.T) {
			t.Parallel()
			sizes := map[int]int64{}
			for level := range 10 {
				path := filepath.Join(t.TempDir(), "image.qcow2")
				write(t, path, c, qcow2.Options{Compression: compression, Level: level})
				checkImage(t, path, want, c)
				sizes[level] = fileSize(t, path)
			}
			if sizes[1] <= sizes[9] {
				t.Errorf("sizes by level: %v", sizes)
			}
		})
	}
}

func TestSmallestClusters(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	c := contents()["scattered sectors"]
	path := filepath.Join(t.TempDir(), "image.qcow2")
	write(t, path, c, qcow2.Options{ClusterSize: 512})
	checkImage(t, path, rawFile(t, c), c)
}

// TestSizeAgainstQEMU holds the images to those of qemu-img.
func TestSizeAgainstQEMU(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	c := contents()["mixture"]
	source := rawFile(t, c)
	for _, compression := range compressions {
		ours, theirs := filepath.Join(t.TempDir(), "ours"), filepath.Join(t.TempDir(), "theirs")
		write(t, ours, c, qcow2.Options{Compression: compression})
		out, err := exec.Command("qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", "-o", "compression_type="+string(compression),
			source.Path, theirs).CombinedOutput()
		if err != nil {
			t.Fatalf("qemu-img: %v: %s", err, out)
		}
		if ours, theirs := fileSize(t, ours), fileSize(t, theirs); ours > theirs {
			t.Errorf("%s: %d bytes, and qemu-img needs %d", compression, ours, theirs)
		}
	}
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestSameContentMakesTheSameFile(t *testing.T) {
	t.Parallel()
	c := contents()["mixture"]
	var first []byte
	for workers := 1; workers <= 4; workers++ {
		path := filepath.Join(t.TempDir(), "image.qcow2")
		o := qcow2.Options{Size: c.size, Map: c}
		for range workers {
			o.Readers = append(o.Readers, c)
		}
		if err := qcow2.Write(t.Context(), path, o); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		} else if !bytes.Equal(first, data) {
			t.Errorf("%d workers make another file than one", workers)
		}
	}
}

func TestProgressRises(t *testing.T) {
	t.Parallel()
	for name, c := range contents() {
		var seen []float64
		write(t, filepath.Join(t.TempDir(), "image.qcow2"), c, qcow2.Options{
			Compression: compressions[len(compressions)-1], Progress: func(percent float64) { seen = append(seen, percent) },
		})
		last := -1.0
		for _, percent := range seen {
			if percent < last || percent > 100 {
				t.Errorf("%s: progress %v", name, seen)
				break
			}
			last = percent
		}
		if last != 100 {
			t.Errorf("%s: progress ended at %v", name, last)
		}
	}
}

func TestWhatCannotBeWrittenIsRefused(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]qcow2.Options{
		"whole sectors":     {Size: 1000},
		"power of two":      {Size: 512, ClusterSize: 1000},
		"from 512":          {Size: 512, ClusterSize: 256},
		"to 2097152":        {Size: 512, ClusterSize: 4 << 20},
		"larger clusters":   {Size: 1 << 40, ClusterSize: 512},
		"not compressed":    {Size: 512, Compression: "lzma"},
		"range 1 to 9":      {Size: 512, Compression: qcow2.Zstd, Level: 10},
		"level -1":          {Size: 512, Level: -1},
		"at least one read": {Size: 512, Readers: []io.ReaderAt{}},
	} {
		c := content{size: o.Size}
		o.Map = c
		if o.Readers == nil {
			o.Readers = readers(c)
		}
		err := qcow2.Write(t.Context(), filepath.Join(t.TempDir(), "x"), o)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected one with %q", err, want)
		}
	}
}

// failing breaks after some reads.
type failing struct {
	content
	err error
	at  int64
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.at {
		return 0, f.err
	}
	return f.content.ReadAt(p, off)
}

func TestReadFailure(t *testing.T) {
	t.Parallel()
	c := contents()["mixture"]
	broken := errors.New("broken")
	path := filepath.Join(t.TempDir(), "image.qcow2")
	err := qcow2.Write(t.Context(), path, qcow2.Options{
		Size: c.size, Map: c, Readers: []io.ReaderAt{failing{c, broken, 1 << 20}, failing{c, broken, 1 << 20}},
	})
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || bytes.HasPrefix(data, []byte("QFI")) {
		t.Errorf("what was begun looks like an image (%v)", err)
	}
}

// cancelling cancels when it is read at some place.
type cancelling struct {
	content
	cancel context.CancelCauseFunc
}

var errStop = errors.New("stop")

func (c cancelling) ReadAt(p []byte, off int64) (int, error) {
	if off >= 1<<20 {
		c.cancel(errStop)
	}
	return c.content.ReadAt(p, off)
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	c := contents()["mixture"]
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	reader := cancelling{c, cancel}
	path := filepath.Join(t.TempDir(), "image.qcow2")
	err := qcow2.Write(ctx, path, qcow2.Options{Size: c.size, Map: c, Readers: []io.ReaderAt{reader, reader}})
	if !errors.Is(err, errStop) {
		t.Errorf("error %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || bytes.HasPrefix(data, []byte("QFI")) {
		t.Errorf("what was begun looks like an image (%v)", err)
	}
}

// mapped is a map that makes no sense.
type mapped struct{ extents []qcow2.Extent }

func (m mapped) Extents(int64, int64) ([]qcow2.Extent, error) { return m.extents, nil }

func TestSenselessMap(t *testing.T) {
	t.Parallel()
	c := contents()["text"]
	for _, extents := range [][]qcow2.Extent{nil, {{Length: 0}}, {{Length: -512}}, {{Length: c.size + 512}}} {
		err := qcow2.Write(t.Context(), filepath.Join(t.TempDir(), "x"), qcow2.Options{Size: c.size, Map: mapped{extents}, Readers: readers(c)})
		if err == nil {
			t.Errorf("%v was accepted", extents)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	c := contents()["mixture"]
	for _, compression := range compressions {
		b.Run(string(compression), func(b *testing.B) {
			b.SetBytes(c.size)
			for b.Loop() {
				write(b, filepath.Join(b.TempDir(), "image.qcow2"), c, qcow2.Options{Compression: compression})
			}
		})
	}
}
