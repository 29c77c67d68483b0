package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/menu"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
)

// firstVirtio1 is the first version of Linux whose virtio_pci drives devices of virtio
// 1.0. A machine of type q35 has no others: its slots are those of PCI Express, and what
// is in one has no interface of before that (QEMU's docs/pcie.txt, libvirt's
// virtio-transitional).
const firstVirtio1 = "4.0"

// virtio1Marks are texts in a virtio_pci that drives such devices. RHEL 7 has one in
// its Linux 3.10.
var virtio1Marks = []string{"VIRTIO_F_VERSION_1", "virtio_pci_modern"}

// knowsLegacyVirtioAlone reports whether a kernel finds no virtio device in a machine of type
// q35. It is read from the driver, whatever the version is called; a driver that cannot
// be read is taken for one of its version.
func (d Drivers) knowsLegacyVirtioAlone(e *edit.Reader) (bool, error) {
	if d.version == "" || d.version[0] < '0' || d.version[0] > '9' || menu.CompareVersions(d.version, firstVirtio1) >= 0 {
		return false, nil
	}
	file, isModule := d.modules.Path("virtio_pci")
	switch {
	case d.Builtin["virtio_pci"]:
		symbols, _, err := e.Read("/boot/System.map-" + d.version)
		return !marked(symbols), err
	case !isModule:
		return d.configured["virtio_pci"], nil
	}
	file = path.Join("/lib/modules", d.version, file)
	packed, err := e.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot read %s in the guest: %w", file, err)
	}
	if module, err := initramfs.UnpackModule(file, packed); err == nil {
		return !marked(string(module)), nil
	}
	return true, nil
}

func marked(text string) bool {
	return slices.ContainsFunc(virtio1Marks, func(mark string) bool { return strings.Contains(text, mark) })
}
