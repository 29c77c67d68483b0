package source_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ulikunitz/xz"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// file is a file of a package.
type file struct {
	name string
	data []byte
}

// envelope is a descriptor with the given references, disks and machines.
func envelope(references, disks, machines string) []byte {
	return []byte(`<?xml version="1.0" encoding="UTF-8"?>
<Envelope vmw:buildId="build-1" xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
 xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData" xmlns:vmw="http://www.vmware.com/schema/ovf">
 <References>` + references + `</References>
 <DiskSection><Info>Disks</Info>` + disks + `</DiskSection>
 <NetworkSection><Info>Networks</Info><Network ovf:name="VM Network"/></NetworkSection>
 ` + machines + `
</Envelope>`)
}

// machine is a virtual machine with disks.
func machine(id string, disks ...string) string {
	items := ""
	for n, disk := range disks {
		items += fmt.Sprintf(`<Item><rasd:AddressOnParent>%d</rasd:AddressOnParent><rasd:ElementName>Hard disk</rasd:ElementName><rasd:HostResource>ovf:/disk/%s</rasd:HostResource><rasd:InstanceID>%d</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>`, n, disk, n+10)
	}
	return fmt.Sprintf(`<VirtualSystem ovf:id="%s"><Info>A machine</Info><Name>%s by name</Name>
 <OperatingSystemSection ovf:id="96" vmw:osType="debian12_64Guest"><Info>Guest</Info></OperatingSystemSection>
 <VirtualHardwareSection><Info>Hardware</Info>
  <System><vssd:ElementName>Virtual Hardware Family</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemType>vmx-19</vssd:VirtualSystemType></System>
  <Item><rasd:AllocationUnits>hertz * 10^6</rasd:AllocationUnits><rasd:ElementName>4 CPUs</rasd:ElementName><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>4</rasd:VirtualQuantity></Item>
  <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:ElementName>Memory</rasd:ElementName><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>2048</rasd:VirtualQuantity></Item>
  <Item><rasd:ElementName>SCSI Controller 0</rasd:ElementName><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType><rasd:ResourceType>6</rasd:ResourceType></Item>
  <Item><rasd:ElementName>SATA Controller 0</rasd:ElementName><rasd:InstanceID>4</rasd:InstanceID><rasd:ResourceSubType>vmware.sata.ahci</rasd:ResourceSubType><rasd:ResourceType>20</rasd:ResourceType></Item>
  <Item><rasd:ElementName>VMCI device</rasd:ElementName><rasd:InstanceID>5</rasd:InstanceID><rasd:ResourceSubType>vmware.vmci</rasd:ResourceSubType><rasd:ResourceType>1</rasd:ResourceType></Item>
  <Item><rasd:Address>00:50:56:AB:CD:EF</rasd:Address><rasd:Connection>VM Network</rasd:Connection><rasd:ElementName>Network adapter 1</rasd:ElementName><rasd:InstanceID>6</rasd:InstanceID><rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType><vmw:Config xmlns:vmw="http://www.vmware.com/schema/ovf" ovf:required="false" vmw:key="slotInfo.pciSlotNumber" vmw:value="192"/></Item>
  %s
  <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>
 </VirtualHardwareSection></VirtualSystem>`, id, id, items)
}

const (
	reference = `<File ovf:href="%s" ovf:id="file%d" ovf:size="1"%s/>`
	diskEntry = `<Disk ovf:capacity="8" ovf:capacityAllocationUnits="byte * 2^20" ovf:diskId="vmdisk%d" ovf:fileRef="file%d" ovf:format="%s"/>`
	vmdkURI   = "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"
)

// oneDisk describes a machine with one disk in the given file.
func oneDisk(href, format, attributes string) []byte {
	return envelope(fmt.Sprintf(reference, href, 1, attributes), fmt.Sprintf(diskEntry, 1, 1, format), machine("web", "vmdisk1"))
}

// sums is the .mf file of a package.
func sums(algorithm string, newHash func() hash.Hash, files ...file) file {
	var lines strings.Builder
	for _, f := range files {
		h := newHash()
		h.Write(f.data)
		fmt.Fprintf(&lines, "%s(%s)= %s\n", algorithm, f.name, hex.EncodeToString(h.Sum(nil)))
	}
	return file{"web.mf", []byte(lines.String())}
}

func tarOf(t *testing.T, files ...file) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.data)), Format: tar.FormatUSTAR}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zipOf(t *testing.T, method uint16, files ...file) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		into, err := w.CreateHeader(&zip.FileHeader{Name: f.name, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := into.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func compressed(t *testing.T, data []byte, newWriter func(io.Writer) (io.WriteCloser, error)) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := newWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gz(t *testing.T, data []byte) []byte {
	t.Helper()
	return compressed(t, data, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, 1) })
}

// image is disk in a format, as bytes.
func image(t *testing.T, disk, format string, options ...string) []byte {
	t.Helper()
	return read(t, convert(t, disk, format, filepath.Join(t.TempDir(), "x"), options...))
}

func stream(t *testing.T, disk string) []byte {
	t.Helper()
	return image(t, disk, "vmdk", "subformat=streamOptimized")
}

func saved(t *testing.T, name string, data []byte) string {
	t.Helper()
	return write(t, filepath.Join(t.TempDir(), name), data)
}

// TestPackages opens packages of all sorts and compares their disks with what
// was packed.
func TestPackages(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	tests := map[string]struct {
		kind  string
		build func(t *testing.T, disk, second string) source.Request
		// disks is how many there are; temporary says that they were unpacked.
		disks     int
		temporary bool
		format    string
		warning   string
	}{
		"ova": {disks: 1, format: "vmdk", build: func(t *testing.T, disk, _ string) source.Request {
			ovf, vmdk := file{"web.ovf", oneDisk("web-disk1.vmdk", vmdkURI, "")}, file{"web-disk1.vmdk", stream(t, disk)}
			return source.Request{Path: saved(t, "web.ova", tarOf(t, ovf, sums("SHA256", sha256.New, ovf, vmdk), vmdk))}
		}},
		"ova with SHA1, blanks and ./ names": {disks: 1, format: "vmdk", build: func(t *testing.T, disk, _ string) source.Request {
			ovf, vmdk := file{"web.ovf", oneDisk("web-disk1.vmdk", vmdkURI, "")}, file{"web-disk1.vmdk", stream(t, disk)}
			mf := sums("SHA1", sha1.New, ovf, vmdk)
			mf.data = []byte(strings.ReplaceAll(string(mf.data), "(", " ("))
			return source.Request{Path: saved(t, "web.ova", tarOf(t, file{"./" + ovf.name, ovf.data}, file{"./" + vmdk.name, vmdk.data}, mf))}
		}},
		"ova with two disks in folders, in the order of the hardware": {disks: 2, format: "vmdk", build: func(t *testing.T, disk, second string) source.Request {
			ovf := file{"web.ovf", envelope(fmt.Sprintf(reference+reference, "disks/b.vmdk", 1, "", "disks/a.vmdk", 2, ""),
				fmt.Sprintf(diskEntry+diskEntry, 1, 1, vmdkURI, 2, 2, vmdkURI), machine("web", "vmdisk2", "vmdisk1"))}
			a, b := file{"disks/a.vmdk", stream(t, disk)}, file{"disks/b.vmdk", stream(t, second)}
			return source.Request{Path: saved(t, "web.ova", tarOf(t, ovf, b, a, sums("SHA512", sha512.New, a, ovf, b)))}
		}},
		"ova whose drives are not listed in their order": {disks: 2, format: "vmdk", build: func(t *testing.T, disk, second string) source.Request {
			system := machine("web", "vmdisk2", "vmdisk1")
			system = strings.NewReplacer(">0</rasd:AddressOnParent>", ">1</rasd:AddressOnParent>", ">1</rasd:AddressOnParent>", ">0</rasd:AddressOnParent>").Replace(system)
			ovf := envelope(fmt.Sprintf(reference+reference, "a.vmdk", 1, "", "b.vmdk", 2, ""), fmt.Sprintf(diskEntry+diskEntry, 1, 1, vmdkURI, 2, 2, vmdkURI), system)
			return source.Request{Path: saved(t, "web.ova", tarOf(t, file{"web.ovf", ovf}, file{"a.vmdk", stream(t, disk)}, file{"b.vmdk", stream(t, second)}))}
		}},
		"ova with qcow2": {disks: 1, format: "qcow2", build: func(t *testing.T, disk, _ string) source.Request {
			return source.Request{Path: saved(t, "web.ova", tarOf(t, file{"vm.ovf", oneDisk("images/1", "http://www.gnome.org/~markmc/qcow-image-format.html", "")}, file{"images/1", image(t, disk, "qcow2")}))}
		}},
		"ova with raw": {disks: 1, format: "raw", build: func(t *testing.T, disk, _ string) source.Request {
			return source.Request{Path: saved(t, "web.ova", tarOf(t, file{"vm.ovf", oneDisk("a.img", "http://example.com/raw", "")}, file{"a.img", read(t, disk)}))}
		}},
		"ova with vhd": {disks: 1, format: "vpc", build: func(t *testing.T, disk, _ string) source.Request {
			return source.Request{Path: saved(t, "web.ova", tarOf(t, file{"vm.ovf", oneDisk("a.vhd", "x", "")}, file{"a.vhd", image(t, disk, "vpc", "subformat=fixed")}))}
		}},
		"ova with a checksum missing": {disks: 1, format: "vmdk", warning: "no checksum of web-disk1.vmdk", build: func(t *testing.T, disk, _ string) source.Request {
			ovf, vmdk := file{"web.ovf", oneDisk("web-disk1.vmdk", vmdkURI, "")}, file{"web-disk1.vmdk", stream(t, disk)}
			return source.Request{Path: saved(t, "web.ova", tarOf(t, ovf, sums("SHA256", sha256.New, ovf), vmdk))}
		}},
		"ova whose wrong checksum is ignored": {disks: 1, format: "vmdk", build: func(t *testing.T, disk, _ string) source.Request {
			ovf, vmdk := file{"web.ovf", oneDisk("web-disk1.vmdk", vmdkURI, "")}, file{"web-disk1.vmdk", stream(t, disk)}
			mf := sums("SHA256", sha256.New, file{vmdk.name, nil})
			return source.Request{Path: saved(t, "web.ova", tarOf(t, ovf, mf, vmdk)), IgnoreChecksums: true}
		}},
		"ova with its own checksum given": {disks: 1, format: "vmdk", build: func(t *testing.T, disk, _ string) source.Request {
			data := tarOf(t, file{"web.ovf", oneDisk("web-disk1.vmdk", vmdkURI, "")}, file{"web-disk1.vmdk", stream(t, disk)})
			sum := sha256.Sum256(data)
			return source.Request{Path: saved(t, "web.ova", data), Checksum: "sha256:" + strings.ToUpper(hex.EncodeToString(sum[:]))}
		}},
		"ova of several machines, by id": {disks: 1, format: "vmdk", build: func(t *testing.T, disk, second string) source.Request {
			return source.Request{Path: twoMachines(t, second, disk), VM: "db"}
		}},
		"ova of several machines, by name": {disks: 1, format: "vmdk", build: func(t *testing.T, disk, second string) source.Request {
			return source.Request{Path: twoMachines(t, second, disk), VM: "db by name"}
		}},
		"ova with an empty disk": {disks: 1, format: "vmdk", warning: "empty", build: func(t *testing.T, disk, _ string) source.Request {
			ovf := envelope(fmt.Sprintf(reference, "a.vmdk", 1, ""), fmt.Sprintf(diskEntry, 1, 1, vmdkURI)+`<Disk ovf:capacity="8" ovf:diskId="vmdisk2"/>`, machine("web", "vmdisk2", "vmdisk1"))
			return source.Request{Path: saved(t, "web.ova", tarOf(t, file{"web.ovf", ovf}, file{"a.vmdk", stream(t, disk)}))}
		}},
		"ova with a compressed disk": {disks: 1, format: "vmdk", temporary: true, build: func(t *testing.T, disk, _ string) source.Request {
			ovf, vmdk := file{"web.ovf", oneDisk("a.vmdk.gz", vmdkURI, ` ovf:compression="gzip"`)}, file{"a.vmdk.gz", gz(t, stream(t, disk))}
			return source.Request{Path: saved(t, "web.ova", tarOf(t, ovf, vmdk, sums("SHA256", sha256.New, vmdk)))}
		}},
		"ova with a chunked disk": {disks: 1, format: "vmdk", temporary: true, build: func(t *testing.T, disk, _ string) source.Request {
			data := stream(t, disk)
			half := len(data) / 2
			return source.Request{Path: saved(t, "web.ova", tarOf(t, file{"web.ovf", oneDisk("a.vmdk", vmdkURI, fmt.Sprintf(` ovf:chunkSize="%d"`, half))},
				file{"a.vmdk.000000000", data[:half]}, file{"a.vmdk.000000001", data[half:]}))}
		}},
		"ova with a compressed and chunked disk": {disks: 1, format: "vmdk", temporary: true, build: func(t *testing.T, disk, _ string) source.Request {
			data := gz(t, stream(t, disk))
			half := len(data) / 2
			return source.Request{Path: saved(t, "web.ova", tarOf(t, file{"web.ovf", oneDisk("a.vmdk.gz", vmdkURI, fmt.Sprintf(` ovf:compression="gzip" ovf:chunkSize="%d"`, half))},
				file{"a.vmdk.gz.000000000", data[:half]}, file{"a.vmdk.gz.000000001", data[half:]}))}
		}},
		"ova compressed with gzip": {disks: 1, format: "vmdk", temporary: true, warning: "unpacked", build: func(t *testing.T, disk, _ string) source.Request {
			data := tarOf(t, file{"a.vmdk", stream(t, disk)}, file{"web.ovf", oneDisk("a.vmdk", vmdkURI, "")})
			return source.Request{Path: saved(t, "web.ova.gz", gz(t, data))}
		}},
		"ova compressed with xz": {disks: 1, format: "vmdk", temporary: true, warning: "unpacked", build: func(t *testing.T, disk, _ string) source.Request {
			data := tarOf(t, file{"web.ovf", oneDisk("a.vmdk", vmdkURI, "")}, file{"a.vmdk", stream(t, disk)})
			return source.Request{Path: saved(t, "web.tar.xz", compressed(t, data, func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }))}
		}},
		"ova as zip": {disks: 1, format: "vmdk", temporary: true, build: func(t *testing.T, disk, _ string) source.Request {
			return source.Request{Path: saved(t, "web.zip", zipOf(t, zip.Deflate, file{"web/web.ovf", oneDisk("a.vmdk", vmdkURI, "")}, file{"web/a.vmdk", stream(t, disk)}))}
		}},
		"ova as zip without compression": {disks: 1, format: "vpc", build: func(t *testing.T, disk, _ string) source.Request {
			return source.Request{Path: saved(t, "web.zip", zipOf(t, zip.Store, file{"web.ovf", oneDisk("a.vhd", "x", "")}, file{"a.vhd", image(t, disk, "vpc", "subformat=fixed")}))}
		}},
		"ovf": {kind: source.TypeOVF, disks: 1, format: "vmdk", build: func(t *testing.T, disk, _ string) source.Request {
			dir := t.TempDir()
			ovf, vmdk := file{"web.ovf", oneDisk("disks/a%20disk.vmdk", vmdkURI, "")}, file{"disks/a disk.vmdk", stream(t, disk)}
			for _, f := range []file{ovf, vmdk, sums("SHA256", sha256.New, ovf, vmdk)} {
				write(t, filepath.Join(dir, f.name), f.data)
			}
			return source.Request{Path: filepath.Join(dir, "web.ovf")}
		}},
		"ovf with a split disk": {kind: source.TypeOVF, disks: 1, format: "vmdk", build: func(t *testing.T, disk, _ string) source.Request {
			dir := t.TempDir()
			convert(t, disk, "vmdk", filepath.Join(dir, "a.vmdk"), "subformat=twoGbMaxExtentSparse")
			return source.Request{Path: write(t, filepath.Join(dir, "web.ovf"), oneDisk("a.vmdk", vmdkURI, ""))}
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			disk := newDisk(t)
			originals := []string{disk, newDisk(t)}
			request := test.build(t, originals[0], originals[1])
			request.Type = test.kind
			if request.Type == "" {
				request.Type = source.TypeOVA
			}
			request.WorkDir = t.TempDir()
			s := open(t, request)
			if len(s.Disks) != test.disks {
				t.Fatalf("%d disks: %+v", len(s.Disks), s.Disks)
			}
			for n, disk := range s.Disks {
				if disk.Format != test.format || disk.Temporary != test.temporary {
					t.Errorf("%+v", disk)
				}
				requireSame(t, disk, originals[n])
			}
			if warnings := s.WarningText(); test.warning == "" && warnings != "" || !strings.Contains(warnings, test.warning) {
				t.Errorf("warnings %q, want %q", warnings, test.warning)
			}
			if made, err := os.ReadDir(request.WorkDir); err != nil || len(made) > 0 && !test.temporary {
				t.Errorf("the work directory holds %v, %v", made, err)
			}
			if err := errors.Join(s.Verify(), s.VerifyDigests()); err != nil {
				t.Error(err)
			}
		})
	}
}

// twoMachines packs two machines with a disk each.
func twoMachines(t *testing.T, first, second string) string {
	t.Helper()
	ovf := envelope(fmt.Sprintf(reference+reference, "a.vmdk", 1, "", "b.vmdk", 2, ""), fmt.Sprintf(diskEntry+diskEntry, 1, 1, vmdkURI, 2, 2, vmdkURI),
		`<VirtualSystemCollection ovf:id="app"><Info>Two</Info>`+machine("web", "vmdisk1")+machine("db", "vmdisk2")+`</VirtualSystemCollection>`)
	return saved(t, "app.ova", tarOf(t, file{"app.ovf", ovf}, file{"a.vmdk", stream(t, first)}, file{"b.vmdk", stream(t, second)}))
}

func TestMachine(t *testing.T) {
	t.Parallel()
	path := saved(t, "web.ova", tarOf(t, file{"web.ovf", oneDisk("a.vmdk", vmdkURI, "")}, file{"a.vmdk", stream(t, newDisk(t))}))
	got := open(t, source.Request{Type: source.TypeOVA, Path: path}).Machine
	want := &report.Machine{
		ID: "web", Name: "web by name", GuestType: "debian12_64Guest", VCPUs: 4, MemoryMiB: 2048, Firmware: "uefi",
		NICs: []report.NIC{{Name: "Network adapter 1", MAC: "00:50:56:ab:cd:ef", Network: "VM Network", Model: "VmxNet3", Slot: 192}},
		Controllers: []report.Controller{
			{Name: "SCSI Controller 0", Bus: "scsi", Model: "VirtualSCSI"},
			{Name: "SATA Controller 0", Bus: "sata", Model: "vmware.sata.ahci"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// tarWithLink is a sound package with a link in it.
func tarWithLink(t *testing.T, p parts, name, target string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range []file{p.ovf, p.vmdk} {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
