//go:build cgo

package guest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckHost(t *testing.T) {
	if lacks := CheckHost(AccelAuto); len(lacks) != 0 {
		t.Errorf("a host on which all else of these tests works lacks %v", lacks)
	}
	t.Setenv("LIBGUESTFS_HV", filepath.Join(t.TempDir(), "absent"))
	t.Setenv("LIBGUESTFS_PATH", t.TempDir())
	lacks := CheckHost(AccelAuto)
	if len(lacks) != 2 || !strings.Contains(lacks[0].Error(), "QEMU cannot be run") || !strings.Contains(lacks[1].Error(), "no appliance") {
		t.Errorf("without QEMU and appliance: %v", lacks)
	}
	for _, one := range lacks {
		var lacking *lack
		if !errors.As(one, &lacking) || lacking.Remedy() == "" {
			t.Errorf("%v has no remedy", one)
		}
	}
}

func TestCheckHostForKVM(t *testing.T) {
	device, err := os.OpenFile(kvmDevice, os.O_RDWR, 0)
	if err == nil {
		_ = device.Close()
	}
	lacks := CheckHost(AccelKVM)
	if (err == nil) != (len(lacks) == 0) {
		t.Errorf("opening %s: %v; lacks %v", kvmDevice, err, lacks)
	}
}
