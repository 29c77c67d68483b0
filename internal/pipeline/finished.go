package pipeline

import (
	"encoding/json"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Finished returns the paths of the images where an earlier run of this very
// manifest has succeeded, whichever host it ran on, so that nothing is left to do:
// all of them are there, and its source has not changed since. It is empty where
// any of that is not so, or not known. That a machine has written to an image since
// changes nothing.
func Finished(m *manifest.Manifest) []string {
	digest, err := m.Digest()
	paths := imagePaths(m, 1)
	if err != nil || len(paths) == 0 {
		return nil
	}
	first, err := artifact.ReadRecord(paths[0])
	if err != nil || first.ManifestDigest != digest {
		return nil
	}
	var origin report.Origin
	if err := json.Unmarshal(first.Origin, &origin); err != nil || slices.ContainsFunc(origin.Source, report.SourceFile.Changed) {
		return nil
	}
	var images []string
	for _, image := range report.Images(origin.Artifacts) {
		status := artifact.Check(image.Path, artifact.Identity{RunID: first.RunID})
		if status.State != artifact.StateOwned && status.State != artifact.StateChanged || artifact.Unfinished(image.Path, status.Record) {
			return nil
		}
		images = append(images, image.Path)
	}
	return images
}
