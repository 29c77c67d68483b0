package source

import (
	"archive/tar"
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/machine"
)

func FuzzOVF(f *testing.F) {
	f.Add([]byte(`<Envelope xmlns:ovf="o" xmlns:rasd="r"><References><File ovf:href="a" ovf:id="f"/></References><DiskSection><Disk ovf:capacity="8" ovf:capacityAllocationUnits="byte * 2^30" ovf:diskId="d" ovf:fileRef="f"/></DiskSection><VirtualSystem ovf:id="web"><Name>n</Name><VirtualHardwareSection><Item><rasd:ResourceType>4</rasd:ResourceType><rasd:AllocationUnits>MegaBytes</rasd:AllocationUnits><rasd:VirtualQuantity>512</rasd:VirtualQuantity></Item><Item><rasd:ResourceType>17</rasd:ResourceType><rasd:HostResource>ovf:/disk/d</rasd:HostResource></Item><Item><rasd:ResourceType>10</rasd:ResourceType><rasd:Address>00-50-56-00-00-01</rasd:Address></Item></VirtualHardwareSection></VirtualSystem></Envelope>`))
	f.Add([]byte(`<Envelope><DeploymentOptionSection><Configuration id="a"/></DeploymentOptionSection><VirtualSystemCollection><VirtualSystem id="a"/><VirtualSystem/></VirtualSystemCollection></Envelope>`))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]><Envelope>&b;</Envelope>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		envelope, err := decodeOVF(text)
		if err != nil {
			return
		}
		for _, wanted := range append(machines(envelope), machines(envelope)...) {
			system, err := chooseMachine(envelope, wanted.ID)
			if err != nil {
				continue
			}
			if m := machine.OfOVF(envelope, system); m.MemoryMiB < 0 || m.VCPUs < 0 {
				t.Errorf("%+v", m)
			}
			disks, _, err := disksOf(envelope, system)
			if err == nil && len(disks) == 0 {
				t.Error("no disks and no error")
			}
			for _, disk := range disks {
				if disk.capacity < 0 {
					t.Errorf("%+v", disk)
				}
			}
		}
	})
}

func FuzzManifestFile(f *testing.F) {
	f.Add([]byte("SHA256(a.vmdk)= 0000000000000000000000000000000000000000000000000000000000000000\n"))
	f.Add([]byte("SHA1 (a (1).vmdk) = 0000000000000000000000000000000000000000\r\n\r\nsha-512(b)=00"))
	f.Add([]byte("SHA1(../x)= 0000000000000000000000000000000000000000"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sums, err := parseManifestFile(data)
		if err != nil {
			return
		}
		for name, list := range sums.digests {
			for _, d := range list {
				h, known := newHash(d.algorithm)
				if !known || len(d.sum) != 2*h.Size() || !filepath.IsLocal(name) || name != filepath.Clean(name) {
					t.Errorf("%q: %+v", name, d)
				}
			}
			if _, _, err := sums.of(name); err != nil && len(sums.unusable) == 0 {
				t.Error(err)
			}
		}
	})
}

func FuzzTar(f *testing.F) {
	for _, format := range []tar.Format{tar.FormatUSTAR, tar.FormatPAX, tar.FormatGNU} {
		var archive bytes.Buffer
		w := tar.NewWriter(&archive)
		for _, name := range []string{"web.ovf", "disks/" + strings.Repeat("long", 20) + ".vmdk"} {
			if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: 5, Format: format}); err != nil {
				f.Fatal(err)
			}
			if _, err := w.Write([]byte("hello")); err != nil {
				f.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		listed, err := listTar(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		var members []tarMember
		for _, m := range listed.files {
			members = append(members, m)
		}
		slices.SortFunc(members, func(a, b tarMember) int { return cmp.Or(cmp.Compare(a.offset, b.offset), cmp.Compare(a.name, b.name)) })
		end := int64(0)
		for _, m := range members {
			if m.offset < end || m.size < 0 || m.offset%sectorSize != 0 || m.offset+m.size > int64(len(data)) || !filepath.IsLocal(m.name) {
				t.Errorf("%+v of %d bytes", m, len(data))
			}
			end = m.offset + m.size
		}
		// The offsets are where the library reads the content.
		n := 0
		err = walkTar(bytes.NewReader(data), func(_ *tar.Header, name string, content io.Reader) error {
			var read bytes.Buffer
			if _, err := read.ReadFrom(content); err != nil {
				return err
			}
			if m := members[n]; m.name != name || !bytes.Equal(data[m.offset:m.offset+m.size], read.Bytes()) {
				t.Errorf("%+v is not where %s is", m, name)
			}
			n++
			return nil
		}, func(string, error) {})
		if err != nil || n != len(members) {
			t.Errorf("%d members, then %d, %v", len(members), n, err)
		}
	})
}

// FuzzHeaders gives arbitrary bytes to the readers of binary headers.
func FuzzHeaders(f *testing.F) {
	sparse := make([]byte, 4096)
	copy(sparse, "KDMV\x01\x00\x00\x00\x03")
	for offset, value := range map[int]uint64{12: 2048, 20: 128, 28: 1, 36: 2, 48: 5, 56: 5, 64: 6} {
		binary.LittleEndian.PutUint64(sparse[offset:], value)
	}
	binary.LittleEndian.PutUint32(sparse[44:], 512)
	f.Add(sparse)
	f.Add(append([]byte("QFI\xfb\x00\x00\x00\x03"), make([]byte, 600)...))
	f.Add(append([]byte("conectix"), make([]byte, 2000)...))
	f.Add(append([]byte("COWD"), make([]byte, 2000)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := section{ReaderAt: bytes.NewReader(data), name: "x", path: "/x", size: int64(len(data)), whole: true}
		if _, err := detect(s); err != nil {
			t.Error(err)
		}
		if header, err := readSparseHeader(s); err == nil {
			_, _, _ = header.descriptor(s)
			_ = header.grains().check(t.Context(), s)
		}
		if g, err := vmfsSparseGrains(s); err == nil {
			_ = g.check(t.Context(), s)
		}
		if header, err := parseQCOW2Header(data); err == nil && header.size < 0 {
			t.Errorf("%+v", header)
		}
		if footer, err := parseVHDFooter(data); err == nil && footer.size < 0 {
			t.Errorf("%+v", footer)
		}
		if header, err := parseVHDHeader(data, s.read); err == nil && header.block == 0 {
			t.Errorf("%+v", header)
		}
		image := vhdImage{section: s, footer: vhdFooter{size: 1 << 20}}
		_ = image.readBlocks()
		_, _ = vhdxItem(s, vhdxParameters, 4)
	})
}
