package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func configurationAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "What to put into the guest before its first boot on KVM (Linux guests only). It is part of the `fix` stage. **Not supported yet:** " +
			"a migration that has one of its sections is refused before any work.",
		Optional:      true,
		PlanModifiers: []planmodifier.Object{objectplanmodifier.RequiresReplace()},
		Attributes: map[string]schema.Attribute{
			"users":    usersAttribute(),
			"services": servicesAttribute(),
			"hostname": hostnameAttribute(),
			"network":  networkAttribute(),
		},
	}
}

func usersAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Accounts of the guest.",
		Optional:            true,
		Attributes: map[string]schema.Attribute{
			"create": schema.ListNestedAttribute{
				MarkdownDescription: "Accounts to create, or to update where they exist.",
				Optional:            true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"name": schema.StringAttribute{MarkdownDescription: "Login name.", Required: true},
					"uid":  schema.Int64Attribute{MarkdownDescription: "Numeric user id. The default is the next free one.", Optional: true},
					"password": schema.StringAttribute{
						MarkdownDescription: "A crypt(3) hash such as `openssl passwd -6` prints, not a plain password. It is kept in Terraform's state.",
						Optional:            true,
						Sensitive:           true,
					},
					"groups": schema.SetAttribute{MarkdownDescription: "Supplementary groups.", ElementType: types.StringType, Optional: true},
					"shell":  schema.StringAttribute{MarkdownDescription: "Login shell.", Optional: true},
					"ssh_authorized_keys": schema.ListAttribute{
						MarkdownDescription: "Public keys that may log in over SSH.", ElementType: types.StringType, Optional: true,
					},
				}},
			},
		},
	}
}

func servicesAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Services of the guest.",
		Optional:            true,
		Attributes: map[string]schema.Attribute{
			"enable":  schema.SetAttribute{MarkdownDescription: "Services to start at boot.", ElementType: types.StringType, Optional: true},
			"disable": schema.SetAttribute{MarkdownDescription: "Services not to start at boot.", ElementType: types.StringType, Optional: true},
		},
	}
}

func hostnameAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "The guest's name.",
		Optional:            true,
		Attributes: map[string]schema.Attribute{
			"hostname": schema.StringAttribute{MarkdownDescription: "Host name without its domain.", Optional: true},
			"domain":   schema.StringAttribute{MarkdownDescription: "Domain of the host name.", Optional: true},
			"hosts": schema.ListNestedAttribute{
				MarkdownDescription: "Entries to merge into `/etc/hosts`.",
				Optional:            true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"ip":       schema.StringAttribute{MarkdownDescription: "IPv4 or IPv6 address.", Required: true},
					"hostname": schema.StringAttribute{MarkdownDescription: "One or more names, separated by blanks.", Required: true},
				}},
			},
		},
	}
}

func networkAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Network configuration of the guest.",
		Optional:            true,
		Attributes: map[string]schema.Attribute{
			"systemd_networkd": schema.ListNestedAttribute{
				MarkdownDescription: "Files for `/etc/systemd/network`.",
				Optional:            true,
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"filename": schema.StringAttribute{MarkdownDescription: "File name, such as `10-lan.network`.", Required: true},
					"content": schema.StringAttribute{
						MarkdownDescription: "Content of the file. It is sensitive, because it may hold private keys.",
						Required:            true,
						Sensitive:           true,
					},
				}},
			},
		},
	}
}
