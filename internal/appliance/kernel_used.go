//go:build linux

package appliance

import (
	"cmp"
	"os"
	"path/filepath"
)

// usedKernel is the one that the appliance runs, or "" where it cannot be told. An
// appliance that is kept has a copy, which is made anew now and then: the one it
// was made from stands for it, so that there is one answer before and after.
func (h applianceHost) usedKernel() string {
	if kind, at := h.search(); kind == fixedAppliance {
		for _, name := range []string{"kernel", "vmlinuz." + machine()} {
			if file := filepath.Join(at, name); exists(file) {
				return file
			}
		}
	}
	if chosen, err := h.chosenKernel(); err == nil && chosen.file != "" {
		return chosen.file
	}
	kept := filepath.Join(h.home(), "appliance.d", "kernel")
	copied, keptErr := os.Stat(kept)
	newest := ""
	for _, kernel := range h.kernels() {
		info, err := os.Stat(kernel.file)
		if err != nil || readable(kernel.file) != nil {
			continue
		}
		if keptErr == nil && info.Size() == copied.Size() {
			return kernel.file
		}
		newest = cmp.Or(newest, kernel.file)
	}
	if keptErr == nil {
		return kept
	}
	return newest
}
