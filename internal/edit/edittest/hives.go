package edittest

import (
	"bytes"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry/registrytest"
)

// Hives writes the hives of a tree of files, for editors without an appliance.
type Hives struct {
	T     testing.TB
	Files guest.FS
	// Spoil, if not nil, makes other changes of those that are asked for.
	Spoil func([]registry.Change) []registry.Change
}

// WriteHive implements edit.HiveWriter.
func (h Hives) WriteHive(name string, changes []registry.Change) error {
	data, err := h.Files.ReadFile(name)
	if err != nil {
		return err
	}
	hive, err := registry.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	if h.Spoil != nil {
		changes = h.Spoil(changes)
	}
	edited := registry.Edit(hive)
	for _, change := range changes {
		if change.Removed {
			err = edited.DeleteKey(change.Key)
		} else {
			err = edited.Set(change.Key, *change.After)
		}
		if err != nil {
			return err
		}
	}
	return h.Files.WriteFile(name, registrytest.Rebuild(h.T, edited), 0o600)
}
