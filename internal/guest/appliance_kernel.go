package guest

import (
	"os"
	"path/filepath"
)

// kernels are those of the host, of which one becomes the appliance's.
func (a applianceFiles) kernels() []string {
	var kernels []string
	for _, pattern := range []string{filepath.Join(a.modules, "*", "vmlinuz"), filepath.Join(a.boot, "vmlinu[xz]-*")} {
		found, _ := filepath.Glob(pattern) // the pattern is a good one
		kernels = append(kernels, found...)
	}
	return kernels
}

// kernel is the one that the appliance runs, or "" where it cannot be told. An
// appliance that is kept has a copy, which is made anew now and then: the one it
// was made from stands for it, so that there is one answer before and after.
func (a applianceFiles) kernel() string {
	for _, directory := range a.path {
		if exists(filepath.Join(directory, "README.fixed")) {
			return filepath.Join(directory, "kernel")
		}
	}
	if chosen := os.Getenv("SUPERMIN_KERNEL"); chosen != "" {
		return chosen
	}
	kept := filepath.Join(a.cache, "appliance.d", "kernel")
	size := int64(-1)
	if info, err := os.Stat(kept); err == nil {
		size = info.Size()
	}
	var newest string
	var newestTime int64
	for _, kernel := range a.kernels() {
		info, err := os.Stat(kernel)
		if err != nil || !readable(kernel) {
			continue
		}
		if info.Size() == size {
			return kernel
		}
		if made := info.ModTime().UnixNano(); newest == "" || made > newestTime {
			newest, newestTime = kernel, made
		}
	}
	if size >= 0 {
		return kept
	}
	return newest
}

func readable(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	_ = file.Close()
	return true
}
