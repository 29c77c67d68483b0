package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func usersAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Accounts of the guest.",
		Optional:            true,
		Attributes: map[string]schema.Attribute{
			// A list, because write-only attributes cannot be in a set.
			"create": schema.ListNestedAttribute{
				MarkdownDescription: "Accounts that must exist. One that does is updated: what is left out stays as it is, groups and keys are added.",
				Optional:            true,
				NestedObject:        schema.NestedAttributeObject{Attributes: userAttributes()},
			},
			"disable": schema.SetAttribute{
				MarkdownDescription: "Accounts that nobody may log in to any more, by password or key.", ElementType: types.StringType, Optional: true,
			},
			"delete": schema.SetAttribute{
				MarkdownDescription: "Accounts to remove. Their files stay.", ElementType: types.StringType, Optional: true,
			},
		},
	}
}

func userAttributes() map[string]schema.Attribute {
	sibling := func(name string) path.Expression { return path.MatchRelative().AtParent().AtName(name) }
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{MarkdownDescription: "Login name.", Required: true},
		"uid":  schema.Int64Attribute{MarkdownDescription: "Numeric user id. The default is the next free one. An existing user's cannot be changed.", Optional: true},
		"gid": schema.Int64Attribute{
			MarkdownDescription: "Numeric id of the primary group, which is made if the guest does not have it. The default is a group of the user's name, or " +
				"what the guest gives new users. An existing user's cannot be changed.",
			Optional: true,
		},
		"comment": schema.StringAttribute{MarkdownDescription: "Full name or purpose.", Optional: true},
		"home":    schema.StringAttribute{MarkdownDescription: "Home directory. The default is one of the user's name where the guest has its homes.", Optional: true},
		"password": schema.StringAttribute{
			MarkdownDescription: "A crypt(3) hash such as `openssl passwd -6` prints, not a plain password; `*` matches none, `!` locks the account. It is kept in Terraform's state: " +
				"`password_wo` is not. Without either, a new account cannot log in by password.",
			Optional:   true,
			Sensitive:  true,
			Validators: []validator.String{stringvalidator.ConflictsWith(sibling("password_wo"))},
		},
		"password_wo": schema.StringAttribute{
			MarkdownDescription: "The same as `password`, but write-only: it is neither in the plan nor in the state (Terraform 1.11 and later). A change of it is not " +
				"noticed; change `password_wo_version` with it.",
			Optional:   true,
			Sensitive:  true,
			WriteOnly:  true,
			Validators: []validator.String{stringvalidator.AlsoRequires(sibling("password_wo_version"))},
		},
		"password_wo_version": schema.Int64Attribute{
			MarkdownDescription: "Any number. A change of it means that `password_wo` has changed, and migrates again.",
			Optional:            true,
			Validators:          []validator.Int64{int64validator.AlsoRequires(sibling("password_wo"))},
		},
		"groups": schema.SetAttribute{
			MarkdownDescription: "Supplementary groups. One that the guest does not have is made, with a warning.", ElementType: types.StringType, Optional: true,
		},
		"shell": schema.StringAttribute{MarkdownDescription: "Login shell, which the guest must have.", Optional: true},
		"ssh_authorized_keys": schema.ListAttribute{
			MarkdownDescription: "Public keys that may log in over SSH.", ElementType: types.StringType, Optional: true, Sensitive: true,
		},
		"sudo": schema.ListAttribute{
			MarkdownDescription: "Rules for sudo without the user, such as `ALL=(ALL) NOPASSWD: ALL`. They are checked by the guest's `visudo`.",
			ElementType:         types.StringType,
			Optional:            true,
		},
	}
}
