package source_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// TestFlippedBits flips single bits in the headers and tables of every format.
// Whatever comes of it, it is an error that says what to do, or a disk of the
// declared bounds that QEMU can be given; nothing hangs and nothing crashes.
// The full matrix flips more of them.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	flips := 6
	if os.Getenv("HYPER2KVM_TEST_FULL") != "" {
		flips = 300
	}
	for name, test := range map[string]struct {
		kind, format string
		options      []string
	}{
		"vmdk":      {source.TypeVMDK, "vmdk", nil},
		"vmdk flat": {source.TypeVMDK, "vmdk", []string{"subformat=monolithicFlat"}},
		"stream":    {source.TypeVMDK, "vmdk", []string{"subformat=streamOptimized"}},
		"qcow2":     {source.TypeQCOW2, "qcow2", nil},
		"vhd":       {source.TypeVHD, "vpc", nil},
		"vhdx":      {source.TypeVHDX, "vhdx", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := convert(t, newDisk(t), test.format, filepath.Join(dir, "a"), test.options...)
			sound := read(t, path)
			random := rand.New(rand.NewPCG(1, 2))
			for n := range flips {
				data := append([]byte(nil), sound...)
				// Most of what is not zero at the beginning is structure.
				at := random.IntN(min(len(data), 1<<20))
				for data[at] == 0 && at > 0 && random.IntN(50) > 0 {
					at--
				}
				bit := byte(1) << random.IntN(8)
				data[at] ^= bit
				write(t, path, data)
				what := fmt.Sprintf("flip %d: bit %#x at %d", n, bit, at)
				s, err := source.Open(t.Context(), source.Request{Type: test.kind, Path: path, WorkDir: t.TempDir(), MaxVirtualSize: 1 << 40})
				if err != nil {
					requireText(t, what, err)
					continue
				}
				if size := s.Disks[0].VirtualSize; size <= 0 || size > 1<<40 {
					t.Errorf("%s: virtual size %d", what, size)
				}
				out := filepath.Join(dir, "out.qcow2")
				if err := qemuimg.Convert(t.Context(), qemuimg.ConvertOptions{Source: s.Disks[0].Image, Dest: out, Format: "qcow2"}); err != nil {
					requireText(t, what, err)
				}
			}
		})
	}
}

// requireText wants an error of a length that a person reads.
func requireText(t *testing.T, what string, err error) {
	t.Helper()
	if text := err.Error(); len(text) < 10 || len(text) > 2000 {
		t.Errorf("%s: %q", what, text)
	}
}
