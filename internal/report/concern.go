package report

import "slices"

// Category says how much a concern weighs.
type Category string

// The categories.
const (
	// Critical is what the new machine loses, or what may be lost in it.
	Critical Category = "critical"
	// Warned is what a person should look at.
	Warned Category = "warning"
	// Information is what is done otherwise than it was, and harmless. It is no warning.
	Information Category = "information"
)

// Compare orders categories by their weight, Critical first.
func (c Category) Compare(other Category) int {
	weights := []Category{Critical, Warned, Information}
	return slices.Index(weights, c) - slices.Index(weights, other)
}

// Concern is something that a person or a policy decides by. Texts may change from
// version to version, ids do not.
type Concern struct {
	ID       ConcernID `json:"id"`
	Category Category  `json:"category"`
	// Label says in a few words what ID stands for, Assessment what was found.
	Label      string `json:"label"`
	Assessment string `json:"assessment"`
	Remedy     string `json:"remedy,omitempty"`
	Stage      string `json:"stage"`
}

// ConcernID is the name of a kind of concern, such as "vmware.tpm.detected".
type ConcernID string

// The kinds of concerns. Those that begin with "vmware." have the names that
// forklift has for them, as far as it has any.
const (
	ConcernIndependentDisk ConcernID = "vmware.disk_mode.independent"
	ConcernDiscardingDisk  ConcernID = "vmware.disk_mode.nonpersistent"
	ConcernSharedDisk      ConcernID = "vmware.disk.shared.detected"
	ConcernRDM             ConcernID = "vmware.disk.rdm.detected"
	ConcernGuestSpace      ConcernID = "vmware.guestDisks.freespace"
	ConcernSnapshot        ConcernID = "vmware.snapshot.detected"
	ConcernPassthrough     ConcernID = "vmware.passthrough_device.detected"
	ConcernSRIOV           ConcernID = "vmware.device.sriov.detected"
	ConcernUSB             ConcernID = "vmware.usb_controller.detected"
	ConcernTPM             ConcernID = "vmware.tpm.detected"
	ConcernSecureBoot      ConcernID = "vmware.secure_boot.detected"
	ConcernHotPlug         ConcernID = "vmware.cpu_memory.hotplug.enabled"
	ConcernAffinity        ConcernID = "vmware.cpu_affinity.detected"
	ConcernNUMA            ConcernID = "vmware.numa_affinity.detected"
	ConcernSuspended       ConcernID = "vmware.vm_suspended.detected"
	ConcernHostnameEmpty   ConcernID = "vmware.hostname.empty"
	ConcernHostnameDefault ConcernID = "vmware.hostname.default"
	ConcernOS              ConcernID = "vmware.os.unsupported"

	ConcernDescription  ConcernID = "source.description"
	ConcernMembers      ConcernID = "source.members"
	ConcernOpenDisk     ConcernID = "source.disk.open"
	ConcernNewerState   ConcernID = "source.disk.newer_state"
	ConcernDiskFormat   ConcernID = "source.disk.format"
	ConcernDiskEnd      ConcernID = "source.disk.end"
	ConcernDiskSnapshot ConcernID = "source.disk.internal_snapshots"
	ConcernUnpacked     ConcernID = "source.unpacked"
	ConcernChecksums    ConcernID = "source.checksums.missing"
	ConcernBootDisk     ConcernID = "source.boot_disk.uncertain"
	ConcernSectorSize   ConcernID = "source.sector_size"

	ConcernSystems        ConcernID = "guest.systems.several"
	ConcernNotInspected   ConcernID = "guest.not_inspected"
	ConcernMounts         ConcernID = "guest.mounts.incomplete"
	ConcernEncrypted      ConcernID = "guest.encrypted"
	ConcernHibernated     ConcernID = "guest.hibernated"
	ConcernFilesystem     ConcernID = "guest.filesystem.damaged"
	ConcernDynamicDisk    ConcernID = "guest.dynamic_disk"
	ConcernRegistry       ConcernID = "guest.registry"
	ConcernNotTrimmed     ConcernID = "guest.not_trimmed"
	ConcernFileNotRead    ConcernID = "guest.file.not_read"
	ConcernFileNotEdited  ConcernID = "guest.file.not_edited"
	ConcernSELinux        ConcernID = "guest.selinux.relabel"
	ConcernIntegrity      ConcernID = "guest.integrity"
	ConcernBoot           ConcernID = "guest.boot.unproven"
	ConcernBootDiffers    ConcernID = "guest.boot.differs"
	ConcernNoProbe        ConcernID = "guest.boot.no_probe"
	ConcernVMwareTools    ConcernID = "guest.vmware_tools.stay"
	ConcernNoVMwareTools  ConcernID = "guest.vmware_tools.not_found"
	ConcernFstabDevice    ConcernID = "guest.fstab.device"
	ConcernFstabDrive     ConcernID = "guest.fstab.drive"
	ConcernFstabShared    ConcernID = "guest.fstab.shared_folder"
	ConcernCrypttabDevice ConcernID = "guest.crypttab.device"
	ConcernCrypttabKey    ConcernID = "guest.crypttab.key"
	ConcernCrypttabTPM    ConcernID = "guest.crypttab.tpm"

	ConcernBootSector      ConcernID = "guest.boot_loader.boot_sector"
	ConcernFallbackLoader  ConcernID = "guest.boot_loader.fallback"
	ConcernInstallDevice   ConcernID = "guest.boot_loader.install_device"
	ConcernBootDevice      ConcernID = "guest.boot_loader.device"
	ConcernBootOtherSystem ConcernID = "guest.boot_loader.other_system"
	ConcernRootAssumed     ConcernID = "guest.boot_loader.root_assumed"
	ConcernUnifiedImage    ConcernID = "guest.boot_loader.unified_image"
	ConcernOldDiskName     ConcernID = "guest.boot_loader.old_disk_name"
	ConcernMenuUncertain   ConcernID = "guest.boot_menu.uncertain"
	ConcernMenuStarts      ConcernID = "guest.boot_menu.starts_nothing"
	ConcernMenuDefault     ConcernID = "guest.boot_menu.default"
	ConcernMenuOtherSystem ConcernID = "guest.boot_menu.other_system"
	ConcernEarlyDevice     ConcernID = "guest.early_boot.device"

	ConcernHardware        ConcernID = "guest.hardware.no_virtio"
	ConcernHardwareCard    ConcernID = "guest.hardware.no_virtio_net"
	ConcernDriverForbidden ConcernID = "guest.hardware.driver_forbidden"
	ConcernForbiddenLater  ConcernID = "guest.hardware.driver_forbidden_later"
	ConcernNoKernel        ConcernID = "guest.kernel.not_found"
	ConcernInitramfs       ConcernID = "guest.initramfs.not_repaired"
	ConcernUnseenDrivers   ConcernID = "guest.initramfs.unchecked"

	ConcernNoCard       ConcernID = "guest.network.no_card"
	ConcernCardUnknown  ConcernID = "guest.network.card_unknown"
	ConcernCardDoubtful ConcernID = "guest.network.card_doubtful"
	ConcernCardMAC      ConcernID = "guest.network.mac_needed"
	ConcernCardEarly    ConcernID = "guest.network.card_in_initramfs"
	ConcernOldCard      ConcernID = "guest.network.old_card"
	ConcernCloudInit    ConcernID = "guest.cloud_init.new_instance"

	ConcernOldDisk       ConcernID = "guest.leftover.disk"
	ConcernOldCardName   ConcernID = "guest.leftover.card"
	ConcernOldMAC        ConcernID = "guest.leftover.mac"
	ConcernOldSlot       ConcernID = "guest.leftover.slot"
	ConcernOldHypervisor ConcernID = "guest.leftover.hypervisor"
	ConcernOldCondition  ConcernID = "guest.leftover.condition"

	ConcernUsers        ConcernID = "guest.configuration.users"
	ConcernGroups       ConcernID = "guest.configuration.groups"
	ConcernPassword     ConcernID = "guest.configuration.password"
	ConcernSudo         ConcernID = "guest.configuration.sudo"
	ConcernSSHKeys      ConcernID = "guest.configuration.ssh_keys"
	ConcernServices     ConcernID = "guest.configuration.services"
	ConcernNetworkFiles ConcernID = "guest.configuration.network"
	ConcernHostname     ConcernID = "guest.configuration.hostname"
	ConcernFirstBoot    ConcernID = "guest.configuration.first_boot"

	ConcernKVM      ConcernID = "host.kvm.unusable"
	ConcernSpace    ConcernID = "host.space"
	ConcernReaders  ConcernID = "host.readers"
	ConcernLeftFile ConcernID = "host.leftover"
	ConcernOverlay  ConcernID = "output.overlay_alone"
)

// ConcernKind is what is the same of all concerns with one id.
type ConcernKind struct {
	ID       ConcernID
	Category Category
	Label    string
}

// ConcernKinds lists the kinds of concerns. Their categories decide what else is done
// with them: all but information is a warning, too, of the report and of Terraform.
var ConcernKinds = []ConcernKind{
	{ConcernPassthrough, Critical, "Device of the host in the old machine"},
	{ConcernSuspended, Critical, "Suspended machine"},
	{ConcernRDM, Critical, "Disk that is a device of the old host"},
	{ConcernGuestSpace, Critical, "Too little space in the guest"},
	{ConcernDiscardingDisk, Warned, "Disk whose writes were discarded"},
	{ConcernSharedDisk, Warned, "Disk shared with other machines"},
	{ConcernTPM, Warned, "TPM, whose keys stay behind"},
	{ConcernSecureBoot, Warned, "Secure Boot, whose variables stay behind"},
	{ConcernSRIOV, Warned, "SR-IOV network card"},
	{ConcernAffinity, Information, "Processors bound to the host's"},
	{ConcernNUMA, Information, "Memory bound to the host's NUMA nodes"},
	{ConcernHotPlug, Information, "Hot-plug of processors or memory"},
	{ConcernIndependentDisk, Information, "Disk independent of snapshots"},
	{ConcernSnapshot, Information, "Machine with snapshots"},
	{ConcernUSB, Information, "USB controller"},
	{ConcernHostnameEmpty, Information, "No host name"},
	{ConcernHostnameDefault, Information, "Host name that is a default"},
	{ConcernOS, Warned, "Operating system that no fixes exist for"},

	{ConcernDescription, Warned, "Description with something unusual"},
	{ConcernMembers, Warned, "Package with files that nothing needs"},
	{ConcernOpenDisk, Warned, "Disk that a machine has open"},
	{ConcernNewerState, Warned, "Newer state of the disk"},
	{ConcernDiskFormat, Warned, "Disk whose format is not certain"},
	{ConcernDiskEnd, Warned, "Disk that is longer or shorter than it was"},
	{ConcernDiskSnapshot, Information, "Snapshots inside of an image"},
	{ConcernUnpacked, Warned, "Source that had to be unpacked"},
	{ConcernChecksums, Warned, "Files without a checksum"},
	{ConcernBootDisk, Warned, "Boot disk not certain"},
	{ConcernSectorSize, Warned, "Disk with sectors of 4096 bytes"},

	{ConcernHibernated, Critical, "Hibernated guest"},
	{ConcernFilesystem, Critical, "Damaged file system"},
	{ConcernDynamicDisk, Critical, "Windows on a dynamic disk"},
	{ConcernRegistry, Critical, "Registry that must not be changed"},
	{ConcernSystems, Warned, "Several operating systems"},
	{ConcernNotInspected, Warned, "Guest that was not looked into"},
	{ConcernMounts, Warned, "File system that was not mounted"},
	{ConcernEncrypted, Warned, "Encrypted device that stayed closed"},
	{ConcernFileNotRead, Warned, "Configuration file that was not read"},
	{ConcernFileNotEdited, Warned, "Configuration file that was left as it was"},
	{ConcernNotTrimmed, Warned, "Deleted blocks that are copied"},

	{ConcernFstabDevice, Warned, "Device in fstab that the new machine may not have"},
	{ConcernFstabDrive, Warned, "Drive that may be absent now"},
	{ConcernFstabShared, Warned, "Folder of the old host that was commented out"},
	{ConcernCrypttabDevice, Warned, "Encrypted device that the new machine may not have"},
	{ConcernCrypttabKey, Warned, "Key or header on a device that the new machine may not have"},
	{ConcernCrypttabTPM, Warned, "Encrypted device that the old TPM unlocks"},

	{ConcernMenuStarts, Critical, "Boot menu that does not start the guest"},
	{ConcernMenuUncertain, Warned, "Guest of which nothing tells that it starts"},
	{ConcernMenuDefault, Warned, "Default of a boot menu that does not start the guest"},
	{ConcernMenuOtherSystem, Warned, "Boot menu that starts another system by itself"},
	{ConcernOldDiskName, Warned, "Guest that needs its disk's old name"},
	{ConcernUnifiedImage, Warned, "Unified kernel image that names the old machine's devices"},
	{ConcernBootDevice, Warned, "Device in a boot menu that the new machine may not have"},
	{ConcernRootAssumed, Warned, "Root file system that was written for another name"},
	{ConcernBootOtherSystem, Warned, "Boot entry of no kernel of the guest, which stays"},
	{ConcernBootSector, Warned, "Boot sector that does not start the guest"},
	{ConcernFallbackLoader, Warned, "UEFI guest without a fallback loader"},
	{ConcernInstallDevice, Warned, "Next upgrade of GRUB that fails"},
	{ConcernEarlyDevice, Warned, "Device that an early stage of the boot may not find"},

	{ConcernHardware, Warned, "Guest without virtio drivers"},
	{ConcernHardwareCard, Warned, "Guest without the driver of virtio network cards"},
	{ConcernDriverForbidden, Warned, "Guest that forbids itself a driver of the new machine"},
	{ConcernForbiddenLater, Warned, "Guest that forbids later initramfs images a virtio driver"},
	{ConcernNoKernel, Warned, "Guest whose kernel was not found"},
	{ConcernInitramfs, Warned, "Initramfs that could not be repaired"},
	{ConcernUnseenDrivers, Warned, "Kernel whose drivers could not be checked"},

	{ConcernNoCard, Warned, "Guest that names no network card"},
	{ConcernCardUnknown, Warned, "Network card that keeps neither its name nor its addresses"},
	{ConcernCardDoubtful, Warned, "Network card that may get another one's name"},
	{ConcernCardMAC, Warned, "Network cards that need the old ones' addresses"},
	{ConcernCardEarly, Warned, "Network card with another name in the initramfs"},
	{ConcernOldCard, Warned, "Network configuration that is for the old card alone"},
	{ConcernCloudInit, Warned, "Guest that cloud-init may set up anew"},

	{ConcernOldDisk, Warned, "Name of a disk of the old machine"},
	{ConcernOldCardName, Warned, "Name of a network card of the old machine"},
	{ConcernOldMAC, Warned, "Hardware address of the old machine"},
	{ConcernOldSlot, Warned, "PCI slot of the old machine"},
	{ConcernOldHypervisor, Warned, "Driver, device or service of the old hypervisor"},
	{ConcernOldCondition, Warned, "Unit that starts on the old machine alone"},
	{ConcernVMwareTools, Warned, "VMware's tools stay"},
	{ConcernNoVMwareTools, Warned, "No VMware tools to remove"},
	{ConcernSELinux, Warned, "SELinux labels at the first boot"},
	{ConcernIntegrity, Warned, "Guest that may not read files which were changed"},

	{ConcernUsers, Warned, "User who is not quite as the manifest says"},
	{ConcernGroups, Warned, "Group that was made or was there"},
	{ConcernPassword, Warned, "Password hash that the guest may not understand"},
	{ConcernSudo, Warned, "Sudo rules without effect"},
	{ConcernSSHKeys, Warned, "SSH keys that sshd ignores"},
	{ConcernServices, Warned, "Service that is not quite as the manifest says"},
	{ConcernNetworkFiles, Warned, "Network file without effect, or beside another manager"},
	{ConcernHostname, Warned, "Host name that something else overrules"},
	{ConcernFirstBoot, Warned, "First boot script that was corrected"},

	{ConcernBoot, Warned, "Guest whose boot is not proven"},
	{ConcernBootDiffers, Warned, "Guest that came up otherwise than configured"},
	{ConcernNoProbe, Warned, "Guest that was booted without a probe"},

	{ConcernKVM, Warned, "Migrating host without KVM"},
	{ConcernSpace, Warned, "Too little space on the host"},
	{ConcernReaders, Warned, "File whose mode could not be set"},
	{ConcernLeftFile, Warned, "Files of another run"},
	{ConcernOverlay, Warned, "Image that needs the source"},
}

// kindOf is the kind with an id.
func kindOf(id ConcernID) ConcernKind {
	for _, kind := range ConcernKinds {
		if kind.ID == id {
			return kind
		}
	}
	return ConcernKind{ID: id, Category: Warned} // no code of this module has such an id
}

// AddConcern records a concern of a stage. remedy may be empty. It returns its
// category.
func (r *Report) AddConcern(stage string, id ConcernID, assessment, remedy string) Category {
	kind := kindOf(id)
	r.Concerns = append(r.Concerns, Concern{
		ID: id, Category: kind.Category, Label: kind.Label, Assessment: assessment, Remedy: remedy, Stage: stage,
	})
	return kind.Category
}
