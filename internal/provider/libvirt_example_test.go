package provider

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	"libvirt.org/go/libvirtxml"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/machine"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// migratedGuest is what an example with a domain takes from its migration.
type migratedGuest struct {
	outputPath string
	machine    report.Hardware
}

// values are the migration as the example's expressions see it.
func (m migratedGuest) values() map[string]cty.Value {
	text := func(value string) cty.Value {
		if value == "" {
			return cty.NullVal(cty.String)
		}
		return cty.StringVal(value)
	}
	disks, nics := []cty.Value{}, []cty.Value{}
	for _, disk := range m.machine.Disks {
		disks = append(disks, cty.ObjectVal(map[string]cty.Value{
			"path": text(disk.Path), "format": text(disk.Format), "bus": text(disk.Bus), "serial": text(disk.Serial), "virtual_size": cty.NumberIntVal(disk.VirtualSize),
			"sector_size": cty.NumberIntVal(int64(disk.SectorSize)),
		}))
	}
	for _, nic := range m.machine.NICs {
		nics = append(nics, cty.ObjectVal(map[string]cty.Value{"model": text(nic.Model), "mac": text(nic.MAC), "network": text(nic.Network)}))
	}
	h := m.machine
	return map[string]cty.Value{
		"output_path": cty.StringVal(m.outputPath),
		"machine": cty.ObjectVal(map[string]cty.Value{
			"name": text(h.Name), "arch": text(h.Arch), "machine_type": text(h.MachineType), "firmware": text(h.Firmware),
			"secure_boot": cty.BoolVal(h.SecureBoot), "tpm": cty.BoolVal(h.TPM), "vcpus": cty.NumberIntVal(int64(h.VCPUs)),
			"memory_mib": cty.NumberIntVal(h.MemoryMiB), "cpu_level": text(h.CPULevel), "clock": text(h.Clock),
			"disks": cty.TupleVal(disks), "nics": cty.TupleVal(nics), "video": text(h.Video), "rng": cty.BoolVal(h.RNG), "guest_agent": cty.BoolVal(h.GuestAgent),
		}),
	}
}

// overlayPath is where libvirt puts the volume of an example.
const overlayPath = "/var/lib/libvirt/images/overlay.qcow2"

// libvirtExample is an example with a libvirt domain.
type libvirtExample struct {
	t         *testing.T
	resources map[string]*hclsyntax.Body // by type
}

func readLibvirtExample(t *testing.T, name string) *libvirtExample {
	t.Helper()
	file, diags := hclparse.NewParser().ParseHCLFile(filepath.Join("..", "..", "examples", name, "main.tf"))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	e := &libvirtExample{t: t, resources: map[string]*hclsyntax.Body{}}
	for _, block := range must[*hclsyntax.Body](file.Body).Blocks {
		if block.Type == "resource" {
			e.resources[block.Labels[0]] = block.Body
		}
	}
	return e
}

// attributes returns a resource's attributes with m for its migration.
func (e *libvirtExample) attributes(of string, m migratedGuest) map[string]cty.Value {
	e.t.Helper()
	values := map[string]cty.Value{}
	body := e.resources[of]
	if body == nil {
		e.t.Fatalf("the example has no %s", of)
	}
	variables := map[string]cty.Value{
		"hyper2kvm_migration": cty.ObjectVal(map[string]cty.Value{"webserver": cty.ObjectVal(m.values())}),
		"libvirt_volume":      cty.ObjectVal(map[string]cty.Value{"webserver": cty.ObjectVal(map[string]cty.Value{"path": cty.StringVal(overlayPath)})}),
	}
	for name, attribute := range body.Attributes {
		value, diags := attribute.Expr.Value(&hcl.EvalContext{Variables: variables, Functions: map[string]function.Function{
			"ceil": stdlib.CeilFunc, "length": stdlib.LengthFunc, "range": stdlib.RangeFunc, "split": stdlib.SplitFunc,
		}})
		if diags.HasErrors() {
			e.t.Fatal(diags)
		}
		values[name] = value
	}
	return values
}

// domain returns the libvirt domain that the provider would define.
func (e *libvirtExample) domain(m migratedGuest) *libvirtxml.Domain {
	e.t.Helper()
	values := e.attributes("libvirt_domain", m)
	// These two say what the provider does with the domain, not what is in it.
	delete(values, "running")
	delete(values, "destroy")
	var domain libvirtxml.Domain
	if err := libvirtFields(reflect.ValueOf(&domain).Elem(), cty.ObjectVal(values), ""); err != nil {
		e.t.Fatal(err)
	}
	return &domain
}

// replacedWith lists what a resource is replaced with.
func (e *libvirtExample) replacedWith(resource string) []string {
	e.t.Helper()
	var with []string
	for _, block := range e.resources[resource].Blocks {
		attribute := block.Body.Attributes["replace_triggered_by"]
		if block.Type != "lifecycle" || attribute == nil {
			continue
		}
		for _, expression := range must[*hclsyntax.TupleConsExpr](attribute.Expr).Exprs {
			traversal := must[*hclsyntax.ScopeTraversalExpr](expression).Traversal
			text := traversal.RootName()
			for _, step := range traversal[1:] {
				text += "." + must[hcl.TraverseAttr](step).Name
			}
			with = append(with, text)
		}
	}
	return with
}

// onLibvirt are migrated guests as different as their machines can be.
var onLibvirt = map[string]migratedGuest{
	"bios": needing(report.Guest{Type: "linux", Arch: "x86_64", Firmware: "bios", DiskBus: "virtio", NICModel: "virtio"}, report.Machine{
		VCPUs: 4, MemoryMiB: 1024, NICs: []report.NIC{{MAC: "00:50:56:9a:01:02"}, {MAC: "00:50:56:9a:01:03"}},
	}, "2f3344556677889900aa", ""),
	"uefi":    withSectors(4096, needing(report.Guest{Type: "linux", Arch: "x86_64", Firmware: "uefi", DiskBus: "scsi", NICModel: "virtio"}, report.Machine{NICs: []report.NIC{{}}}, "")),
	"secure":  needing(report.Guest{Type: "linux", Arch: "x86_64", Firmware: "uefi", DiskBus: "virtio", NICModel: "virtio"}, report.Machine{SecureBoot: true, NICs: []report.NIC{{}}}, ""),
	"windows": needing(report.Guest{Type: "windows", Arch: "x86_64", Firmware: "uefi", DiskBus: "sata", NICModel: "e1000e"}, report.Machine{SecureBoot: true, TPM: true, NICs: []report.NIC{{}}}, ""),
	"many":    needing(report.Guest{Type: "linux", Arch: "x86_64", Firmware: "bios", DiskBus: "scsi", NICModel: "virtio"}, report.Machine{}, make([]string, 9)...),
	"old":     needing(report.Guest{Type: "windows", Arch: "i386", Firmware: "bios", DiskBus: "ide", NICModel: "rtl8139"}, report.Machine{NICs: []report.NIC{{}}}, ""),
}

// needing is a migration of a guest with a disk for each serial number.
func needing(found report.Guest, old report.Machine, serials ...string) migratedGuest {
	m := migratedGuest{outputPath: "/images/web.qcow2"}
	var disks []report.HardwareDisk
	for n, serial := range serials {
		path := m.outputPath
		if n > 0 {
			path = fmt.Sprintf("/images/web-disk%d.qcow2", n+1)
		}
		disks = append(disks, report.HardwareDisk{Path: path, Format: "qcow2", Serial: serial, VirtualSize: 3 << 30, SectorSize: 512})
	}
	m.machine = *machine.Needs(machine.Found{Old: &old, NICs: old.NICs, Guest: found, Disks: disks})
	return m
}

// withSectors is m with disks whose sectors have size bytes.
func withSectors(size int, m migratedGuest) migratedGuest {
	for n := range m.machine.Disks {
		m.machine.Disks[n].SectorSize = size
	}
	return m
}

// TestLibvirtDomainExample compares the domain that the example describes with
// the one that TestAccLibvirtDomain proved to boot: what the example loses or
// gains, down to a misspelt name, shows here. After -update, run that test.
func TestLibvirtDomainExample(t *testing.T) {
	t.Parallel()
	example := readLibvirtExample(t, "libvirt-domain")
	for name, m := range onLibvirt {
		text, err := example.domain(m).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", "libvirt", name+".xml")
		if *update {
			if err := os.WriteFile(golden, []byte(text+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), text+"\n"); diff != "" {
			t.Errorf("%s: the domain is another one (-want +got):\n%s", name, diff)
		}
	}

	values := example.attributes("libvirt_domain", onLibvirt["bios"])
	if destroy := cty.ObjectVal(map[string]cty.Value{
		"graceful": cty.True,
		"shutdown": cty.ObjectVal(map[string]cty.Value{"timeout": cty.NumberIntVal(120)}),
	}); !values["destroy"].RawEquals(destroy) || !values["running"].RawEquals(cty.True) {
		t.Errorf("destroy = %#v, running = %#v", values["destroy"], values["running"])
	}
	if with := example.replacedWith("libvirt_domain"); !slices.Equal(with, []string{"hyper2kvm_migration.webserver.report"}) {
		t.Errorf("the domain is replaced with %v", with)
	}
}

// TestLibvirtOverlayExample proves that the second example's domain is the
// first's but for its disk, and that it goes with the image.
func TestLibvirtOverlayExample(t *testing.T) {
	t.Parallel()
	example := readLibvirtExample(t, "libvirt-overlay")
	for name, m := range onLibvirt {
		m.machine.Disks = m.machine.Disks[:1] // an overlay is for one
		want := readLibvirtExample(t, "libvirt-domain").domain(m)
		want.Devices.Disks[0].Source.File.File = overlayPath
		if diff := cmp.Diff(want, example.domain(m)); diff != "" {
			t.Errorf("%s: the domains differ (-libvirt-domain +libvirt-overlay):\n%s", name, diff)
		}
	}
	plain := readLibvirtExample(t, "libvirt-domain").attributes("libvirt_domain", onLibvirt["bios"])
	overlaid := example.attributes("libvirt_domain", onLibvirt["bios"])
	if !overlaid["destroy"].RawEquals(plain["destroy"]) || !overlaid["running"].RawEquals(plain["running"]) {
		t.Errorf("destroy = %#v, running = %#v", overlaid["destroy"], overlaid["running"])
	}

	m := onLibvirt["bios"]
	values := example.attributes("libvirt_volume", m)
	pool := values["pool"]
	delete(values, "pool") // in no XML: it says where the volume goes
	var volume libvirtxml.StorageVolume
	if err := libvirtFields(reflect.ValueOf(&volume).Elem(), cty.ObjectVal(values), ""); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(libvirtxml.StorageVolume{
		Name:     "webserver-overlay.qcow2",
		Capacity: &libvirtxml.StorageVolumeSize{Value: 3 << 30},
		Target:   &libvirtxml.StorageVolumeTarget{Format: &libvirtxml.StorageVolumeTargetFormat{Type: "qcow2"}},
		BackingStore: &libvirtxml.StorageVolumeBackingStore{
			Path:   m.outputPath,
			Format: &libvirtxml.StorageVolumeTargetFormat{Type: "qcow2"},
		},
	}, volume); diff != "" || !pool.RawEquals(cty.StringVal("default")) {
		t.Errorf("pool %#v; the volume (-want +got):\n%s", pool, diff)
	}

	for resource, with := range map[string]string{"libvirt_volume": "hyper2kvm_migration.webserver.report", "libvirt_domain": "libvirt_volume.webserver"} {
		if got := example.replacedWith(resource); !slices.Equal(got, []string{with}) {
			t.Errorf("%s is replaced with %v, want %s", resource, got, with)
		}
	}
}

// TestLibvirtExamplesUseTheSchema proves that what the examples take of a
// migration, and give to it, is in its schema.
func TestLibvirtExamplesUseTheSchema(t *testing.T) {
	t.Parallel()
	attributes := migrationSchema(t.Context()).Attributes
	needed := must[schema.SingleNestedAttribute](attributes["machine"]).Attributes
	for name, value := range (migratedGuest{}).values() {
		if attributes[name] == nil {
			t.Errorf("a migration has no %s", name)
		}
		if name != "machine" {
			continue
		}
		for name := range value.AsValueMap() {
			if needed[name] == nil {
				t.Errorf("a machine has no %s", name)
			}
		}
	}
	for _, example := range []string{"libvirt-domain", "libvirt-overlay"} {
		for _, name := range slices.Sorted(maps.Keys(readLibvirtExample(t, example).resources["hyper2kvm_migration"].Attributes)) {
			if attributes[name] == nil {
				t.Errorf("%s: a migration has no %s", example, name)
			}
		}
	}
}
