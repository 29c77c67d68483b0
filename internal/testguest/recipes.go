package testguest

import (
	"fmt"
	"strings"
)

// Flagship is the name of the guest that the end-to-end tests and the demo use.
const Flagship = "debian12-bios-sda1"

// Recipes returns every guest there is a recipe for, the flagship first.
func Recipes() []Recipe {
	return []Recipe{
		debian12BIOS(),
		debian12NoVirtio(),
		debian12TwoKernels(),
		debian12EmptyMenu(),
		debian11HDA(),
		debian12LVM(),
		debian12TwoDisks(),
		debian12LUKS(),
		debian12RAID(),
		debian12Btrfs(),
		debian13SystemdBoot(),
		debian13Unified(),
		debian13Dracut(),
		debian12DracutResume(),
		debian13XZModules(),
		debian12ZstdModules(),
		debian12LVMFilter(),
		debian12FIPS(),
		debian12RAIDDevices(),
		debian12Snapshot(),
		debian12CloudInit(),
		debian12PowerCut(),
	}
}

// Lookup returns the recipe with the given name.
func Lookup(name string) (Recipe, error) {
	var names []string
	for _, r := range Recipes() {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	return Recipe{}, fmt.Errorf("no recipe is named %q; there are %s", name, strings.Join(names, ", "))
}
