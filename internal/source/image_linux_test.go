package source_test

import (
	"crypto/rand"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg/qemuimgtest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// diskSize is that of the disks in these tests: large enough for two blocks of
// every format.
const diskSize = 4 << 20

func requireQEMUImg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("needs qemu-img (Debian: qemu-utils)")
	}
}

// qemuImg runs the real tool.
func qemuImg(t *testing.T, args ...string) {
	t.Helper()
	requireQEMUImg(t)
	if out, err := exec.Command("qemu-img", args...).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// newDisk writes a raw disk with random data at its beginning, in its middle
// and at its end, and holes between.
func newDisk(t *testing.T) string {
	t.Helper()
	data := make([]byte, diskSize)
	for _, part := range [][]byte{data[:200<<10], data[3<<20 : 3<<20+70000], data[diskSize-4096:]} {
		_, _ = rand.Read(part)
	}
	return write(t, filepath.Join(t.TempDir(), "disk.img"), data)
}

// changedDisk is a copy of a disk with other data in some sectors.
func changedDisk(t *testing.T, disk string) string {
	t.Helper()
	data := read(t, disk)
	for _, part := range [][]byte{data[512:1024], data[2<<20 : 2<<20+10*512], data[3<<20+1024 : 3<<20+2048]} {
		_, _ = rand.Read(part)
	}
	return write(t, filepath.Join(t.TempDir(), "changed.img"), data)
}

func write(t *testing.T, path string, data []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// convert writes disk as an image of a format, options as qemu-img takes them.
func convert(t *testing.T, disk, format, path string, options ...string) string {
	t.Helper()
	args := []string{"convert", "-f", "raw", "-O", format}
	if len(options) > 0 {
		args = append(args, "-o", strings.Join(options, ","))
	}
	qemuImg(t, append(args, disk, path)...)
	return path
}

// patch changes bytes of a file.
func patch(t *testing.T, path string, change func(data []byte) []byte) string {
	t.Helper()
	return write(t, path, change(read(t, path)))
}

func replace(from, to string) func([]byte) []byte {
	return func(data []byte) []byte { return []byte(strings.ReplaceAll(string(data), from, to)) }
}

// truncateTo cuts a file to a part of its length.
func truncateTo(t *testing.T, path string, share float64) string {
	t.Helper()
	return patch(t, path, func(data []byte) []byte { return data[:int(float64(len(data))*share)] })
}

// open opens a source that has to be sound.
func open(t *testing.T, request source.Request) *source.Source {
	t.Helper()
	if request.WorkDir == "" {
		request.WorkDir = t.TempDir()
	}
	s, err := source.Open(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// requireSame compares a disk with the original through the overlay that a
// migration puts on it.
func requireSame(t *testing.T, disk source.Disk, original string) {
	t.Helper()
	overlay := qemuimg.Image{Path: filepath.Join(t.TempDir(), "overlay.qcow2"), Format: "qcow2"}
	if err := qemuimg.CreateOverlay(t.Context(), overlay.Path, disk.Image, disk.VirtualSize); err != nil {
		t.Fatal(err)
	}
	same, detail, err := qemuimgtest.Compare(t.Context(), overlay, qemuimg.Image{Path: original, Format: "raw"})
	if err != nil || !same {
		t.Errorf("%s differs from the original: %s %v", disk.Name, detail, err)
	}
	if disk.VirtualSize < diskSize {
		t.Errorf("virtual size %d", disk.VirtualSize)
	}
}

// sealVHD makes the checksums of a VHD right again.
func sealVHD(data []byte) {
	seal := func(block []byte, at int) {
		binary.BigEndian.PutUint32(block[at:], 0)
		var sum uint32
		for _, b := range block {
			sum += uint32(b)
		}
		binary.BigEndian.PutUint32(block[at:], ^sum)
	}
	seal(data[len(data)-512:], 64)
	if string(data[:8]) == "conectix" {
		seal(data[:512], 64)
		seal(data[512:512+1024], 36)
	}
}
