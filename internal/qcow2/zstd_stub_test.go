//go:build !cgo

package qcow2_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qcow2"
)

// compressions is what this build can write.
var compressions = []qcow2.Compression{qcow2.Zlib}

func TestZstdNeedsCgo(t *testing.T) {
	t.Parallel()
	c := contents()["text"]
	err := qcow2.Write(t.Context(), filepath.Join(t.TempDir(), "x"), qcow2.Options{
		Size: c.size, Compression: qcow2.Zstd, Map: c, Readers: readers(c),
	})
	if err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=1") {
		t.Errorf("error %v, expected one that says how to build", err)
	}
}
