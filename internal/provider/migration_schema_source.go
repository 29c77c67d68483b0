package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// sourceAttribute has two kinds of attributes: what says which disks are meant,
// whose change means to migrate again, and what only guards the reading and is
// listed in inPlace.
func sourceAttribute() schema.Attribute {
	defaults := manifest.NewSource("", "")
	return schema.SingleNestedAttribute{
		MarkdownDescription: "The disk image to migrate, or the package or VMX file of a virtual machine, with all of its disks. It is only read.",
		Required:            true,
		Attributes: map[string]schema.Attribute{
			"type": schema.StringAttribute{
				MarkdownDescription: "What the source is: " + choices(manifest.SourceTypes) + ".",
				Required:            true,
			},
			"path": schema.StringAttribute{
				MarkdownDescription: "Path of the source: the image, the descriptor of an image in several files, the package or the `.vmx` file. A relative path " +
					"counts from the directory in which Terraform runs.",
				Required: true,
			},
			"vm": schema.StringAttribute{
				MarkdownDescription: "The virtual machine to migrate, by its id or name in the OVF descriptor, where a package (`ova`, `ovf`) holds " +
					"several. Without it, such a package is refused with a list of them.",
				Optional: true,
			},
			"checksum": schema.StringAttribute{
				MarkdownDescription: "Checksum that the file at `path` must have, as `algorithm:value`, such as `sha256:` and 64 hexadecimal " +
					"digits; `sha512`, `sha1` and `md5` are understood too. It is computed before any work; a difference is an error. Of a source " +
					"in several files it covers the one at `path`.",
				Optional: true,
			},
			"verify_checksums": schema.BoolAttribute{
				MarkdownDescription: fmt.Sprintf("Whether the files of a package (`ova`, `ovf`) are compared with the checksums that it brings "+
					"along (`.mf`). The disks are compared while they are read; with a difference the migration fails and leaves no image. "+
					"The default is `%t`.", defaults.VerifyChecksums),
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(defaults.VerifyChecksums),
			},
			"max_virtual_size": schema.Int64Attribute{
				MarkdownDescription: fmt.Sprintf("Largest virtual size of a disk that is accepted, in bytes. It keeps damaged and hostile images "+
					"from being taken at their word. The default is `%d` (64 TiB).", defaults.MaxVirtualSize),
				Optional: true,
				Computed: true,
				Default:  int64default.StaticInt64(defaults.MaxVirtualSize),
			},
			"nics": nicsAttribute(),
			"root": schema.StringAttribute{
				MarkdownDescription: "The operating system to migrate, where the disks hold several: its device as the warning of several systems lists it, " +
					"such as `/dev/sda2` or, on btrfs, `btrfsvol:/dev/sda2/@`; or `UUID=` and the UUID of its file system. Without it, the system is taken that " +
					"the boot loader starts, as far as that is known.",
				Optional: true,
			},
			"directories": schema.ListAttribute{
				MarkdownDescription: "Directories outside of the source's own in which files that it refers to may lie, such as disks of a `.vmx` file on " +
					"another datastore. Without them, no file outside of the source's directory is ever opened.",
				ElementType: types.StringType,
				Optional:    true,
			},
			"track":     trackAttribute(),
			"luks_keys": luksKeysAttribute(),
		},
	}
}

func nicsAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		MarkdownDescription: "The network cards of the old machine, all of them: for sources that do not describe them (`vmdk`, `raw` and the like), and " +
			"where a description is wrong. The new machine gets these, in this order. What the description says of a card with the same MAC address " +
			"holds as far as it is not given here. With them, each of several cards keeps its name and its addresses, whatever slot it lands in.",
		Optional: true,
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"mac": schema.StringAttribute{MarkdownDescription: "MAC address, such as `00:50:56:9a:01:02`.", Required: true},
			"name": schema.StringAttribute{
				MarkdownDescription: "What the guest calls the card, such as `ens192`. It keeps that name.",
				Optional:            true,
			},
			"addresses": schema.ListAttribute{
				MarkdownDescription: "IP addresses of the card in the guest, such as `192.0.2.10` or `192.0.2.10/24`. They tell its name where the guest's " +
					"configuration or a lease has one of them. The guest is not given any by this.",
				ElementType: types.StringType,
				Optional:    true,
			},
			"network": schema.StringAttribute{
				MarkdownDescription: "What the card is connected to; `machine.nics` has it.",
				Optional:            true,
			},
		}},
	}
}

// luksKeysAttribute is a list because write-only attributes cannot be in a set.
// The key has no version beside it: it matters while the migration runs, and
// another one for the same disk is no reason to migrate again.
func luksKeysAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		MarkdownDescription: "Keys of the guest's encrypted devices (LUKS), which the stages `inspect` and `fix` need. They are tried in their order, " +
			"those that name a device first. A change is made in place.",
		Optional: true,
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"device": schema.StringAttribute{
				MarkdownDescription: "The encrypted device, by a name that the guest has for it: `UUID=` and the UUID that `cryptsetup luksUUID` shows, or " +
					"a path such as `/dev/sda5`. Then a key that does not open it is an error. The default is `" + manifest.EveryDevice + "`.",
				Optional: true,
			},
			"key": schema.StringAttribute{
				MarkdownDescription: "The passphrase. It is handed to the migration and to nobody else, and is in no plan, state, report or log; it may come " +
					"from an ephemeral resource or variable. Needs Terraform 1.11 or later; with an earlier one, use `key_file`.",
				Optional:  true,
				Sensitive: true,
				WriteOnly: true,
			},
			"key_file": schema.StringAttribute{
				MarkdownDescription: "A file that holds the passphrase, on the machine where the provider runs. A line break at its end does not count. " +
					"A relative path counts from the directory in which Terraform runs.",
				Optional: true,
			},
		}},
	}
}
