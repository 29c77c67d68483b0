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
		MarkdownDescription: "The disk image to migrate, or the package with the disks of a virtual machine. It is only read.",
		Required:            true,
		Attributes: map[string]schema.Attribute{
			"type": schema.StringAttribute{
				MarkdownDescription: "What the source is: " + choices(manifest.SourceTypes) + ".",
				Required:            true,
			},
			"path": schema.StringAttribute{
				MarkdownDescription: "Path of the source: the image, the descriptor of an image in several files, or the package. A relative path " +
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
					"along (`.mf`). A difference is an error before any work. The default is `%t`.", defaults.VerifyChecksums),
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
			"track": trackAttribute(),
		},
	}
}
