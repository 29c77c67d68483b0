package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

func configurationAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "What to put into the guest before its first boot on KVM. Windows guests take `hostname.hostname` and `first_boot` alone. It is part of the `fix` stage, which must " +
			"not be switched off. Everything is checked against the guest before anything in it is changed, and is listed in the report; " +
			"secrets are not. Changing any of it migrates again.",
		Optional: true,
		Attributes: map[string]schema.Attribute{
			"users":    usersAttribute(),
			"services": servicesAttribute(),
			"hostname": hostnameAttribute(),
			"machine_id": schema.StringAttribute{
				MarkdownDescription: "`" + string(manifest.MachineIDReset) + "` makes the guest generate a new machine id at its next boot, as a copy of a machine needs. " +
					"The default is to leave it alone.",
				Optional: true,
			},
			"network":    networkAttribute(),
			"first_boot": firstBootAttribute(),
		},
	}
}

func servicesAttribute() schema.Attribute {
	names := func(description string) schema.Attribute {
		return schema.SetAttribute{MarkdownDescription: description, ElementType: types.StringType, Optional: true}
	}
	return schema.SingleNestedAttribute{
		MarkdownDescription: "What starts at boot: systemd units (a name without a suffix is a service) or init scripts. One that the guest does not have " +
			"is a warning.",
		Optional: true,
		Attributes: map[string]schema.Attribute{
			"enable":  names("Services to start at boot."),
			"disable": names("Services not to start at boot."),
			"mask":    names("Services that nothing may start."),
		},
	}
}

func hostnameAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "The guest's name.",
		Optional:            true,
		Attributes: map[string]schema.Attribute{
			"hostname": schema.StringAttribute{MarkdownDescription: "Host name. The default is the guest's own.", Optional: true},
			"domain":   schema.StringAttribute{MarkdownDescription: "Domain of the host name.", Optional: true},
			"hosts": schema.ListNestedAttribute{
				MarkdownDescription: "Entries to merge into `/etc/hosts`; what it has stays.",
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
		MarkdownDescription: "Files for the guest's network managers. The manager is enabled where nothing else manages the interface; where another one " +
			"would fight with it, a warning says so.",
		Optional: true,
		Attributes: map[string]schema.Attribute{
			"systemd_networkd": filesAttribute("Files for `/etc/systemd/network`.", "such as `10-lan.network`, and ends with `.network`, `.netdev` or `.link`"),
			"netplan":          filesAttribute("Files for `/etc/netplan`.", "such as `60-lan.yaml`"),
			"network_manager":  filesAttribute("Connections of NetworkManager.", "such as `lan.nmconnection`"),
		},
	}
}

func filesAttribute(description, filename string) schema.Attribute {
	return schema.ListNestedAttribute{
		MarkdownDescription: description,
		Optional:            true,
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"filename": schema.StringAttribute{MarkdownDescription: "Plain file name, " + filename + ".", Required: true},
			"content": schema.StringAttribute{
				MarkdownDescription: "Content of the file. It is sensitive, because it may hold private keys, and is kept in Terraform's state.",
				Required:            true,
				Sensitive:           true,
			},
		}},
	}
}

func firstBootAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		MarkdownDescription: "Scripts that run once, in this order, when the guest boots for the first time. In Linux, which needs systemd, what they print " +
			"is in the journal, and one that fails stays in `/usr/local/libexec/hyper2kvm/first-boot/scripts` and does not run again. What Windows does is " +
			"in the guide [Windows guests](../guides/windows.md#the-first-boot).",
		Optional: true,
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{MarkdownDescription: "Name of the script: up to 64 letters, digits, `_`, `-` and `.`. In Windows it ends with " + choices(manifest.WindowsScripts) + ".", Required: true},
			"content": schema.StringAttribute{
				MarkdownDescription: "The script. In Linux one without a `#!` line is for `/bin/sh`. It is sensitive, because it may hold keys, and is kept in Terraform's state.",
				Required:            true,
				Sensitive:           true,
			},
		}},
	}
}
