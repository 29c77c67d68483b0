package source

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProbe(t *testing.T) {
	// What no program is needed for is found without one.
	t.Setenv("PATH", t.TempDir())
	raw := bytes.Repeat([]byte("x"), 1000)
	fixedVHD := append(make([]byte, 512), []byte("conectix")...)
	var compressed bytes.Buffer
	zipper := gzip.NewWriter(&compressed)
	archive := tar.NewWriter(zipper)
	if err := archive.WriteHeader(&tar.Header{Name: "web.ovf", Size: 0, Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	_, _ = archive.Close(), zipper.Close()
	for name, test := range map[string]struct {
		content  []byte
		typ      string
		size     int64
		unpacked int64
		want     string // in the error
	}{
		"raw":                {content: raw, typ: TypeRaw, size: 1024},
		"raw named vmdk":     {content: raw, typ: TypeVMDK, want: "source.type says vmdk"},
		"VHD named raw":      {content: append([]byte("conectix"), fixedVHD...), typ: TypeRaw, want: "is a VHD image"},
		"empty":              {typ: TypeRaw, want: "is empty"},
		"compressed package": {content: compressed.Bytes(), typ: TypeOVA, unpacked: int64(compressed.Len())},
		"damaged VMDK":       {content: []byte("KDMV"), typ: TypeVMDK, want: "damaged"},
		"missing extent": {
			content: []byte("# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\nRW 8 FLAT \"disk-flat.vmdk\" 0\n"),
			typ:     TypeVMDK, want: "disk-flat.vmdk",
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "disk")
			if err := os.WriteFile(path, test.content, 0o600); err != nil {
				t.Fatal(err)
			}
			// A checksum would have all of it read.
			probed, err := Probe(t.Context(), Request{Type: test.typ, Path: path, Checksum: "sha256:wrong"})
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if probed.Unpacked != test.unpacked {
				t.Errorf("unpacking takes %d bytes, want %d", probed.Unpacked, test.unpacked)
			}
			if test.size != 0 && (len(probed.Disks) != 1 || probed.Disks[0].VirtualSize != test.size) {
				t.Errorf("disks %+v, want one of %d bytes", probed.Disks, test.size)
			}
			if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
				t.Errorf("beside the source there is %v (%v)", left, err)
			}
		})
	}
}
