package libvirt

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"libvirt.org/go/libvirtxml"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func bios() report.Hardware {
	return report.Hardware{
		Name: "web/01", Arch: "x86_64", MachineType: "q35", Firmware: "bios", VCPUs: 4, MemoryMiB: 8192, CPULevel: "x86-64-v2", Clock: "utc",
		Disks: []report.HardwareDisk{{Path: "/d/web & co.qcow2", Format: "qcow2", Bus: "virtio", Serial: "2f3344556677889900aa"}},
		NICs:  []report.HardwareNIC{{Model: "virtio", MAC: "00:50:56:9a:01:02", Network: "VM Network"}, {Model: "virtio"}},
		Video: "vga", RNG: true, GuestAgent: true,
	}
}

// changed is a machine like bios but for what change does.
func changed(change func(*report.Hardware)) report.Hardware {
	h := bios()
	change(&h)
	return h
}

// machines are all kinds of machines, with what their domains must have.
var machines = map[string]struct {
	machine report.Hardware
	want    []string
	not     []string
}{
	"BIOS": {bios(), []string{
		`<domain type="kvm">`, `<name>web-01</name>`, `<memory unit="MiB">8192</memory>`, `<vcpu>4</vcpu>`, `machine="q35"`, `<acpi></acpi>`,
		`file="/d/web &amp; co.qcow2"`, `<target dev="vda" bus="virtio"></target>`, `<serial>2f3344556677889900aa</serial>`, `<boot order="1"></boot>`,
		`<mac address="00:50:56:9a:01:02"></mac>`, `<clock offset="utc">`, `<model type="vga">`, `<topology sockets="1" cores="4" threads="1">`, `org.qemu.guest_agent.0`, `<rng model="virtio">`,
	}, []string{"firmware=", "<tpm", "<smm", "<controller"}},
	"UEFI": {
		changed(func(h *report.Hardware) { h.Firmware = "uefi" }),
		[]string{`<os firmware="efi">`, `<feature enabled="no" name="secure-boot">`, `<feature enabled="no" name="enrolled-keys">`},
		[]string{"<loader", "<smm"},
	},
	"many processors": {
		changed(func(h *report.Hardware) { h.VCPUs = 256 }),
		[]string{`<vcpu>256</vcpu>`, `<ioapic driver="qemu">`, `<iommu model="intel">`, `intremap="on"`, `eim="on"`}, nil,
	},
	"as many processors as go without": {changed(func(h *report.Hardware) { h.VCPUs = 255 }), []string{`<vcpu>255</vcpu>`}, []string{"<iommu", "<ioapic"}},
	"a name of blanks":                 {changed(func(h *report.Hardware) { h.Name = " \t" }), []string{`<name>web &amp; co</name>`}, nil},
	"Secure Boot and TPM": {
		changed(func(h *report.Hardware) { h.Firmware, h.SecureBoot, h.TPM = "uefi", true, true }),
		[]string{`<loader secure="yes">`, `<feature enabled="yes" name="secure-boot">`, `<smm state="on">`, `<tpm model="tpm-crb">`, `version="2.0"`}, nil,
	},
	"Windows": {
		changed(func(h *report.Hardware) {
			h.Clock, h.RNG, h.GuestAgent = "localtime", false, false
			h.Disks = []report.HardwareDisk{{Path: "/d/a.raw", Format: "raw", Bus: "sata"}}
			h.NICs = []report.HardwareNIC{{Model: "e1000e"}}
		}),
		[]string{`<target dev="sda" bus="sata">`, `type="raw"`, `<model type="e1000e">`, `<clock offset="localtime">`},
		[]string{"virtio", "<rng", "<channel"},
	},
	"Windows XP": {
		changed(func(h *report.Hardware) {
			h.Arch, h.MachineType, h.Disks[0].Bus, h.RNG, h.GuestAgent = "i386", "pc", "ide", false, false
			h.NICs = nil
		}),
		[]string{`<target dev="hda" bus="ide">`, `machine="pc"`}, []string{"<interface"},
	},
	"two disks on virtio-scsi": {
		changed(func(h *report.Hardware) {
			h.Name = ""
			h.Disks = []report.HardwareDisk{{Path: "/d/db01.qcow2", Format: "qcow2", Bus: "scsi"}, {Path: "/d/db01-disk2.qcow2", Format: "qcow2", Bus: "scsi"}}
		}),
		[]string{`<name>db01</name>`, `<target dev="sdb" bus="scsi">`, `<boot order="2">`, `<controller type="scsi" index="0" model="virtio-scsi">`},
		[]string{`index="1"`},
	},
	"sectors of 4096 bytes": {
		changed(func(h *report.Hardware) {
			h.Disks[0].SectorSize = 4096
			h.Disks = append(h.Disks, report.HardwareDisk{Path: "/d/data.raw", Format: "raw", Bus: "virtio", SectorSize: 512})
		}),
		[]string{`<blockio logical_block_size="4096" physical_block_size="4096">`}, []string{`"512"`},
	},
	"fifteen disks on virtio-scsi": {
		changed(func(h *report.Hardware) {
			h.Disks[0].Bus = "scsi"
			h.Disks = slices.Repeat(h.Disks, 15)
		}),
		[]string{`index="0" model="virtio-scsi">`, `index="1" model="virtio-scsi">`, `index="2" model="virtio-scsi">`}, []string{`index="3"`},
	},
}

func TestDomainXML(t *testing.T) {
	t.Parallel()
	for name, test := range machines {
		text, err := DomainXML(test.machine)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s has no %s:\n%s", name, want, text)
			}
		}
		for _, not := range test.not {
			if strings.Contains(text, not) {
				t.Errorf("%s has %s:\n%s", name, not, text)
			}
		}
		if err := new(libvirtxml.Domain).Unmarshal(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// libvirt's own schema takes every domain.
func TestDomainXMLIsValid(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("needs xmllint (Debian: libxml2-utils)")
	}
	validate, err := exec.LookPath("virt-xml-validate")
	if err != nil {
		t.Skip("needs virt-xml-validate (Debian: libvirt-clients)")
	}
	for name, test := range machines {
		text, err := DomainXML(test.machine)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "domain.xml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(validate, path, "domain").CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s\n%s", name, err, out, text)
		}
	}
}

// libvirt adds no SCSI controller of its own choice to those that are written.
func TestDomainXMLHasAllControllers(t *testing.T) {
	t.Parallel()
	virsh, err := exec.LookPath("virsh")
	if err != nil {
		t.Skip("needs virsh (Debian: libvirt-clients)")
	}
	text, err := DomainXML(machines["fifteen disks on virtio-scsi"].machine)
	if err != nil {
		t.Fatal(err)
	}
	// libvirt's driver for tests runs no machines, and knows no types of them.
	text = strings.NewReplacer(`type="kvm"`, `type="test"`, `machine="q35"`, "").Replace(text)
	path := filepath.Join(t.TempDir(), "domain.xml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(virsh, "-c", "test:///default", "define "+path+"; dumpxml web-01").CombinedOutput()
	all, ours := strings.Count(string(out), "<controller type='scsi'"), strings.Count(string(out), "model='virtio-scsi'")
	if err != nil || all != 3 || ours != all {
		t.Errorf("%d of %d SCSI controllers are virtio's (%v):\n%s", ours, all, err, out)
	}
}

func TestDomainXMLIsRefused(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*report.Hardware){
		`the architecture "aarch64"`:  func(h *report.Hardware) { h.Arch = "aarch64" },
		"the machine has no disk":     func(h *report.Hardware) { h.Disks = nil },
		"disks[0] has no image":       func(h *report.Hardware) { h.Disks[0].Path = "" },
		`disks[0] has the bus "nvme"`: func(h *report.Hardware) { h.Disks[0].Bus = "nvme" },
		"QEMU's disks on SATA":        func(h *report.Hardware) { h.Disks[0].Bus, h.Disks[0].SectorSize = "sata", 4096 },
		"room for 255":                func(h *report.Hardware) { h.VCPUs, h.MachineType = 256, "pc" },
		"QEMU's disks on IDE":         func(h *report.Hardware) { h.Disks[0].Bus, h.Disks[0].SectorSize = "ide", 4096 },
		"room for four disks on IDE": func(h *report.Hardware) {
			h.Disks[0].Bus = "ide"
			for range 4 {
				h.Disks = append(h.Disks, h.Disks[0])
			}
		},
	} {
		if _, err := DomainXML(changed(change)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestLetters(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "a", 25: "z", 26: "aa", 27: "ab", 701: "zz", 702: "aaa"} {
		if got := letters(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
