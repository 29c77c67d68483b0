//go:build cgo && linux

package appliance

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

func openData(t *testing.T, data []byte) *registry.Hive {
	t.Helper()
	hive, err := registry.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return hive
}

// TestAccWriteHive writes real hives: what was meant is there, and nothing else was
// changed. What cannot be written leaves the hive as it was.
func TestAccWriteHive(t *testing.T) {
	t.Parallel()
	needAppliance(t)
	s, err := Open(t.Context(), []Drive{newImage(t, "200M")}, Options{TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := s.call("build", "", func(g *guestfs.Guestfs) error {
		return errors.Join(g.Part_disk("/dev/sda", "mbr"), g.Mkfs("ntfs", "/dev/sda1", nil), g.Mount("/dev/sda1", "/"))
	}); err != nil {
		t.Fatal(err)
	}
	for name, set := range map[string]string{"windows7-vmware-SYSTEM": "ControlSet002", "windows10-1709-vmware-SYSTEM": "ControlSet001"} {
		t.Run(name, func(t *testing.T) {
			before := registrytest.Clean(registrytest.Load(t, "../registry/testdata", name))
			file := "/" + name
			if err := s.WriteFile(file, before, 0o600); err != nil {
				t.Fatal(err)
			}
			edited := registry.Edit(openData(t, before))
			for _, err := range []error{
				edited.Set(set+`\Services\VMTools`, registry.NumberValue("Start", 4)),
				edited.Set(set+`\Services\viostor\Parameters`, registry.NumberValue("BusType", 1)),
				edited.Set(set+`\Services\viostor`, registry.TextValue("", registry.String, "default")),
				edited.Set(set+`\Services\viostor`, registry.Value{Name: "zeros", Type: registry.Binary, Data: []byte{0, 1, 0, 0, 2, 0}}),
				edited.Set(set+`\Services\viostor`, registry.TextsValue("list", "one", "two")),
				edited.DeleteKey(set + `\Services\vmmouse`),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := s.WriteHive(file, edited.Changes()); err != nil {
				t.Fatal(err)
			}
			after, err := s.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			hive := openData(t, after)
			if err := hive.Sound(); err != nil {
				t.Error(err)
			}
			if differences, err := registry.Compare(edited, hive); err != nil || len(differences) > 0 {
				t.Errorf("%v\n%s", err, registry.Diff(name, differences))
			}

			large := registry.Value{Name: "large", Type: registry.Binary, Data: make([]byte, maxHiveValue+1)}
			gone := registry.NumberValue("Start", 4)
			for want, change := range map[string]registry.Change{
				"taken away":        {Key: set + `\Services\VMTools`, Name: "Start", Before: &gone},
				"16345 bytes":       {Key: set, Name: "large", After: &large},
				"there is no never": {Key: set + `\never`, Removed: true},
			} {
				changes := []registry.Change{{Key: set, Name: "first", After: &gone}, change}
				if err := s.WriteHive(file, changes); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
					t.Errorf("error = %v, want one that says %q", err, want)
				}
			}
			if again, err := s.ReadFile(file); err != nil || !bytes.Equal(again, after) {
				t.Errorf("a change that could not be made left something: %v", err)
			}
		})
	}
	if err := s.WriteHive("/none", nil); err == nil {
		t.Error("a hive that is not there was written")
	}
}
