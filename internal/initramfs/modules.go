package initramfs

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

var moduleSuffixes = []string{".ko", ".ko.xz", ".ko.zst", ".ko.gz"}

func isModule(name string) bool {
	return slices.ContainsFunc(moduleSuffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}

// ModuleName turns a module's file name or alias into the name that the kernel
// knows it by: "kernel/drivers/block/virtio-blk.ko.xz" is "virtio_blk".
func ModuleName(file string) string {
	base := path.Base(file)
	for _, suffix := range moduleSuffixes {
		if name, ok := strings.CutSuffix(base, suffix); ok {
			base = name
			break
		}
	}
	return strings.ReplaceAll(base, "-", "_")
}

// ParseBuiltin reads a modules.builtin file into the set of module names that
// the kernel has built in.
func ParseBuiltin(data []byte) map[string]bool {
	names := map[string]bool{}
	for line := range lines(data) {
		names[ModuleName(line)] = true
	}
	return names
}

// configOptions names the kernel options behind the drivers that a guest on
// KVM needs.
var configOptions = map[string]string{
	"CONFIG_VIRTIO":        "virtio",
	"CONFIG_VIRTIO_PCI":    "virtio_pci",
	"CONFIG_VIRTIO_BLK":    "virtio_blk",
	"CONFIG_SCSI_VIRTIO":   "virtio_scsi",
	"CONFIG_VIRTIO_NET":    "virtio_net",
	"CONFIG_BLK_DEV_SD":    "sd_mod",
	"CONFIG_EXT4_FS":       "ext4",
	"CONFIG_XFS_FS":        "xfs",
	"CONFIG_BTRFS_FS":      "btrfs",
	"CONFIG_BLK_DEV_DM":    "dm_mod",
	"CONFIG_DM_CRYPT":      "dm_crypt",
	"CONFIG_MD_RAID1":      "raid1",
	"CONFIG_BLK_DEV_NVME":  "nvme",
	"CONFIG_SATA_AHCI":     "ahci",
	"CONFIG_E1000":         "e1000",
	"CONFIG_E1000E":        "e1000e",
	"CONFIG_BLK_DEV_PIIX":  "piix",
	"CONFIG_ATA_PIIX":      "ata_piix",
	"CONFIG_FUSION_SPI":    "mptspi",
	"CONFIG_VMWARE_PVSCSI": "vmw_pvscsi",
}

// ParseConfig reads a kernel's configuration (/boot/config-*) and returns, for
// the drivers that matter on KVM, which are built in and which exist as a
// module. It serves where modules.builtin is missing.
func ParseConfig(data []byte) (builtin, module map[string]bool) {
	builtin, module = map[string]bool{}, map[string]bool{}
	for line := range lines(data) {
		option, value, _ := strings.Cut(line, "=")
		name, known := configOptions[option]
		switch {
		case !known:
		case value == "y":
			builtin[name] = true
		case value == "m":
			module[name] = true
		}
	}
	return builtin, module
}

// Dependencies is the content of a modules.dep file.
type Dependencies struct {
	path map[string]string   // name: path under the module directory
	on   map[string][]string // name: names, as modules.dep orders them
}

// ParseDependencies reads a modules.dep file. Lines that name no module are
// skipped.
func ParseDependencies(data []byte) Dependencies {
	d := Dependencies{path: map[string]string{}, on: map[string][]string{}}
	for line := range lines(data) {
		file, rest, ok := strings.Cut(line, ":")
		if !ok || !isModule(file) {
			continue
		}
		name := ModuleName(file)
		d.path[name] = relativeModule(file)
		for dependency := range strings.FieldsSeq(rest) {
			d.on[name] = append(d.on[name], ModuleName(dependency))
		}
	}
	return d
}

// relativeModule strips the module directory from the absolute paths that
// depmod wrote before 2008.
func relativeModule(file string) string {
	if root := modulesRoot(strings.TrimPrefix(file, "/")); root != "" {
		return strings.TrimPrefix(strings.TrimPrefix(file, "/"), root+"/")
	}
	return file
}

// Path returns a module's path under /lib/modules/<version>, and false when
// the kernel has no such module.
func (d Dependencies) Path(name string) (string, bool) {
	p, ok := d.path[ModuleName(name)]
	return p, ok
}

// Closure returns the named modules and all that they depend on, dependencies
// first, each once. A module that modules.dep does not list is an error.
func (d Dependencies) Closure(names ...string) ([]string, error) {
	var order []string
	seen := map[string]bool{}
	var visit func(name string) error
	visit = func(name string) error {
		if seen[name] {
			return nil
		}
		seen[name] = true
		if _, ok := d.path[name]; !ok {
			return fmt.Errorf("modules.dep lists no module %q", name)
		}
		for _, dependency := range slices.Backward(d.on[name]) {
			if err := visit(dependency); err != nil {
				return err
			}
		}
		order = append(order, name)
		return nil
	}
	for _, name := range names {
		if err := visit(ModuleName(name)); err != nil {
			return nil, err
		}
	}
	return order, nil
}

// UnpackModule returns a module file's content, decompressed by its suffix.
// The signature, being behind the ELF data, stays.
func UnpackModule(file string, data []byte) ([]byte, error) {
	var compression Compression
	switch path.Ext(file) {
	case ".xz":
		compression = CompressionXZ
	case ".zst":
		compression = CompressionZstd
	case ".gz":
		compression = CompressionGzip
	default:
		return data, nil
	}
	r, err := open(newCursor(bytes.NewReader(data)), compression)
	if err != nil {
		return nil, fmt.Errorf("module %s: %w", file, err)
	}
	out, err := io.ReadAll(io.LimitReader(r, maxModule+1))
	if closed := r.Close(); err == nil {
		err = closed
	}
	if err == nil && len(out) > maxModule {
		err = fmt.Errorf("unpacks to more than %d bytes", maxModule)
	}
	if err != nil {
		return nil, fmt.Errorf("module %s: %w", file, err)
	}
	return out, nil
}

// maxModule is the most bytes that one unpacked module may have.
const maxModule = 64 << 20

// lines yields the lines of a text that are neither empty nor comments.
func lines(data []byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		s := bufio.NewScanner(bytes.NewReader(data))
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			line := strings.TrimSpace(s.Text())
			if line == "" || line[0] == '#' {
				continue
			}
			if !yield(line) {
				return
			}
		}
	}
}
