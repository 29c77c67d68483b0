//go:build cgo && linux

package appliance

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOpenSaysWhyNothingIsBuilt: supermin is given a kernel that it cannot copy.
func TestOpenSaysWhyNothingIsBuilt(t *testing.T) {
	directory := t.TempDir()
	for _, name := range []string{"cache", "modules"} {
		if err := os.Mkdir(filepath.Join(directory, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	drive := filepath.Join(directory, "disk.raw")
	if err := errors.Join(os.WriteFile(drive, make([]byte, 1<<20), 0o600), os.WriteFile(filepath.Join(directory, "modules", "modules.dep"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	kernel := filepath.Join(directory, "kernel")
	for name, value := range map[string]string{
		"SUPERMIN_KERNEL": kernel, "SUPERMIN_KERNEL_VERSION": "1.0", "SUPERMIN_MODULES": filepath.Join(directory, "modules"),
		"LIBGUESTFS_CACHEDIR": filepath.Join(directory, "cache"),
	} {
		t.Setenv(name, value)
	}
	if lacks := CheckHost(t.Context(), AccelTCG); len(lacks) != 1 || !strings.Contains(lacks[0].Error(), kernel) {
		t.Errorf("before it is tried: %v", lacks)
	}
	session, err := Open(t.Context(), []Drive{{Path: drive, Format: "raw"}}, Options{TempDir: directory, Acceleration: AccelTCG})
	if err == nil {
		_ = session.Close()
		t.Fatal("an appliance without a kernel came up")
	}
	for _, want := range []string{"the appliance could not be built: cp: cannot stat", kernel, "No such file or directory"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
	for _, unwanted := range []string{"LIBGUESTFS_DEBUG", "status 1"} {
		if strings.Contains(err.Error(), unwanted) {
			t.Errorf("%q is in %q", unwanted, err)
		}
	}
}
