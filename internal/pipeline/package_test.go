package pipeline_test

import (
	"archive/tar"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// packagedMachine is a virtual machine of a package.
type packagedMachine struct {
	name string
	// disks are VMDKs in the order of the machine's controller.
	disks []string
}

// makeOVA packs machines into one archive and returns its path.
func makeOVA(t *testing.T, machines ...packagedMachine) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), machines[0].name+".ova")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(file)
	pack(t, machines, func(name string, size int64) io.Writer {
		if err := archive.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o644, Format: tar.FormatUSTAR}); err != nil {
			t.Fatal(err)
		}
		return archive
	})
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// makeOVF puts the files of a package into a directory of their own and returns
// the path of the descriptor.
func makeOVF(t *testing.T, machines ...packagedMachine) string {
	t.Helper()
	directory := t.TempDir()
	pack(t, machines, func(name string, _ int64) io.Writer {
		file, err := os.Create(filepath.Join(directory, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = file.Close() })
		return file
	})
	return filepath.Join(directory, machines[0].name+".ovf")
}

// pack writes a package as VMware's exporter does: the descriptor first, then
// the disks, uncompressed, here with the checksums last. Add begins a file of
// that many bytes.
func pack(t *testing.T, machines []packagedMachine, add func(name string, size int64) io.Writer) {
	t.Helper()
	sums := ""
	write := func(name string, size int64, content io.Reader) {
		hash := sha256.New()
		if _, err := io.Copy(add(name, size), io.TeeReader(content, hash)); err != nil {
			t.Fatal(err)
		}
		sums += fmt.Sprintf("SHA256(%s)= %x\n", name, hash.Sum(nil))
	}
	descriptor := describe(machines)
	write(machines[0].name+".ovf", int64(len(descriptor)), strings.NewReader(descriptor))
	for _, m := range machines {
		for n, disk := range m.disks {
			content, err := os.Open(disk)
			if err != nil {
				t.Fatal(err)
			}
			info, err := content.Stat()
			if err != nil {
				t.Fatal(err)
			}
			write(m.file(n), info.Size(), content)
			_ = content.Close()
		}
	}
	write(machines[0].name+".mf", int64(len(sums)), strings.NewReader(sums))
}

// file is the name of a disk in the package.
func (m packagedMachine) file(disk int) string { return fmt.Sprintf("%s-disk%d.vmdk", m.name, disk+1) }

// describe writes the OVF descriptor of machines with two processors, 1 GiB of
// memory, a SCSI controller and a network card.
func describe(machines []packagedMachine) string {
	references, disks, systems := "", "", ""
	for _, m := range machines {
		drives := ""
		for n := range m.disks {
			file := m.file(n)
			references += fmt.Sprintf(`<File ovf:id="file-%[1]s" ovf:href="%[1]s"/>`, file)
			disks += fmt.Sprintf(`<Disk ovf:diskId="%[1]s" ovf:fileRef="file-%[1]s" ovf:capacity="8" ovf:capacityAllocationUnits="byte * 2^20" `+
				`ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>`, file)
			drives += fmt.Sprintf(`<Item><rasd:AddressOnParent>%d</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/%s</rasd:HostResource>`+
				`<rasd:InstanceID>%d</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>`, n, file, n+10)
		}
		systems += fmt.Sprintf(ovfMachine, m.name, drives)
	}
	if len(machines) > 1 {
		systems = `<VirtualSystemCollection ovf:id="all"><Info>Machines</Info>` + systems + `</VirtualSystemCollection>`
	}
	return fmt.Sprintf(ovfEnvelope, references, disks, systems)
}

const (
	ovfEnvelope = `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
 xmlns:vmw="http://www.vmware.com/schema/ovf">
 <References>%s</References>
 <DiskSection><Info>Disks</Info>%s</DiskSection>
 %s
</Envelope>
`
	ovfMachine = `<VirtualSystem ovf:id="%[1]s"><Info>A machine</Info><Name>%[1]s</Name>
  <VirtualHardwareSection><Info>Hardware</Info>
   <Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
   <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>1024</rasd:VirtualQuantity></Item>
   <Item><rasd:ElementName>SCSI Controller 0</rasd:ElementName><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType><rasd:ResourceType>6</rasd:ResourceType></Item>
   <Item><rasd:Address>00:50:56:9a:01:02</rasd:Address><rasd:Connection>VM Network</rasd:Connection><rasd:ElementName>Network adapter 1</rasd:ElementName><rasd:InstanceID>4</rasd:InstanceID><rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType></Item>
   %[2]s
  </VirtualHardwareSection>
 </VirtualSystem>
`
)
