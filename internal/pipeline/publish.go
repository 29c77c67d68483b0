package pipeline

import (
	"context"
	"encoding/json"
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
	r.progress(almost, "publishing")
	var images []report.Artifact
	for _, image := range r.images {
		written, err := os.Stat(image.temporary)
		if err != nil {
			return fmt.Errorf("reading back what was written for %s: %w", image.final, err)
		}
		if err := r.guardImage(image.temporary); err != nil {
			return fmt.Errorf("setting the mode of %s: %w", image.final, err)
		}
		images = append(images, report.Artifact{
			Type:        image.kind,
			Path:        image.final,
			Format:      image.format,
			SizeBytes:   written.Size(),
			SizeHuman:   report.HumanSize(written.Size()),
			Compressed:  image.kind == report.ArtifactConvertedImage && r.manifest.Pipeline.Convert.Compress,
			VirtualSize: image.virtualSize,
		})
	}
	record, err := r.record(images)
	if err != nil {
		return err
	}
	var files []artifact.Publication
	for _, image := range r.images {
		files = append(files, artifact.Publication{Temporary: image.temporary, Path: image.final, Record: record})
	}
	if err := r.artifacts.PublishAll(files, r.manifest.Output.Overwrite); err != nil {
		return fmt.Errorf("publishing the images: %w", err)
	}
	for _, image := range images {
		r.report.AddArtifact(image)
	}
	return nil
}

// record is what the ownership record of each file of this run says.
func (r *run) record(images []report.Artifact) (artifact.Record, error) {
	bare, err := r.manifest.WithoutSecrets()
	if err != nil {
		return artifact.Record{}, fmt.Errorf("encoding the manifest: %w", err)
	}
	text, err := json.Marshal(bare)
	if err != nil {
		return artifact.Record{}, fmt.Errorf("encoding the manifest: %w", err)
	}
	digest, err := r.manifest.Digest()
	if err != nil {
		return artifact.Record{}, fmt.Errorf("taking the manifest's digest: %w", err)
	}
	origin, err := json.Marshal(report.Origin{Manifest: text, Source: r.sourceFiles(), Artifacts: images})
	if err != nil {
		return artifact.Record{}, fmt.Errorf("encoding the ownership record: %w", err)
	}
	record := artifact.Record{ManifestDigest: digest, Origin: origin}
	if version, err := qemuimg.Version(context.WithoutCancel(r.ctx)); err == nil {
		record.Tools = map[string]string{"qemu-img": version}
	}
	return record, nil
}

// sourceFiles are the files of the source as they were when they were opened.
func (r *run) sourceFiles() []report.SourceFile {
	var files []report.SourceFile
	for _, file := range r.source.Files {
		files = append(files, report.SourceFile{Path: file.Path, SizeBytes: file.Size, Modified: file.Modified.UTC()})
	}
	return files
}
