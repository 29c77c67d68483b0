package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// computedAttributes are what a migration leaves in state. ModifyPlan plans
// them, and an update in place changes none.
func computedAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": readString("Absolute path that identifies the migration: that of its image, of its report if it makes no image, or else of its " +
			"output directory."),
		"output_path": readString("Absolute path of the image, known at plan when the inputs are. Null if the migration makes no image. Of a source " +
			"with several disks it is that of the disk that the machine starts from; `artifacts` lists all."),
		"report_path":        readString("Absolute path of the report file, known at plan when the inputs are. Null if there is none."),
		"source_fingerprint": readString("What the source files were when they were migrated: size and time of the last change. Null if that is not known."),
		"report":             reportAttribute(),
		"artifacts": schema.ListNestedAttribute{
			MarkdownDescription: "The images that the migration made, in the order in which a machine needs them: the disk that it starts from, " +
				"then the others as the source has them.",
			Computed: true,
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"type":         readString("`converted_image`, or `fixed_overlay` for the overlay of a `fix` without `convert`."),
				"path":         readString("Absolute path."),
				"format":       readString("Image format."),
				"size_bytes":   readNumber("Size of the file in bytes, as it was published."),
				"size_human":   readString("The same for people, such as `1.50 GiB`."),
				"compressed":   schema.BoolAttribute{MarkdownDescription: "Whether the image is compressed.", Computed: true},
				"virtual_size": readNumber("Size of the disk that the guest sees, in bytes."),
				"checksum":     readString("SHA-256 of the file as `sha256:<hex>`; null unless `drift_detection` is `checksum`."),
			}},
		},
		"machine":  machineAttribute(),
		"concerns": concernsAttribute(),
		"boot": schema.SingleNestedAttribute{
			MarkdownDescription: "What became of the guest when it was booted (`pipeline.validate.boot`). Null if it was not.",
			Computed:            true,
			Attributes: map[string]schema.Attribute{
				"verdict":  readString("`booted`, `dead` (published all the same with `on_failure = \"warn\"`) or `undecided`, if neither was seen."),
				"state":    readString("What it came to, such as `login`, `agent`, `probe`, `initramfs_shell`, `emergency`, `panic`, `grub`, `boot_loader`, `no_boot_device`, `exited`, `silent` or `resets`."),
				"reason":   readString("Why the verdict is not `booted`; null if it is."),
				"seconds":  schema.Float64Attribute{MarkdownDescription: "Seconds from its start to the verdict.", Computed: true},
				"hostname": readString("What it called itself; null if it told nothing of itself."),
				"addresses": schema.ListAttribute{
					MarkdownDescription: "IPv4 and IPv6 addresses that it had on its network interfaces or, if it told nothing of itself, spoke with on its cards.",
					ElementType:         types.StringType,
					Computed:            true,
				},
				"failed_units": schema.ListAttribute{
					MarkdownDescription: "Units of systemd that had failed when all was started; null if it told nothing of itself.",
					ElementType:         types.StringType,
					Computed:            true,
				},
				"log_path":        readString("Absolute path of the file with the text of its serial console and what else was seen, beside the report."),
				"screenshot_path": readString("Absolute path of the picture of its screen (PNG), beside the report; null if there is none."),
			},
		},
		"guest": schema.SingleNestedAttribute{
			MarkdownDescription: "What was found out about the guest, and what its virtual machine needs. Attributes are null, and lists empty, where " +
				"nothing is known; `pipeline.inspect.collect_guest_info` finds out most.",
			Computed: true,
			Attributes: map[string]schema.Attribute{
				"type":         readString("Kind of operating system, such as `linux`."),
				"distro":       readString("Distribution, such as `debian`."),
				"product_name": readString("Name by which the operating system calls itself."),
				"version":      readString("Version of the operating system."),
				"arch":         readString("Processor architecture, such as `x86_64`."),
				"hostname":     readString("Host name."),
				"firmware":     readString("Firmware that the guest boots with: `bios` or `uefi`."),
				"disk_bus": readString("Disk bus to attach the image to: `virtio`, `scsi` (on a virtio-scsi controller), `sata` or `ide`. It is what the guest " +
					"boots from as it is; one that is not known to boot from virtio has `sata` (`ide` before Windows Vista), and a warning says why."),
				"nic_model":    readString("Network card to give the machine: `virtio`, `e1000e`, `e1000` or `rtl8139`, as for the disk bus."),
				"virtual_size": readNumber("Size of the boot disk that the guest sees, in bytes."),
				"name":         readString("Name of the virtual machine in its description: the descriptor of a package (`ova`, `ovf`) or the VMX file."),
				"vcpus":        readNumber("Virtual processors in that description."),
				"memory_mib":   readNumber("Memory in that description, in MiB."),
				"nics": readObjects("Network cards in that description, in its order.", map[string]schema.Attribute{
					"name":    readString("What the description calls the card, such as `Network adapter 1` or `ethernet0`."),
					"mac":     readString("MAC address in lower case, such as `00:50:56:9a:01:02`; null if the old host was to choose one."),
					"network": readString("Network that it was connected to."),
					"model":   readString("The exporter's word for its kind, such as `VmxNet3`."),
				}),
				"controllers": readObjects("Disk controllers in that description, in its order.", map[string]schema.Attribute{
					"name":  readString("What the description calls the controller, such as `SCSI Controller 0` or `scsi0`."),
					"bus":   readString("`ide`, `scsi`, `sata` or `nvme`."),
					"model": readString("The exporter's word for its kind, such as `VirtualSCSI`."),
				}),
			},
		},
	}
}

func reportAttribute() schema.Attribute {
	messages := func(description string) schema.Attribute {
		return schema.ListNestedAttribute{
			MarkdownDescription: description,
			Computed:            true,
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"stage":   readString("Stage that it comes from."),
				"message": readString("What happened."),
				"remedy":  readString("What to do about it; null if nothing is known to help."),
			}},
		}
	}
	return schema.SingleNestedAttribute{
		MarkdownDescription: "The report of the run. The report file has more: the result of each stage with every change and its diff.",
		Computed:            true,
		Attributes: map[string]schema.Attribute{
			"timestamp": readString("When the run started, in UTC (RFC 3339)."),
			"success":   schema.BoolAttribute{MarkdownDescription: "Whether the migration succeeded.", Computed: true},
			"dry_run":   schema.BoolAttribute{MarkdownDescription: "Whether it was a dry run.", Computed: true},
			"duration":  schema.Float64Attribute{MarkdownDescription: "Duration of the run in seconds.", Computed: true},
			"stages": schema.MapNestedAttribute{
				MarkdownDescription: "The stages that ran, by name.",
				Computed:            true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"success":  schema.BoolAttribute{MarkdownDescription: "Whether the stage succeeded.", Computed: true},
					"duration": schema.Float64Attribute{MarkdownDescription: "Duration of the stage in seconds.", Computed: true},
					"error":    readString("Why the stage failed; null if it did not."),
				}},
			},
			"warnings": messages("What did not stop the migration but should be known."),
			"errors":   messages("What stopped the migration."),
			"summary": schema.SingleNestedAttribute{
				MarkdownDescription: "The report in numbers.",
				Computed:            true,
				Attributes: map[string]schema.Attribute{
					"total_stages":      readNumber("Stages that ran."),
					"successful_stages": readNumber("Stages that succeeded."),
					"failed_stages":     readNumber("Stages that failed."),
					"total_warnings":    readNumber("Warnings."),
					"total_errors":      readNumber("Errors."),
					"total_artifacts":   readNumber("Files made: images, and what is kept of a boot."),
				},
			},
		},
	}
}

func readObjects(description string, attributes map[string]schema.Attribute) schema.Attribute {
	return schema.ListNestedAttribute{
		MarkdownDescription: description,
		Computed:            true,
		NestedObject:        schema.NestedAttributeObject{Attributes: attributes},
	}
}

func readString(description string) schema.Attribute {
	return schema.StringAttribute{MarkdownDescription: description, Computed: true}
}

func readNumber(description string) schema.Attribute {
	return schema.Int64Attribute{MarkdownDescription: description, Computed: true}
}
