package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

func pipelineAttribute() schema.Attribute {
	stages := map[string]schema.Attribute{
		"inspect":  inspectAttribute(),
		"fix":      fixAttribute(),
		"convert":  convertAttribute(),
		"validate": validateAttribute(),
	}
	all := map[string]attr.Value{}
	for name, attribute := range stages {
		if stage, ok := attribute.(schema.SingleNestedAttribute); ok {
			all[name] = defaultObject(stage.Attributes, nil)
		}
	}
	return section("The stages to run. Without `pipeline`, all stages run with their defaults; in a given `pipeline`, a stage that is not named "+
		"does not run.", stages, defaultObject(stages, all))
}

func inspectAttribute() schema.Attribute {
	defaults := manifest.DefaultPipeline().Inspect
	return stage("Gathers what is known about the source: size, format, partitions, file systems, firmware.", map[string]schema.Attribute{
		"collect_guest_info": option(defaults.CollectGuestInfo, "Whether to look inside the guest too, for `guest` and the report: operating system, "+
			"version, host name, kernels."),
	})
}

func fixAttribute() schema.Attribute {
	defaults := manifest.DefaultPipeline().Fix
	return stage("Prepares the guest for KVM, offline. The changes go to a temporary overlay, never to the source.", map[string]schema.Attribute{
		"backup":      option(defaults.Backup, "Whether to keep the original of each changed file inside the guest."),
		"print_fstab": option(defaults.PrintFstab, "Whether the report shows `/etc/fstab` before and after."),
		"update_grub": option(defaults.UpdateGrub, "Whether to make the boot loader's configuration refer to disks by stable names. Where not, what the new machine will not find is a warning."),
		"regen_initramfs": option(defaults.RegenInitramfs, "Whether to make sure that each kernel's initramfs has the virtio drivers. One that has "+
			"them stays as it is. With `false` all do, and what the new machine will not find is a warning."),
		"initramfs": choice(string(defaults.Initramfs), "How an initramfs gets what it lacks: `append` adds an archive with the missing drivers and "+
			"corrected configuration, runs nothing of the guest's, and fails where that cannot serve (an image that waits for a disk of the old machine, "+
			"say); `rebuild` has the guest's own tool make the image of every kernel anew, which takes minutes without KVM; `auto` appends, and rebuilds "+
			"where appending cannot serve. Needs `regen_initramfs`."),
		"fstab_mode": choice(string(defaults.FstabMode), "Which names in `/etc/fstab` and `/etc/crypttab` become stable ones: `stabilize-all` replaces every `/dev` name that "+
			"may change on the new machine, `bypath-only` only `/dev/disk/by-path` names and `btrfsvol:` specs, `noop` none. What stays and the new machine will not find is a warning."),
		"remove_vmware_tools": option(defaults.RemoveVMwareTools, "Whether to remove VMware Tools: their packages from Linux. In Windows their services are disabled, and they are uninstalled at the first boot."),
		"fsck": schema.StringAttribute{
			MarkdownDescription: "What to do about damaged file systems. Those that will be changed (ext2, ext3, ext4, XFS) are checked before, and those " +
				"that were, afterwards; nothing is repaired. With `fatal`, damage stops the migration before anything is changed; with `warn`, it is a " +
				"warning; `off` does not look. The default is `" + string(defaults.Fsck) + "`.",
			Optional: true,
			Computed: true,
			Default:  stringdefault.StaticString(string(defaults.Fsck)),
		},
		"virtio_win": schema.StringAttribute{
			MarkdownDescription: "An ISO image of virtio-win on the host, or a directory with its content: where the drivers of a Windows guest come from. " +
				"One that has no driver for the guest's disk or network, in its version of Windows, stops the migration before anything is changed. " +
				"The default is `virtio_win` of the provider. Without either the guest gets no drivers, and is prepared for a SATA disk and an e1000e card.",
			Optional: true,
		},
		"block_driver": choice(string(defaults.BlockDriver), "The driver of a Windows guest for its disks: `viostor` for virtio-blk, or `vioscsi` for "+
			"virtio-scsi. Needs `virtio_win`."),
	})
}

func convertAttribute() schema.Attribute {
	defaults := manifest.DefaultPipeline().Convert
	return stage("Writes the image. Without it, `fix` publishes its overlay, which needs the source to stay where it is.", map[string]schema.Attribute{
		"compress": option(defaults.Compress, "Whether to compress the image (`qcow2` only)."),
		"compress_level": schema.Int64Attribute{
			MarkdownDescription: "Compression level from 1 (fastest) to 9 (smallest). The default, between the two, depends on `compression_type`. Needs `compress`.",
			Optional:            true,
		},
		"compression_type": choice(string(defaults.CompressionType), "How to compress: `zlib`, which every QEMU reads, or `zstd`, which is several times "+
			"as fast and takes QEMU 5.1 or later to read. Needs `compress`."),
		"preallocation": choice(string(defaults.Preallocation), "What to allocate before the guest needs it: `off` is nothing, `metadata` the image's own "+
			"tables (`qcow2`, `vdi`), `falloc` the space of all data too (`qcow2`, `raw`), and `full` fills that with zeroes (`qcow2`, `raw`). Not with `compress`."),
		"cluster_size": schema.Int64Attribute{
			MarkdownDescription: "Size of the image's clusters in bytes, a power of two from 512 to 2097152 (`qcow2` only). The default is 65536.",
			Optional:            true,
		},
	})
}

func validateAttribute() schema.Attribute {
	defaults := manifest.DefaultPipeline().Validate
	return stage("Checks the written image before it gets its name.", map[string]schema.Attribute{
		"check_image_integrity": option(defaults.CheckImageIntegrity, "Whether to run `qemu-img check` on the image."),
		"boot":                  bootAttribute(),
	})
}

func bootAttribute() schema.Attribute {
	defaults := manifest.DefaultPipeline().Validate.Boot
	options := map[string]schema.Attribute{
		"enabled": option(defaults.Enabled, "Whether to boot the guest. QEMU for x86-64 must be installed, and OVMF for guests that boot with UEFI."),
		"timeout_seconds": number(defaults.TimeoutSeconds, "How long the guest has to come up, in seconds. A guest that fails is mostly seen to fail "+
			"before; without KVM, everything takes several times as long."),
		"memory_mib": number(defaults.MemoryMiB, "Memory of the machine that it is booted on, in MiB."),
		"cpus":       number(defaults.CPUs, "Virtual processors of that machine."),
		"on_failure": choice(string(defaults.OnFailure), "What a guest that does not come up is: with `fatal`, an error, and nothing is published; with "+
			"`warn`, a warning."),
		"screenshot": option(defaults.Screenshot, "Whether to keep a picture of its screen. It lies beside the report, as the text of its console does, and "+
			"is deleted with the image. A failed boot leaves both, as it leaves the report. Only their owner can read them: a guest may show its secrets."),
	}
	return section("Boots the guest from the written images before they get their names: under QEMU, on a layer that is thrown away, without a way "+
		"to any network, with the disk bus, network cards and firmware that `guest` tells. The guest is up when there is a login prompt on its serial "+
		"console or on its screen, its guest agent answers, or a probe that is in that layer alone says so. What the probe tells is compared with the "+
		"guest's configuration: a network card, an address, a mount or swap area that lacks, and a unit that failed over the new hardware, is a "+
		"warning that names the file. A kernel panic, the shell of an initramfs, emergency mode, a boot loader's prompt "+
		"or endless restarts there are a failure. A guest of which neither can be told within the timeout is published with a warning. Where the guest "+
		"asks for the passphrase of a disk, those of `source.luks_keys` are typed: on its serial console or, if it does not ask there, on a US keyboard, which "+
		"has the characters of ASCII alone. A question in a picture, as Plymouth's, is not seen.",
		options, defaultObject(options, nil))
}

// stage is the attribute of one stage. A stage that is given runs, unless it
// says otherwise; one that is not given does not.
func stage(description string, options map[string]schema.Attribute) schema.Attribute {
	options["enabled"] = option(true, "Whether to run this stage.")
	return section(description, options, defaultObject(options, map[string]attr.Value{"enabled": types.BoolValue(false)}))
}

// option is a switch.
func option(value bool, description string) schema.Attribute {
	word := "`false`"
	if value {
		word = "`true`"
	}
	return schema.BoolAttribute{
		MarkdownDescription: description + " The default is " + word + ".",
		Optional:            true,
		Computed:            true,
		Default:             booldefault.StaticBool(value),
	}
}

// number is a whole number.
func number(value int, description string) schema.Attribute {
	return schema.Int64Attribute{
		MarkdownDescription: fmt.Sprintf("%s The default is %d.", description, value),
		Optional:            true,
		Computed:            true,
		Default:             int64default.StaticInt64(int64(value)),
	}
}

// choice is one word out of several.
func choice(value, description string) schema.Attribute {
	return schema.StringAttribute{
		MarkdownDescription: description + " The default is `" + value + "`.",
		Optional:            true,
		Computed:            true,
		Default:             stringdefault.StaticString(value),
	}
}
