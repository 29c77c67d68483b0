package kernel

import (
	"cmp"
	"path"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// VirtioDrivers are what a guest on KVM meets: the bus, both disk buses, the
// network card.
var VirtioDrivers = []string{"virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net"}

// EarlyDrivers have to be there before the root file system is. sd_mod drives
// the disks behind virtio_scsi; a guest that came from NVMe may lack it.
var EarlyDrivers = []string{"virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod"}

// Drivers says where one kernel has its drivers.
type Drivers struct {
	version string
	Builtin map[string]bool
	modules initramfs.Dependencies
	Dep     string // the file that modules was read from
	// configured are modules that only the kernel's configuration tells of.
	configured map[string]bool
	// LegacyVirtio says that the kernel's virtio_pci drives devices of before virtio 1.0 alone.
	LegacyVirtio bool
	// early and late are what forbids drivers before and after the root file system is
	// there.
	early, late Bans
}

// DriversOf reads /lib/modules/<version> and, where it does not tell, the
// kernel's configuration.
func DriversOf(e *edit.Reader, version string) (Drivers, error) {
	d, err := listedDrivers(e, version)
	if err != nil {
		return d, err
	}
	d.LegacyVirtio, err = d.knowsLegacyVirtioAlone(e)
	return d, err
}

// listedDrivers are the drivers by what the kernel's files list.
func listedDrivers(e *edit.Reader, version string) (Drivers, error) {
	d := Drivers{version: version}
	directory := path.Join("/lib/modules", version)
	dep, _, err := e.Read(path.Join(directory, "modules.dep"))
	if err != nil {
		return d, err
	}
	d.modules, d.Dep = initramfs.ParseDependencies([]byte(dep)), dep
	builtin, ok, err := e.Read(path.Join(directory, "modules.builtin"))
	if err != nil {
		return d, err
	}
	d.Builtin = initramfs.ParseBuiltin([]byte(builtin))
	if ok {
		return d, nil
	}
	for _, file := range []string{"/boot/config-" + version, path.Join(directory, "config")} {
		config, ok, err := e.Read(file)
		if err != nil {
			return d, err
		}
		if ok {
			d.Builtin, d.configured = initramfs.ParseConfig([]byte(config))
			break
		}
	}
	return d, nil
}

// serves says where a driver is, and of virtio's that it is a legacy one. image may be nil.
func (d Drivers) serves(name string, image *initramfs.Image) string {
	place := d.place(name, image)
	if d.LegacyVirtio && place != report.PlaceMissing && slices.Contains(VirtioDrivers, name) {
		return report.PlaceLegacy
	}
	return place
}

// place says where a driver is. image may be nil.
func (d Drivers) place(name string, image *initramfs.Image) string {
	switch {
	case d.Builtin[name]:
		return report.PlaceBuiltin
	case image != nil && image.Loads(d.version, name):
		return report.PlaceInitramfs
	case d.Has(name):
		return report.PlaceModule
	}
	return report.PlaceMissing
}

// Has reports whether the kernel has a driver as a module.
func (d Drivers) Has(name string) bool {
	_, ok := d.modules.Path(name)
	return ok || d.configured[name]
}

// Virtio says where each virtio driver is. image may be nil.
func (d Drivers) Virtio(image *initramfs.Image) map[string]string {
	places := map[string]string{}
	for _, name := range VirtioDrivers {
		places[name] = d.serves(name, image)
	}
	return places
}

// AbsentFrom lists the wanted drivers that the kernel has as modules and the
// image does not have.
func (d Drivers) AbsentFrom(image *initramfs.Image, wanted []string) []string {
	var absent []string
	for _, name := range wanted {
		if d.place(name, image) == report.PlaceModule {
			absent = append(absent, name)
		}
	}
	return absent
}

// BootsFrom says which virtio disk bus a kernel can find its root file system
// on: "virtio-blk", "virtio-scsi" or "".
func BootsFrom(d Drivers, image *initramfs.Image) string {
	early := func(name string) bool {
		if _, banned := d.EarlyBan(name); banned {
			return false
		}
		place := d.serves(name, image)
		return place == report.PlaceBuiltin || place == report.PlaceInitramfs
	}
	switch {
	case !early("virtio_pci"):
		return ""
	case early("virtio_blk"):
		return "virtio-blk"
	case early("virtio_scsi") && early("sd_mod"):
		return "virtio-scsi"
	}
	return ""
}

// DrivesSATA reports whether a kernel finds its root file system on a SATA disk; it counts
// as doing so where nothing is known of its drivers.
func DrivesSATA(d Drivers, image *initramfs.Image) bool {
	if d.Dep == "" && len(d.Builtin) == 0 {
		return true
	}
	for _, name := range []string{"ahci", "sd_mod"} {
		if _, banned := d.EarlyBan(name); banned {
			return false
		}
		if place := d.place(name, image); place != report.PlaceBuiltin && place != report.PlaceInitramfs {
			return false
		}
	}
	return true
}

// HasVirtioDisk reports whether the kernel has what drives a virtio disk, wherever it is.
func (d Drivers) HasVirtioDisk() bool {
	return report.Kernel{Virtio: d.Virtio(nil)}.HasVirtioDisk()
}

// NetworkCard is the best network card of QEMU that the kernel has a driver for.
// What drives the others came to Linux long before virtio_net (2.6.25), but for
// e1000e (2.6.24), which is also what is left where no driver is known.
func NetworkCard(d Drivers, image *initramfs.Image) string {
	if _, banned := d.CardBan(); !banned && !d.LegacyVirtio && d.drives("virtio_net", image) {
		return "virtio"
	}
	return cmp.Or(EmulatedCard(d, image), "e1000e")
}

// drives reports whether a driver of a network card is there and may be loaded.
func (d Drivers) drives(card string, image *initramfs.Image) bool {
	_, banned := d.LateBan(card)
	return !banned && d.place(card, image) != report.PlaceMissing
}

// EmulatedCard is the best that the kernel has a driver for of the network cards
// that exist as hardware, or "".
func EmulatedCard(d Drivers, image *initramfs.Image) string {
	for _, card := range []struct{ driver, model string }{
		{"e1000e", "e1000e"}, {"e1000", "e1000"}, {"8139cp", "rtl8139"}, {"8139too", "rtl8139"},
	} {
		if d.drives(card.driver, image) {
			return card.model
		}
	}
	return ""
}

// KnowsNoCard reports whether a kernel, whose drivers are known, has none of those cards'
// drivers, nor that of virtio's, or may not load them.
func KnowsNoCard(d Drivers, image *initramfs.Image) bool {
	known := d.Dep != "" || len(d.Builtin) > 0
	return known && EmulatedCard(d, image) == "" && NetworkCard(d, image) != "virtio"
}

// oldCards are drivers of the network cards that machines of VMware, Hyper-V and Xen have.
var oldCards = []string{"vmxnet3", "vmxnet", "e1000", "e1000e", "pcnet32", "hv_netvsc", "tulip", "xen_netfront"}

// EarlyCard is the driver of the new machine's network card where the image has one of
// an old machine's, and "" elsewhere: such a guest may need the network before its root
// file system is there, to unlock it or to let a person do so.
func EarlyCard(d Drivers, image *initramfs.Image) string {
	if !slices.ContainsFunc(oldCards, func(name string) bool { return image.HasModule(d.version, name) }) {
		return ""
	}
	return map[string]string{"virtio": "virtio_net", "e1000e": "e1000e", "e1000": "e1000"}[NetworkCard(d, image)]
}

// RootDrivers lists what the guest's root file system stands on. An image that
// booted the guest has them; naming them costs nothing where they are there.
func RootDrivers(mounts []guest.Mount, devices guest.Devices) []string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, m := range mounts {
		if m.Path != "/" && m.Path != "/usr" {
			continue
		}
		switch m.FSType {
		case "ext2", "ext3", "ext4", "xfs", "btrfs":
			add(m.FSType)
		}
		for _, d := range devices {
			if d.Name == m.Device && (d.Kind == guest.KindLV || d.Kind == guest.KindCrypt) {
				add("dm_mod")
			}
		}
	}
	return names
}
