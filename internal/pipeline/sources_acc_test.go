package pipeline_test

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// TestAccSourcesBoot migrates one guest from each kind of source it may come
// in, and boots it.
func TestAccSourcesBoot(t *testing.T) {
	requireAcceptance(t)
	if os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		t.Skip("part of the full matrix: set HYPER2KVM_TEST_FULL=1 or run make testacc-full")
	}
	recipe, err := testguest.Lookup(testguest.Flagship)
	if err != nil {
		t.Fatal(err)
	}
	vmdk := build(t, recipe)
	for kind, prepare := range map[manifest.SourceType]func(*testing.T, string) string{
		manifest.SourceOVA:   makeOVA,
		manifest.SourceVHD:   converter("vpc"),
		manifest.SourceQCOW2: converter("qcow2"),
		manifest.SourceRaw:   converter("raw"),
	} {
		t.Run(string(kind), func(t *testing.T) {
			m := migration(prepare(t, vmdk), t.TempDir())
			m.Source.Type = kind
			r, err := pipeline.Run(t.Context(), m, pipeline.Options{Acceleration: "auto"})
			if err != nil {
				t.Fatal(err)
			}
			logStages(t, r)
			if kind == manifest.SourceOVA {
				checkMachine(t, r.Pipeline.Stages[1].Result)
			}
			if result := boot(t, m.OutputPath(), recipe.Firmware); result.State != testguest.StateLogin {
				t.Fatalf("the migrated guest reached %q: %s\n%s", result.State, result.Reason, tail(result.Console))
			}
		})
	}
}

func checkMachine(t *testing.T, inspected json.RawMessage) {
	t.Helper()
	var result struct {
		Machine struct {
			Name      string
			VCPUs     int
			MemoryMiB int64 `json:"memory_mib"`
		}
	}
	if err := json.Unmarshal(inspected, &result); err != nil {
		t.Fatal(err)
	}
	if m := result.Machine; m.Name != "web01" || m.VCPUs != 2 || m.MemoryMiB != 1024 {
		t.Errorf("the descriptor's machine is %+v", m)
	}
}

// converter makes a source with qemu-img.
func converter(format string) func(*testing.T, string) string {
	return func(t *testing.T, vmdk string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "disk."+format)
		out, err := exec.Command("qemu-img", "convert", "-f", "vmdk", "-O", format, vmdk, path).CombinedOutput()
		if err != nil {
			t.Fatalf("qemu-img: %v: %s", err, out)
		}
		return path
	}
}

// makeOVA packs a disk as VMware's exporter does: the descriptor first, then
// the disk, uncompressed.
func makeOVA(t *testing.T, vmdk string) string {
	t.Helper()
	disk, err := os.Open(vmdk)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = disk.Close() }()
	info, err := disk.Stat()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "web01.ova")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(file)
	descriptor := fmt.Sprintf(ovf, info.Size())
	for _, member := range []struct {
		name    string
		size    int64
		content io.Reader
	}{
		{"web01.ovf", int64(len(descriptor)), strings.NewReader(descriptor)},
		{"web01-disk1.vmdk", info.Size(), disk},
	} {
		if err := archive.WriteHeader(&tar.Header{Name: member.name, Size: member.size, Mode: 0o644, Format: tar.FormatUSTAR}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(archive, member.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

const ovf = `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
 <References><File ovf:id="file1" ovf:href="web01-disk1.vmdk" ovf:size="%d"/></References>
 <DiskSection><Info>Disks</Info>
  <Disk ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:capacity="3" ovf:capacityAllocationUnits="byte * 2^30"
   ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
 </DiskSection>
 <VirtualSystem ovf:id="web01"><Info>A machine</Info><Name>web01</Name>
  <VirtualHardwareSection><Info>Hardware</Info>
   <Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
   <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>1024</rasd:VirtualQuantity></Item>
   <Item><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType><rasd:ResourceType>6</rasd:ResourceType></Item>
   <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
  </VirtualHardwareSection>
 </VirtualSystem>
</Envelope>
`
