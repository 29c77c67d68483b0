package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// hardwareModel is what the new machine needs. What is not known is null.
type hardwareModel struct {
	Name        *string             `tfsdk:"name"`
	Arch        string              `tfsdk:"arch"`
	MachineType string              `tfsdk:"machine_type"`
	Firmware    string              `tfsdk:"firmware"`
	SecureBoot  bool                `tfsdk:"secure_boot"`
	TPM         bool                `tfsdk:"tpm"`
	VCPUs       int                 `tfsdk:"vcpus"`
	MemoryMiB   int64               `tfsdk:"memory_mib"`
	CPULevel    *string             `tfsdk:"cpu_level"`
	Clock       string              `tfsdk:"clock"`
	Disks       []hardwareDiskModel `tfsdk:"disks"`
	NICs        []hardwareNICModel  `tfsdk:"nics"`
	Video       string              `tfsdk:"video"`
	RNG         bool                `tfsdk:"rng"`
	GuestAgent  bool                `tfsdk:"guest_agent"`
}

type hardwareDiskModel struct {
	Path        *string `tfsdk:"path"`
	Format      *string `tfsdk:"format"`
	Bus         string  `tfsdk:"bus"`
	Serial      *string `tfsdk:"serial"`
	VirtualSize int64   `tfsdk:"virtual_size"`
	SectorSize  int     `tfsdk:"sector_size"`
}

type hardwareNICModel struct {
	Model   string  `tfsdk:"model"`
	MAC     *string `tfsdk:"mac"`
	Network *string `tfsdk:"network"`
}

type concernModel struct {
	ID         string  `tfsdk:"id"`
	Category   string  `tfsdk:"category"`
	Label      string  `tfsdk:"label"`
	Assessment string  `tfsdk:"assessment"`
	Remedy     *string `tfsdk:"remedy"`
	Stage      string  `tfsdk:"stage"`
}

func machineAttribute() schema.Attribute {
	flag := func(description string) schema.Attribute {
		return schema.BoolAttribute{MarkdownDescription: description, Computed: true}
	}
	return schema.SingleNestedAttribute{
		MarkdownDescription: "What the new machine needs, computed from the description of the old one and from what was found in the guest. " +
			"Null where neither `inspect` nor `fix` looked at the disks.",
		Computed: true,
		Attributes: map[string]schema.Attribute{
			"name":         readString("Name of the old machine; null for a mere disk."),
			"arch":         readString("Processor architecture, such as `x86_64`."),
			"machine_type": readString("`q35`, or `pc` for disks on IDE."),
			"firmware":     readString("`bios` or `uefi`."),
			"secure_boot":  flag("Whether the old machine started with Secure Boot."),
			"tpm":          flag("Whether the old machine had a TPM."),
			"vcpus":        readNumber("Virtual processors: those of the old machine, or 2 where they are not known."),
			"memory_mib":   readNumber("Memory in MiB: that of the old machine, or 2048 where it is not known."),
			"cpu_level": readString("The least processor that the guest starts on: `x86-64`, `x86-64-v2` (RHEL 9), `x86-64-v3` (RHEL 10) or `x86-64-v4`. The " +
				"guest's own C library tells it where it can. Null for other architectures."),
			"clock": readString("What the guest takes the machine's clock for: `utc` or `localtime`."),
			"disks": readObjects("The disks in the order in which to attach them, the one to start from first.", map[string]schema.Attribute{
				"path":         readString("Absolute path of the image; null if none was made."),
				"format":       readString("Format of the image; null if none was made."),
				"bus":          readString("Bus: `virtio`, `scsi` (on a virtio-scsi controller), `sata` or `ide`."),
				"serial":       readString("Serial number: the last 20 digits of VMware's. Null where the source does not tell it."),
				"virtual_size": readNumber("Size that the guest sees, in bytes."),
				"sector_size": readNumber("Size of a sector in bytes: 512, or 4096 for a disk whose partition table counts in those. libvirt takes it as the disk's " +
					"`logical_block_size` and `physical_block_size`."),
			}),
			"nics": readObjects("The network cards, in the order of the old machine; for a mere disk, one.", map[string]schema.Attribute{
				"model":   readString("Model: `virtio`, `e1000e`, `e1000` or `rtl8139`."),
				"mac":     readString("MAC address of the old card; null where it is not known."),
				"network": readString("Network that the old card was connected to; null where it is not known."),
			}),
			"video":       readString("Graphics card. GRUB of a guest with BIOS hangs without one."),
			"rng":         flag("Whether the guest has a driver for a virtio random number generator."),
			"guest_agent": flag("Whether the guest has a driver for the virtio channel of QEMU's guest agent."),
		},
	}
}

func concernsAttribute() schema.Attribute {
	return readObjects("All warnings, and what else a policy or a `check` block may decide by. [The ids](../guides/concerns.md) stay from version to version; "+
		"texts may change.", map[string]schema.Attribute{
		"id":         readString("Kind of the concern, such as `vmware.tpm.detected`."),
		"category":   readString("`critical`, `warning` or `information`."),
		"label":      readString("What the id stands for, in a few words."),
		"assessment": readString("What was found."),
		"remedy":     readString("What to do about it; null if nothing is known to help, or nothing has to be done."),
		"stage":      readString("Stage that it comes from."),
	})
}

func concernType() attr.Type {
	return must[types.ListType](concernsAttribute().GetType()).ElemType
}

// newHardwareModel is nil where nothing is known of the new machine.
func newHardwareModel(h *report.Hardware) *hardwareModel {
	if h == nil {
		return nil
	}
	model := &hardwareModel{
		Name: orNull(h.Name), Arch: h.Arch, MachineType: h.MachineType, Firmware: h.Firmware, SecureBoot: h.SecureBoot, TPM: h.TPM,
		VCPUs: h.VCPUs, MemoryMiB: h.MemoryMiB, CPULevel: orNull(h.CPULevel), Clock: h.Clock, Video: h.Video, RNG: h.RNG, GuestAgent: h.GuestAgent,
		Disks: []hardwareDiskModel{}, NICs: []hardwareNICModel{},
	}
	for _, disk := range h.Disks {
		model.Disks = append(model.Disks, hardwareDiskModel{
			Path: orNull(disk.Path), Format: orNull(disk.Format), Bus: disk.Bus, Serial: orNull(disk.Serial), VirtualSize: disk.VirtualSize, SectorSize: disk.SectorSize,
		})
	}
	for _, nic := range h.NICs {
		model.NICs = append(model.NICs, hardwareNICModel{Model: nic.Model, MAC: orNull(nic.MAC), Network: orNull(nic.Network)})
	}
	return model
}

func newConcernModels(concerns []report.Concern) []concernModel {
	models := make([]concernModel, len(concerns)) // an empty list, never null
	for n, c := range concerns {
		models[n] = concernModel{
			ID: string(c.ID), Category: string(c.Category), Label: c.Label, Assessment: c.Assessment, Remedy: orNull(c.Remedy), Stage: c.Stage,
		}
	}
	return models
}
