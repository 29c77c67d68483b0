package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// pipeline runs all stages where none is given, and none but the given ones
// where one is.
func (r *configReader) pipeline(at path.Path, value types.Object) manifest.Pipeline {
	result := manifest.DefaultPipeline()
	var model pipelineModel
	if !r.section(at, value, &model) {
		return result
	}
	r.inspect(at.AtName("inspect"), model.Inspect, &result.Inspect)
	r.fix(at.AtName("fix"), model.Fix, &result.Fix)
	r.convert(at.AtName("convert"), model.Convert, &result.Convert)
	r.validate(at.AtName("validate"), model.Validate, &result.Validate)
	return result
}

func (r *configReader) inspect(at path.Path, value types.Object, stage *manifest.Inspect) {
	var model inspectModel
	if stage.Enabled = r.section(at, value, &model); !stage.Enabled {
		return
	}
	stage.Enabled = r.flag(at.AtName("enabled"), model.Enabled, true)
	stage.CollectGuestInfo = r.flag(at.AtName("collect_guest_info"), model.CollectGuestInfo, stage.CollectGuestInfo)
}

func (r *configReader) fix(at path.Path, value types.Object, stage *manifest.Fix) {
	var model fixModel
	if stage.Enabled = r.section(at, value, &model); !stage.Enabled {
		return
	}
	stage.Enabled = r.flag(at.AtName("enabled"), model.Enabled, true)
	stage.Backup = r.flag(at.AtName("backup"), model.Backup, stage.Backup)
	stage.PrintFstab = r.flag(at.AtName("print_fstab"), model.PrintFstab, stage.PrintFstab)
	stage.UpdateGrub = r.flag(at.AtName("update_grub"), model.UpdateGrub, stage.UpdateGrub)
	stage.RegenInitramfs = r.flag(at.AtName("regen_initramfs"), model.RegenInitramfs, stage.RegenInitramfs)
	stage.Initramfs = manifest.InitramfsMode(r.text(at.AtName("initramfs"), model.Initramfs, string(stage.Initramfs)))
	stage.FstabMode = manifest.FstabMode(r.text(at.AtName("fstab_mode"), model.FstabMode, string(stage.FstabMode)))
	stage.Fsck = manifest.FsckMode(r.text(at.AtName("fsck"), model.Fsck, string(stage.Fsck)))
	stage.RemoveVMwareTools = r.flag(at.AtName("remove_vmware_tools"), model.RemoveVMwareTools, stage.RemoveVMwareTools)
}

func (r *configReader) convert(at path.Path, value types.Object, stage *manifest.Convert) {
	var model convertModel
	if stage.Enabled = r.section(at, value, &model); !stage.Enabled {
		return
	}
	stage.Enabled = r.flag(at.AtName("enabled"), model.Enabled, true)
	stage.Compress = r.flag(at.AtName("compress"), model.Compress, stage.Compress)
	stage.CompressLevel = r.optionalNumber(at.AtName("compress_level"), model.CompressLevel)
	stage.CompressionType = manifest.CompressionType(r.text(at.AtName("compression_type"), model.CompressionType, string(stage.CompressionType)))
	stage.Preallocation = manifest.Preallocation(r.text(at.AtName("preallocation"), model.Preallocation, string(stage.Preallocation)))
	stage.ClusterSize = r.optionalNumber(at.AtName("cluster_size"), model.ClusterSize)
}

func (r *configReader) validate(at path.Path, value types.Object, stage *manifest.Validate) {
	var model validateModel
	if stage.Enabled = r.section(at, value, &model); !stage.Enabled {
		return
	}
	stage.Enabled = r.flag(at.AtName("enabled"), model.Enabled, true)
	stage.CheckImageIntegrity = r.flag(at.AtName("check_image_integrity"), model.CheckImageIntegrity, stage.CheckImageIntegrity)
}
