package pipeline

import (
	"context"
	"fmt"
	"os"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// publish gives the written images their names, all of them or none.
func (r *run) publish() error {
	if len(r.images) == 0 {
		return nil
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	var files []artifact.Publication
	for _, image := range r.images {
		files = append(files, artifact.Publication{Temporary: image.temporary, Path: image.final, Record: r.record()})
	}
	if err := r.artifacts.PublishAll(files, r.manifest.Output.Overwrite); err != nil {
		return fmt.Errorf("publishing the images: %w", err)
	}
	for _, image := range r.images {
		written, err := os.Stat(image.final)
		if err != nil {
			return fmt.Errorf("reading back %s: %w", image.final, err)
		}
		r.report.AddArtifact(report.Artifact{
			Type:        image.kind,
			Path:        image.final,
			Format:      image.format,
			SizeBytes:   written.Size(),
			Compressed:  image.kind == report.ArtifactConvertedImage && r.manifest.Pipeline.Convert.Compress,
			VirtualSize: image.virtualSize,
		})
	}
	return nil
}

// record is what the ownership record of each file of this run says.
func (r *run) record() artifact.Record {
	record := artifact.Record{}
	if digest, err := r.manifest.Digest(); err == nil {
		record.ManifestDigest = digest
	}
	if version, err := qemuimg.Version(context.WithoutCancel(r.ctx)); err == nil {
		record.Tools = map[string]string{"qemu-img": version}
	}
	return record
}
