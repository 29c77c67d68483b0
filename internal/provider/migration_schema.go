package provider

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// migrationSchema has one attribute for each section of the manifest, by the
// manifest's names, so that a section of a decoded manifest can be assigned as
// it is. What must not be mistyped sits at the top level: Terraform drops
// unknown names inside of nested attributes without a word.
func migrationSchema(ctx context.Context) schema.Schema {
	attributes := manifestAttributes()
	attributes["timeouts"] = timeouts.Attributes(ctx, timeouts.Opts{
		Create: true,
		CreateDescription: "How long the migration may take, such as `90m` or `6h`; the default is `" + defaultCreateTimeout.String() + "`. " +
			"Waiting for other migrations does not count. A migration that takes longer is cancelled and leaves no files but its report.",
	})
	maps.Copy(attributes, lifecycleAttributes())
	maps.Copy(attributes, computedAttributes())
	return schema.Schema{
		MarkdownDescription: "Migrates a virtual machine's disk image to KVM. Creating the resource runs the manifest's stages one after " +
			"another: `load_manifest`, `inspect`, `fix` (makes the guest's fstab, boot loader and initramfs fit for virtio), `convert` and " +
			"`validate`. The source is never written to. Destroying the resource deletes what it made (the images, the report, and the " +
			"log and the picture of a boot), and nothing else.\n\n" +
			"Sections have the names and the shape of the JSON manifest, so `source = local.manifest.source` fits. Changes to `metadata`, " +
			"`source.track`, `source.verify_checksums`, `source.max_virtual_size`, `source.luks_keys`, `pipeline.fix.fsck`, `options.verbose`, `overwrite`, `timeouts`, " +
			"`deletion_protection`, `on_destroy` and `drift_detection` are made in place; a change to anything else migrates again.",
		Attributes: attributes,
	}
}

// overwriteAttribute is what the manifest has as output.overwrite.
const overwriteAttribute = "overwrite"

// manifestAttributes are the attributes that say what the manifest says.
func manifestAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"metadata":      metadataAttribute(),
		"source":        sourceAttribute(),
		"output":        outputAttribute(),
		"pipeline":      pipelineAttribute(),
		"configuration": configurationAttribute(),
		"options":       optionsAttribute(),
		overwriteAttribute: schema.BoolAttribute{
			MarkdownDescription: "Whether existing files at the output paths may be replaced. The default is `false`: an existing file is an " +
				"error before any work is done.",
			Optional: true,
			Computed: true,
			Default:  booldefault.StaticBool(false),
		},
	}
}

func metadataAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Describes the migration to people. It changes nothing that is done.",
		Optional:            true,
		Attributes: map[string]schema.Attribute{
			"name":        schema.StringAttribute{MarkdownDescription: "A readable name.", Optional: true},
			"description": schema.StringAttribute{MarkdownDescription: "What is migrated, and why.", Optional: true},
			"tags":        schema.SetAttribute{MarkdownDescription: "Tags to organise migrations by.", ElementType: types.StringType, Optional: true},
			"owner":       schema.StringAttribute{MarkdownDescription: "The team or person responsible.", Optional: true},
			"created":     schema.StringAttribute{MarkdownDescription: "The date on which the manifest was written.", Optional: true},
		},
	}
}

func outputAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Where the image and the report go.",
		Required:            true,
		Attributes: map[string]schema.Attribute{
			"directory": schema.StringAttribute{
				MarkdownDescription: "The output directory, made if it does not exist. A relative path counts from the directory in which Terraform runs.",
				Required:            true,
			},
			"format": schema.StringAttribute{
				MarkdownDescription: "Format of the image: " + choices(manifest.OutputFormats) + ". The default is `" + string(manifest.FormatQCOW2) + "`.",
				Optional:            true,
				Computed:            true,
				Default:             stringdefault.StaticString(string(manifest.FormatQCOW2)),
			},
			"filename": schema.StringAttribute{
				MarkdownDescription: "Name of the image within the directory. The default is the source's name with the format's extension.",
				Optional:            true,
			},
			"mode": schema.StringAttribute{
				MarkdownDescription: "Permissions of the images in octal digits, such as `0640`. The default are those of any file that the provider makes, " +
					"without what not everybody may who may read the source. Set it together with `owner` where QEMU runs as a user of its own and cannot " +
					"read the image, as with libvirt where it changes no owners: who may read the image is then your decision.",
				Optional: true,
			},
			"owner": schema.StringAttribute{
				MarkdownDescription: "Owner of the images, as `user`, `user:group` or `:group`, by name or by number, such as `libvirt-qemu:kvm`. Only root can " +
					"give files to another user. The default is the user that the provider runs as.",
				Optional: true,
			},
		},
	}
}
