package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// publish gives the written images their names, all of them or none.
func (o *outputs) publish(ctx context.Context, artifacts *artifact.Run, written []image) error {
	if len(written) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	o.say.progress(almost, "publishing")
	var images []report.Artifact
	for _, image := range written {
		info, err := os.Stat(image.temporary)
		if err != nil {
			return fmt.Errorf("reading back what was written for %s: %w", image.final, err)
		}
		if err := o.prepare(image); err != nil {
			return fmt.Errorf("setting the mode of %s: %w", image.final, err)
		}
		images = append(images, report.Artifact{
			Type:        image.kind,
			Path:        image.final,
			Format:      image.format,
			SizeBytes:   info.Size(),
			SizeHuman:   report.HumanSize(info.Size()),
			Compressed:  image.kind == report.ArtifactConvertedImage && o.manifest.Pipeline.Convert.Compress,
			VirtualSize: image.virtualSize,
		})
	}
	record, err := o.record(ctx, report.Images(images))
	if err != nil {
		return err
	}
	var files []artifact.Publication
	for n, image := range written {
		if !images[n].IsImage() {
			if err := replaceEvidence(image.final); err != nil {
				return err
			}
		}
		files = append(files, artifact.Publication{Temporary: image.temporary, Path: image.final, Record: record})
	}
	if err := artifacts.PublishAll(files, o.manifest.Output.Overwrite); err != nil {
		return fmt.Errorf("publishing the images: %w", err)
	}
	for _, image := range images {
		o.say.report.AddArtifact(image)
	}
	return nil
}

// prepare decides who may read a file before it gets its name. What is kept of a
// boot is no image, and not for who runs it.
func (o *outputs) prepare(written image) error {
	if (report.Artifact{Type: written.kind}).IsImage() {
		return o.readers.handOver(written.temporary, o.manifest.Output)
	}
	return o.readers.guardImage(written.temporary)
}

// replaceEvidence makes room for what is kept of a boot: a run that failed leaves
// its own, and belongs to nobody.
func replaceEvidence(path string) error {
	if err := boot.Vacant(path); err != nil {
		return fmt.Errorf("publishing what was seen of the guest: %w", err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replacing what an earlier run has seen of the guest: %w", err)
	}
	return nil
}

// record is what the ownership record of each file of this run says.
func (o *outputs) record(ctx context.Context, images []report.Artifact) (artifact.Record, error) {
	bare, err := o.manifest.WithoutSecrets()
	if err != nil {
		return artifact.Record{}, fmt.Errorf("encoding the manifest: %w", err)
	}
	text, err := json.Marshal(bare)
	if err != nil {
		return artifact.Record{}, fmt.Errorf("encoding the manifest: %w", err)
	}
	digest, err := o.manifest.Digest()
	if err != nil {
		return artifact.Record{}, fmt.Errorf("taking the manifest's digest: %w", err)
	}
	origin, err := json.Marshal(report.Origin{Manifest: text, Source: sourceFiles(o.readers.files), Artifacts: images})
	if err != nil {
		return artifact.Record{}, fmt.Errorf("encoding the ownership record: %w", err)
	}
	if o.tools == nil {
		if version, err := qemuimg.Version(context.WithoutCancel(ctx)); err == nil {
			o.tools = map[string]string{"qemu-img": version}
		}
	}
	return artifact.Record{ManifestDigest: digest, Origin: origin, Tools: o.tools}, nil
}
