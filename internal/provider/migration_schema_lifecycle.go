package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The values of on_destroy.
const (
	onDestroyDelete = "delete"
	onDestroyKeep   = "keep"
)

// The values of drift_detection.
const (
	driftExistence = "existence"
	driftChecksum  = "checksum"
)

// trackFingerprint is the value of source.track.
const trackFingerprint = "fingerprint"

// lifecycleAttributes say how the resource behaves after it was created. They
// are no part of the manifest and sit at the top level, because Terraform
// catches a misspelt name only there.
func lifecycleAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"deletion_protection": schema.BoolAttribute{
			MarkdownDescription: "Whether destroying and replacing this resource is refused, at plan where possible. To destroy it, apply with `false` first. " +
				"The default is `false`.",
			Optional: true,
			Computed: true,
			Default:  booldefault.StaticBool(false),
		},
		"on_destroy": schema.StringAttribute{
			MarkdownDescription: "What becomes of the images, the report, and the log and the picture of a boot when the resource is destroyed or replaced: `delete` removes them, " +
				"`keep` leaves them, so that the migration can be imported again. The default is `delete`.",
			Optional:   true,
			Computed:   true,
			Default:    stringdefault.StaticString(onDestroyDelete),
			Validators: []validator.String{stringvalidator.OneOf(onDestroyDelete, onDestroyKeep)},
		},
		"drift_detection": schema.StringAttribute{
			MarkdownDescription: "What counts as drift: `existence` (only an image that is gone) or `checksum` (an image with another content, too, which is " +
				"then planned to be migrated again). A virtual machine that boots from an image changes it, so `checksum` is for images that only " +
				"serve as templates. It reads each image once when it is made and again whenever its size or time has changed. The default is `existence`.",
			Optional:   true,
			Computed:   true,
			Default:    stringdefault.StaticString(driftExistence),
			Validators: []validator.String{stringvalidator.OneOf(driftExistence, driftChecksum)},
		},
		"triggers": schema.MapAttribute{
			MarkdownDescription: "Values of your own whose change migrates again.",
			ElementType:         types.StringType,
			Optional:            true,
		},
	}
}

func trackAttribute() schema.Attribute {
	return schema.StringAttribute{
		MarkdownDescription: "With `fingerprint`, a source file whose size or time has changed since the migration is planned to be migrated again. " +
			"Without it, a changed source is not noticed.",
		Optional:   true,
		Validators: []validator.String{stringvalidator.OneOf(trackFingerprint)},
	}
}
