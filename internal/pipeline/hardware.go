package pipeline

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// hardware is what a machine has to give a guest as it is.
type hardware struct {
	diskBus  string // "virtio", "scsi" for virtio-scsi, "sata" or "ide"
	nicModel string // "virtio", "e1000e", "e1000" or "rtl8139"
	// reason says why it is not virtio throughout, remedy what helps. Both are
	// empty where it is.
	reason, remedy string
}

// virtioHardware is for guests that are known to boot from it.
var virtioHardware = hardware{diskBus: "virtio", nicModel: "virtio"}

// commonHardware is what about every kernel of the last fifteen years has drivers
// for. oldHardware is for those that know no AHCI and no PCI Express.
var (
	commonHardware = hardware{diskBus: "sata", nicModel: "e1000e"}
	oldHardware    = hardware{diskBus: "ide", nicModel: "rtl8139"}
)

func (h hardware) because(reason, remedy string) hardware {
	h.reason, h.remedy = reason, remedy
	return h
}

// warning says what the guest needs and why.
func (h hardware) warning() string {
	bus := map[string]string{"virtio": "a virtio disk", "scsi": "a disk on a virtio-scsi controller", "sata": "a SATA disk", "ide": "an IDE disk"}[h.diskBus]
	card := map[string]string{"virtio": "a virtio", "e1000e": "an e1000e", "e1000": "an e1000", "rtl8139": "an rtl8139"}[h.nicModel]
	return fmt.Sprintf("the guest as it is needs %s and %s network card: %s", bus, card, h.reason)
}

// unknownHardware is for guests of which nobody found out what runs in them.
var unknownHardware = commonHardware.because("its operating system is not known",
	"enable pipeline.inspect.collect_guest_info, or attach the image as you know that the guest boots")

// hardwareFor is what the guest as it is boots from, as far as that is known: the
// kernels are those of a Linux guest with their initramfs read. What is not known
// to have virtio gets what every kernel of its kind boots from.
func hardwareFor(os guest.OS, kernels []report.Kernel) hardware {
	kind := cmp.Or(os.Product, os.Type, "an unknown system")
	const known = "; attach it as you know that it boots, if you do"
	switch os.Type {
	case "linux":
		return linuxHardware(kernels)
	case "windows":
		remedy := "install the virtio drivers (virtio-win) in the guest to give it virtio devices"
		// Vista is 6.0. Where libguestfs does not tell the version, it is 0.0.
		if os.Major > 0 && os.Major < 6 {
			return oldHardware.because(kind+" is older than Vista and has neither virtio nor SATA drivers of its own", remedy)
		}
		return commonHardware.because("Windows has no virtio drivers of its own", remedy)
	case "dos", "hurd", "minix":
		return oldHardware.because("drivers of "+kind+" were not looked for", "make sure that it has a driver for them"+known)
	default:
		return commonHardware.because("drivers of "+kind+" were not looked for", "make sure that its fstab and its network configuration "+
			"fit these devices"+known)
	}
}

// expectedHardware is what the guest will boot from when the fix stage has put
// the drivers that its kernels come with where they are needed. For Windows see
// windowsHardware.
func expectedHardware(os guest.OS, kernels []report.Kernel) hardware {
	boots := mayBoot(kernels)
	if os.Type != "linux" || len(boots) == 0 {
		return hardwareFor(os, nil)
	}
	needed := virtioHardware
	for _, k := range boots {
		expected := hardware{diskBus: virtioHardware.diskBus, nicModel: k.NICModel}
		if !k.HasVirtioDisk() {
			expected.diskBus = commonHardware.diskBus
		}
		needed = needed.serving(expected)
	}
	return needed
}

// mayBoot is the default kernel, or all of them where that is not known.
func mayBoot(kernels []report.Kernel) []report.Kernel {
	for _, k := range kernels {
		if k.Default {
			return []report.Kernel{k}
		}
	}
	return kernels
}

// linuxHardware is what the default kernel boots from, or what all of them do
// where the default one is not known.
func linuxHardware(kernels []report.Kernel) hardware {
	boots := mayBoot(kernels)
	if len(boots) == 0 {
		return commonHardware.because("no kernel was found in its /boot, so that nothing is known of its drivers",
			"check that the guest's /boot is on one of the disks")
	}
	needed := virtioHardware
	for _, k := range boots {
		needed = needed.serving(kernelHardware(k))
	}
	return needed
}

// Disk buses and network cards of Linux guests: a kernel that has drivers for one
// is taken to have them for those behind it.
var (
	diskBuses = []string{"virtio", "scsi", "sata"}
	nicModels = []string{"virtio", "e1000e", "e1000", "rtl8139"}
)

// serving is hardware that serves another kernel, too. The reason is that of the
// disk, where there is one.
func (h hardware) serving(other hardware) hardware {
	if slices.Index(diskBuses, other.diskBus) > slices.Index(diskBuses, h.diskBus) {
		h, other = other, h
	}
	if slices.Index(nicModels, other.nicModel) > slices.Index(nicModels, h.nicModel) {
		h.nicModel = other.nicModel
	}
	return h.because(cmp.Or(h.reason, other.reason), cmp.Or(h.remedy, other.remedy))
}

// kernelHardware is what one kernel boots from with its initramfs as it is.
func kernelHardware(k report.Kernel) hardware {
	const remedy = "let the fix stage put virtio drivers into the initramfs (pipeline.fix.regen_initramfs)"
	needed := virtioHardware
	switch k.BootsFrom {
	case "virtio-blk":
	case "virtio-scsi":
		needed = needed.because("kernel "+k.Version+" has virtio_scsi and not virtio_blk before its root file system is there", remedy)
		needed.diskBus = "scsi"
	default:
		needed = needed.because(withoutVirtioDisk(k, remedy))
		needed.diskBus = commonHardware.diskBus
		// Nothing prepared it for virtio, whatever modules it has.
		needed.nicModel = cmp.Or(k.EmulatedNIC, k.NICModel)
		return needed
	}
	if k.NICModel != virtioHardware.nicModel {
		needed.nicModel = k.NICModel
		needed.reason = cmp.Or(needed.reason, "kernel "+k.Version+" has no virtio_net driver")
		needed.remedy = cmp.Or(needed.remedy, "use such a card, or install a newer kernel in the guest before the migration")
	}
	return needed
}

// withoutVirtioDisk says why a kernel finds no root file system on a virtio disk, and what
// helps: driver puts the drivers that it comes with where it needs them.
func withoutVirtioDisk(k report.Kernel, driver string) (reason, remedy string) {
	if k.LegacyVirtio() {
		return "kernel " + k.Version + " knows virtio devices as they were before virtio 1.0 alone, and a machine of type q35 has no such",
			"make the machine of type pc (i440fx) if it is to have virtio devices"
	}
	reason = "kernel " + k.Version + " has no virtio disk driver before its root file system is there"
	if k.Reason != "" {
		reason += " (" + k.Reason + ")"
	}
	if k.LacksSATA {
		return reason + ", and none of a SATA disk (ahci): it starts from a disk as the old machine had it alone",
			driver + "; or give the new machine a controller that the kernel has a driver for (QEMU has VMware's as pvscsi, with libvirt the model vmpvscsi, and LSI's as lsisas1068)"
	}
	return reason, driver
}
