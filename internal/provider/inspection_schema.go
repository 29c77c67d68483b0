package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	datasource "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// inspectionSchema takes its source from the resource, so that both can be given
// the same object.
func inspectionSchema() datasource.Schema {
	source := must[datasource.SingleNestedAttribute](dataSourceAttribute(sourceAttribute()))
	delete(source.Attributes, "track")
	source.Attributes["luks_keys"] = keyFilesAttribute(must[datasource.ListNestedAttribute](source.Attributes["luks_keys"]))
	return datasource.Schema{
		MarkdownDescription: "Looks into a disk image without changing or writing anything: partitions, file systems, firmware and operating system. It is read " +
			"at every plan. Linux guests on ext2, ext3, ext4 and XFS, with or without LVM and RAID 1, and Windows guests, by their registry, are " +
			"read directly, which takes about a second and needs no libguestfs. For all others, such as those on btrfs or LUKS, it starts the libguestfs appliance, which takes seconds with KVM " +
			"and up to a minute without; `inspected_by` says which it was. Encrypted guests need `key_file`, since a data source cannot take secrets that " +
			"stay out of the state.",
		Attributes: map[string]datasource.Attribute{
			"source": source,
			"collect_guest_info": datasource.BoolAttribute{
				MarkdownDescription: "Whether to look at the operating system, too. The default is `true`.",
				Optional:            true,
			},
			"inspected_by": datasource.StringAttribute{
				MarkdownDescription: "How the disks were looked into: `direct`, without an appliance, or `appliance`.",
				Computed:            true,
			},
			"firmware":     datasource.StringAttribute{MarkdownDescription: "Firmware that the guest boots with: `bios` or `uefi`.", Computed: true},
			"virtual_size": datasource.Int64Attribute{MarkdownDescription: "Sum of the sizes that the guest sees of its disks, in bytes.", Computed: true},
			"guest":        dataSourceAttribute(computedAttributes()["guest"]),
			"machine":      dataSourceAttribute(computedAttributes()["machine"]),
			"concerns":     dataSourceAttribute(computedAttributes()["concerns"]),
			"disks":        dataSourceAttribute(disksAttribute()),
			"warnings":     dataSourceAttribute(must[schema.SingleNestedAttribute](reportAttribute()).Attributes["warnings"]),
		},
	}
}

// keyFilesAttribute has those keys alone that lie in files: a data source keeps all
// that it is given in the state.
func keyFilesAttribute(keys datasource.ListNestedAttribute) datasource.ListNestedAttribute {
	file := must[datasource.StringAttribute](keys.NestedObject.Attributes["key_file"])
	file.Optional, file.Required, file.Validators = false, true, []validator.String{stringvalidator.LengthAtLeast(1)}
	keys.NestedObject.Attributes["key_file"] = file
	keys.MarkdownDescription = "Keys of the guest's encrypted devices (LUKS). They are tried in their order, those that name a device first."
	return keys
}

func disksAttribute() schema.Attribute {
	return readObjects("The disks of the source, in its order.", map[string]schema.Attribute{
		"name":            readString("Name of the file, or of the disk within its package."),
		"format":          readString("Image format."),
		"boot":            schema.BoolAttribute{MarkdownDescription: "Whether the machine starts from this disk.", Computed: true},
		"virtual_size":    readNumber("Size that the guest sees, in bytes."),
		"size_bytes":      readNumber("Size that the disk takes on the host, in bytes."),
		"partition_table": readString("Kind of partition table, such as `gpt`; null if there is none."),
		"partitions": readObjects("Its partitions.", map[string]schema.Attribute{
			"number": readNumber("Number of the partition."),
			"start":  readNumber("Where it begins, in bytes."),
			"size":   readNumber("Its size in bytes."),
		}),
		"filesystems": readObjects("Its file systems, swap areas and containers.", map[string]schema.Attribute{
			"kind":       readString("What it lies on: `disk`, `partition`, `lv`, `md` or `crypt`."),
			"partition":  readNumber("Number of the partition that it lies on; null if it lies on none alone."),
			"type":       readString("Its type, such as `ext4`."),
			"uuid":       readString("Its UUID."),
			"label":      readString("Its label."),
			"size_bytes": readNumber("Its size in bytes."),
		}),
	})
}

// dataSourceAttribute is the attribute of a resource for a data source, which
// has no defaults and no write-only attributes.
func dataSourceAttribute(attribute schema.Attribute) datasource.Attribute {
	switch a := attribute.(type) {
	case schema.StringAttribute:
		return datasource.StringAttribute{
			MarkdownDescription: a.MarkdownDescription, Required: a.Required, Optional: a.Optional, Computed: a.Computed,
			Sensitive: a.Sensitive, Validators: a.Validators,
		}
	case schema.BoolAttribute:
		return datasource.BoolAttribute{MarkdownDescription: a.MarkdownDescription, Required: a.Required, Optional: a.Optional, Computed: a.Computed && !a.Optional}
	case schema.Int64Attribute:
		return datasource.Int64Attribute{
			MarkdownDescription: a.MarkdownDescription, Required: a.Required, Optional: a.Optional, Computed: a.Computed && !a.Optional,
			Validators: a.Validators,
		}
	case schema.ListAttribute:
		return datasource.ListAttribute{MarkdownDescription: a.MarkdownDescription, ElementType: a.ElementType, Required: a.Required, Optional: a.Optional}
	case schema.SingleNestedAttribute:
		return datasource.SingleNestedAttribute{
			MarkdownDescription: a.MarkdownDescription, Required: a.Required, Optional: a.Optional, Computed: a.Computed && !a.Optional,
			Attributes: dataSourceAttributes(a.Attributes),
		}
	case schema.ListNestedAttribute:
		return datasource.ListNestedAttribute{
			MarkdownDescription: a.MarkdownDescription, Required: a.Required, Optional: a.Optional, Computed: a.Computed && !a.Optional,
			NestedObject: datasource.NestedAttributeObject{Attributes: dataSourceAttributes(a.NestedObject.Attributes)},
		}
	default:
		panic(fmt.Sprintf("a data source has no attribute like %T yet", attribute)) // the schema's test sees it
	}
}

func dataSourceAttributes(attributes map[string]schema.Attribute) map[string]datasource.Attribute {
	converted := make(map[string]datasource.Attribute, len(attributes))
	for name, attribute := range attributes {
		if !attribute.IsWriteOnly() {
			converted[name] = dataSourceAttribute(attribute)
		}
	}
	return converted
}
