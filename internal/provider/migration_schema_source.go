package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"

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
			"track":     trackAttribute(),
			"luks_keys": luksKeysAttribute(),
		},
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
