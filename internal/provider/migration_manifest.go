package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
)

// manifest converts the resource to a manifest with absolute paths. It takes a
// plan as well as a configuration, in which defaults are not filled in yet.
// Unknown attributes have their default in the manifest.
func (m *migrationModel) manifest(ctx context.Context) (_ *manifest.Manifest, _ reading, _ diag.Diagnostics) {
	r := &configReader{ctx: ctx}
	result := &manifest.Manifest{
		Version:       manifest.Version,
		Metadata:      r.metadata(path.Root("metadata"), m.Metadata),
		Source:        r.source(path.Root("source"), m.Source),
		Output:        r.output(path.Root("output"), m.Output),
		Pipeline:      r.pipeline(path.Root("pipeline"), m.Pipeline),
		Configuration: r.configuration(path.Root("configuration"), m.Configuration),
		Options:       r.options(path.Root("options"), m.Options),
	}
	result.Output.Overwrite = r.flag(path.Root("overwrite"), m.Overwrite, false)
	if result.Source.Path != "" {
		result.Source.Path = result.SourcePath()
	}
	for n, key := range result.Source.LUKSKeys {
		result.Source.LUKSKeys[n].KeyFile = key.KeyFilePath()
	}
	if result.Output.Directory != "" {
		result.Output.Directory = result.OutputDirectory()
	}
	return result, r.read, r.diags
}

func (r *configReader) metadata(at path.Path, value types.Object) *manifest.Metadata {
	var model metadataModel
	if !r.section(at, value, &model) {
		return nil
	}
	return &manifest.Metadata{
		Name:        r.text(at.AtName("name"), model.Name, ""),
		Description: r.text(at.AtName("description"), model.Description, ""),
		Tags:        r.texts(at.AtName("tags"), model.Tags),
		Owner:       r.text(at.AtName("owner"), model.Owner, ""),
		Created:     r.text(at.AtName("created"), model.Created, ""),
	}
}

func (r *configReader) source(at path.Path, value types.Object) manifest.Source {
	result := manifest.NewSource("", "")
	var model sourceModel
	if !r.section(at, value, &model) {
		return result
	}
	result.Type = manifest.SourceType(r.text(at.AtName("type"), model.Type, ""))
	result.Path = r.text(at.AtName("path"), model.Path, "")
	result.VM = r.text(at.AtName("vm"), model.VM, "")
	result.Checksum = r.text(at.AtName("checksum"), model.Checksum, "")
	result.VerifyChecksums = r.flag(at.AtName("verify_checksums"), model.VerifyChecksums, result.VerifyChecksums)
	result.MaxVirtualSize = r.size(at.AtName("max_virtual_size"), model.MaxVirtualSize, result.MaxVirtualSize)
	r.sections(at.AtName("luks_keys"), model.LUKSKeys, func(at path.Path, value types.Object) {
		var key luksKeyModel
		r.section(at, value, &key)
		result.LUKSKeys = append(result.LUKSKeys, manifest.LUKSKey{
			Device:  r.text(at.AtName("device"), key.Device, ""),
			Key:     r.text(at.AtName("key"), key.Key, ""),
			KeyFile: r.text(at.AtName("key_file"), key.KeyFile, ""),
		})
	})
	return result
}

func (r *configReader) output(at path.Path, value types.Object) manifest.Output {
	result := manifest.Output{Format: manifest.DefaultFormat}
	var model outputModel
	if !r.section(at, value, &model) {
		return result
	}
	return manifest.Output{
		Directory: r.text(at.AtName("directory"), model.Directory, ""),
		Format:    manifest.OutputFormat(r.text(at.AtName("format"), model.Format, string(result.Format))),
		Filename:  r.text(at.AtName("filename"), model.Filename, ""),
	}
}

func (r *configReader) options(at path.Path, value types.Object) manifest.Options {
	result := manifest.DefaultOptions()
	var model optionsModel
	if !r.section(at, value, &model) {
		return result
	}
	result.DryRun = r.flag(at.AtName("dry_run"), model.DryRun, result.DryRun)
	result.Verbose = r.number(at.AtName("verbose"), model.Verbose, result.Verbose)
	var reportModel reportOptionsModel
	if at = at.AtName("report"); r.section(at, model.Report, &reportModel) {
		result.Report.Enabled = r.flag(at.AtName("enabled"), reportModel.Enabled, result.Report.Enabled)
		result.Report.Path = r.text(at.AtName("path"), reportModel.Path, result.Report.Path)
	}
	return result
}
