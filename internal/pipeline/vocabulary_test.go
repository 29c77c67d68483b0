package pipeline

import (
	"slices"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qcow2"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// TestRoomsAgree: what manifest says of sources and images is said again by the rooms
// that read and write them, which know no manifest.
func TestRoomsAgree(t *testing.T) {
	t.Parallel()
	if manifest.DefaultMaxVirtualSize != source.DefaultMaxVirtualSize {
		t.Errorf("largest virtual size: %d in manifest, %d in source", manifest.DefaultMaxVirtualSize, source.DefaultMaxVirtualSize)
	}
	if manifest.MinClusterSize != qcow2.MinClusterSize || manifest.MaxClusterSize != qcow2.MaxClusterSize {
		t.Errorf("clusters: %d to %d in manifest, %d to %d in qcow2", manifest.MinClusterSize, manifest.MaxClusterSize, qcow2.MinClusterSize, qcow2.MaxClusterSize)
	}
	var types []string
	for _, kind := range manifest.SourceTypes {
		types = append(types, string(kind))
	}
	slices.Sort(types)
	if known := slices.Sorted(slices.Values(source.Types)); !slices.Equal(types, known) {
		t.Errorf("types: %q in manifest, %q in source", types, known)
	}
}
