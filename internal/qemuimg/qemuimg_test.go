package qemuimg_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg/qemuimgtest"
)

func requireQEMUImg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("qemu-img is not installed")
	}
}

// rawImage is a file of the given size with random bytes in its first part.
func rawImage(t *testing.T, random, size int64) qemuimg.Image {
	t.Helper()
	data := make([]byte, random)
	_, _ = rand.Read(data)
	path := filepath.Join(t.TempDir(), "disk:1,a=b.img")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	return qemuimg.Image{Path: path, Format: "raw"}
}

func convert(t *testing.T, source qemuimg.Image, format string) qemuimg.Image {
	t.Helper()
	dest := qemuimg.Image{Path: filepath.Join(t.TempDir(), "out."+format), Format: format}
	err := qemuimg.Convert(t.Context(), qemuimg.ConvertOptions{Source: source, Dest: dest.Path, Format: format})
	if err != nil {
		t.Fatal(err)
	}
	return dest
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	source := rawImage(t, 300<<10, 4<<20)
	for _, format := range []string{"raw", "qcow2", "vdi", "vmdk"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			dest := qemuimg.Image{Path: filepath.Join(t.TempDir(), "out"), Format: format}
			var last float64
			err := qemuimg.Convert(t.Context(), qemuimg.ConvertOptions{
				Source: source, Dest: dest.Path, Format: format, Progress: func(p float64) { last = p },
			})
			if err != nil {
				t.Fatal(err)
			}
			if last != 100 {
				t.Errorf("progress ended at %v", last)
			}
			same, detail, err := qemuimgtest.Compare(t.Context(), source, dest)
			if err != nil || !same {
				t.Errorf("Compare = %v, %q, %v", same, detail, err)
			}
			info, err := qemuimg.GetInfo(t.Context(), dest)
			if err != nil || info.Format != format || info.VirtualSize != 4<<20 {
				t.Errorf("GetInfo = %+v, %v", info, err)
			}
		})
	}
}

// TestLayout looks at what the output takes: its size and how much of it is
// allocated, in bytes.
func TestLayout(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	const data, virtual = 300 << 10, 8 << 20
	source := rawImage(t, data, virtual)
	for name, test := range map[string]struct {
		format          string
		layout          qemuimg.Layout
		size, allocated int64 // at least
		clusters        int64
	}{
		"qcow2":          {format: "qcow2", layout: qemuimg.Layout{Preallocation: "off"}, clusters: 64 << 10},
		"qcow2 4K":       {format: "qcow2", layout: qemuimg.Layout{ClusterSize: 4096}, clusters: 4096},
		"qcow2 metadata": {format: "qcow2", layout: qemuimg.Layout{Preallocation: "metadata", ClusterSize: 4096}, size: virtual, clusters: 4096},
		"qcow2 falloc":   {format: "qcow2", layout: qemuimg.Layout{Preallocation: "falloc"}, size: virtual, allocated: virtual, clusters: 64 << 10},
		"qcow2 full":     {format: "qcow2", layout: qemuimg.Layout{Preallocation: "full"}, size: virtual, allocated: virtual, clusters: 64 << 10},
		"raw":            {format: "raw", size: virtual},
		"raw falloc":     {format: "raw", layout: qemuimg.Layout{Preallocation: "falloc"}, size: virtual, allocated: virtual},
		"raw full":       {format: "raw", layout: qemuimg.Layout{Preallocation: "full"}, size: virtual, allocated: virtual},
		"vdi":            {format: "vdi", clusters: 1 << 20},
		"vdi metadata":   {format: "vdi", layout: qemuimg.Layout{Preallocation: "metadata"}, size: virtual, clusters: 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dest := qemuimg.Image{Path: filepath.Join(t.TempDir(), "out"), Format: test.format}
			err := qemuimg.Convert(t.Context(), qemuimg.ConvertOptions{Source: source, Dest: dest.Path, Format: test.format, Layout: test.layout})
			if err != nil {
				t.Fatal(err)
			}
			if same, detail, err := qemuimgtest.Compare(t.Context(), source, dest); err != nil || !same {
				t.Errorf("Compare = %v, %q, %v", same, detail, err)
			}
			info, err := qemuimg.GetInfo(t.Context(), dest)
			if err != nil || info.ClusterSize != test.clusters {
				t.Errorf("clusters of %d bytes, %v", info.ClusterSize, err)
			}
			file, err := os.Stat(dest.Path)
			if err != nil || file.Size() < max(test.size, data) || info.ActualSize < max(test.allocated, data) {
				t.Errorf("%d bytes, %d of them allocated (%v)", file.Size(), info.ActualSize, err)
			}
			// Sparse is what nobody asked to fill.
			if test.allocated == 0 && info.ActualSize > virtual/2 {
				t.Errorf("%d bytes are allocated", info.ActualSize)
			}
			required, err := qemuimg.Measure(t.Context(), source, test.format, test.layout)
			if err != nil || required < data || (required >= virtual) != (test.allocated > 0) {
				t.Errorf("Measure = %d, %v", required, err)
			}
		})
	}
}

func TestCompareFindsTheDifference(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	same, detail, err := qemuimgtest.Compare(t.Context(), rawImage(t, 4096, 1<<20), rawImage(t, 4096, 1<<20))
	if err != nil || same || !strings.Contains(detail, "mismatch") {
		t.Errorf("Compare = %v, %q, %v", same, detail, err)
	}
	if _, _, err := qemuimgtest.Compare(t.Context(), rawImage(t, 0, 512), qemuimg.Image{Path: "/missing", Format: "raw"}); err == nil {
		t.Error("a missing image was compared")
	}
}

func TestOverlay(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	raw := rawImage(t, 64<<10, 1<<20)
	vmdk := convert(t, raw, "vmdk")
	inside, err := os.ReadFile(vmdk.Path)
	if err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(t.TempDir(), "x.ova")
	if err := os.WriteFile(archive, append(make([]byte, 1536), append(inside, make([]byte, 1024)...)...), 0o600); err != nil {
		t.Fatal(err)
	}
	backings := map[string]qemuimg.Image{
		"file":       vmdk,
		"standalone": {Path: vmdk.Path, Format: "vmdk", Standalone: true},
		"window":     {Path: archive, Format: "vmdk", Offset: 1536, Size: int64(len(inside))},
		"raw":        raw,
	}
	for name, backing := range backings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overlay := qemuimg.Image{Path: filepath.Join(t.TempDir(), "overlay.qcow2"), Format: "qcow2"}
			if err := qemuimg.CreateOverlay(t.Context(), overlay.Path, backing, 0); err != nil {
				t.Fatal(err)
			}
			if same, detail, err := qemuimgtest.Compare(t.Context(), raw, overlay); err != nil || !same {
				t.Errorf("Compare = %v, %q, %v", same, detail, err)
			}
			chain, err := qemuimg.GetInfoChain(t.Context(), overlay)
			if err != nil || len(chain) != 2 || chain[0].BackingFormat != backing.Format {
				t.Errorf("GetInfoChain = %+v, %v", chain, err)
			}
		})
	}
}

func TestOverlayNameTooLong(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	raw := rawImage(t, 512, 512)
	long := qemuimg.Image{Path: raw.Path, Format: "raw", Options: map[string]string{"x": strings.Repeat("y", 2000)}, Size: 512}
	long.Path = "/" + strings.Repeat("d/", 600) + "x"
	err := qemuimg.CreateOverlay(t.Context(), filepath.Join(t.TempDir(), "o"), long, 0)
	if err == nil || !strings.Contains(err.Error(), "1023") {
		t.Errorf("error %v", err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	raw := rawImage(t, 1<<20, 4<<20)
	patched := func(t *testing.T, patch func(data []byte)) qemuimg.Image {
		image := convert(t, raw, "qcow2")
		data, err := os.ReadFile(image.Path)
		if err != nil {
			t.Fatal(err)
		}
		patch(data)
		if err := os.WriteFile(image.Path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return image
	}
	firstEntry := func(data []byte) []byte {
		l2 := data[binary.BigEndian.Uint64(data[binary.BigEndian.Uint64(data[40:]):])&0x00fffffffffffe00:]
		return l2[:8]
	}
	tests := map[string]struct {
		image func(t *testing.T) qemuimg.Image
		want  qemuimg.CheckState
		cause error
	}{
		"sound": {
			image: func(t *testing.T) qemuimg.Image { return convert(t, raw, "qcow2") },
			want:  qemuimg.CheckOK,
		},
		"unsupported": {
			image: func(*testing.T) qemuimg.Image { return raw },
			want:  qemuimg.CheckUnsupported,
		},
		"leaks": {
			image: func(t *testing.T) qemuimg.Image {
				return patched(t, func(data []byte) { clear(firstEntry(data)) })
			},
			want: qemuimg.CheckLeaks,
		},
		"corrupt": {
			image: func(t *testing.T) qemuimg.Image {
				return patched(t, func(data []byte) { binary.BigEndian.PutUint64(firstEntry(data), 1<<63|0x7f0000) })
			},
			want:  qemuimg.CheckCorrupt,
			cause: qemuimg.ErrCorrupt,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, err := qemuimg.Check(t.Context(), test.image(t))
			if result.State != test.want || !errors.Is(err, test.cause) {
				t.Errorf("Check = %+v, %v; want %s, %v", result, err, test.want, test.cause)
			}
		})
	}
}

func TestErrorsNameTheFile(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	raw := rawImage(t, 512, 512)
	_, err := qemuimg.GetInfo(t.Context(), qemuimg.Image{Path: raw.Path, Format: "qcow2"})
	if err == nil || !strings.Contains(err.Error(), raw.Path) || !strings.Contains(err.Error(), "qcow2 format") {
		t.Errorf("error %v", err)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	version, err := qemuimg.Version(t.Context())
	if err != nil || !strings.Contains(version, ".") {
		t.Errorf("Version = %q, %v", version, err)
	}
}

func TestCancelledBeforeStart(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := qemuimg.Version(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
