package source_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// flipIn flips a bit of what the disk holds, where data have it as it is.
func flipIn(t *testing.T, data, disk []byte) []byte {
	t.Helper()
	at := bytes.Index(data, disk[100<<10:][:64])
	if at < 0 {
		t.Fatal("the disk's content is not in the package as it is")
	}
	data = bytes.Clone(data)
	data[at] ^= 1
	return data
}

// TestSumsOfArchives: whatever a package is packed with has a checksum of its content,
// and where no other is there, it is what tells a flipped bit.
func TestSumsOfArchives(t *testing.T) {
	t.Parallel()
	disk := newDisk(t)
	ovf := file{"web.ovf", oneDisk("web-disk1.vmdk", vmdkURI, "")}
	vmdk := file{"web-disk1.vmdk", image(t, disk, "vmdk")}
	packed := func(newWriter func(io.Writer) (io.WriteCloser, error)) []byte {
		return compressed(t, tarOf(t, ovf, vmdk), newWriter)
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"gzip": {packed(func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.NoCompression) }), "checksum"},
		"xz":   {packed(func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }), "checksum"},
		"zstd": {packed(func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }), "CRC"},
		"zip":  {zipOf(t, zip.Store, ovf, vmdk), "crc32 checksum"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opened := func(data []byte, ignore bool) error {
				s, err := source.Open(t.Context(), source.Request{
					Type: source.TypeOVA, Path: saved(t, "web.ova", data), WorkDir: t.TempDir(), IgnoreChecksums: ignore,
				})
				if err != nil {
					return err
				}
				defer s.Close()
				return s.VerifyDigests()
			}
			if err := opened(test.data, false); err != nil {
				t.Errorf("as it was packed: %v", err)
			}
			flipped := flipIn(t, test.data, read(t, disk))
			requireWords(t, opened(flipped, false), test.want, "copy or export")
			if err := opened(flipped, true); name == "zip" && err != nil {
				t.Errorf("with checksums that are not to be compared: %v", err)
			}
		})
	}
}

// TestBehindTheArchive: what follows an archive in its stream is no harm where the stream
// is complete.
func TestBehindTheArchive(t *testing.T) {
	t.Parallel()
	packed := func(t *testing.T, p parts, more int) []byte {
		t.Helper()
		return gz(t, append(tarOf(t, p.ovf, p.vmdk), make([]byte, more)...))
	}
	unpacked := []string{"compressed as a whole"}
	runQuirks(t, map[string]quirk{
		"a filled record":   {warnings: unpacked, build: func(t *testing.T, p parts) []byte { return packed(t, p, 1<<20) }},
		"zeroes of a tape":  {warnings: unpacked, build: func(t *testing.T, p parts) []byte { return append(packed(t, p, 0), make([]byte, 512)...) }},
		"the end of a line": {warnings: unpacked, build: func(t *testing.T, p parts) []byte { return append(packed(t, p, 0), '\n') }},
		"two streams": {warnings: unpacked, build: func(t *testing.T, p parts) []byte {
			data := tarOf(t, p.ovf, p.vmdk)
			return append(append(gz(t, data[:1000]), bytes.Repeat(gz(t, nil), 200)...), gz(t, data[1000:])...)
		}},
		"two streams, of which one is cut off": {failure: "it ends before its content", remedy: "copy or export it again", build: func(t *testing.T, p parts) []byte {
			return append(packed(t, p, 0), gz(t, []byte("more"))[:9]...)
		}},
		"a stream without an end": {failure: "it ends before its content", remedy: "copy or export it again", build: func(t *testing.T, p parts) []byte {
			data := packed(t, p, 0)
			return data[:len(data)-4]
		}},
		"zeroes without an end": {failure: "follow the archive's end", remedy: "copy or export it again", build: func(t *testing.T, p parts) []byte { return packed(t, p, 80<<20) }},
	})
}
