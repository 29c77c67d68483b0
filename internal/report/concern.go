package report

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
	ConcernSuspended       ConcernID = "vmware.vm_suspended.detected"
	ConcernHostnameEmpty   ConcernID = "vmware.hostname.empty"
	ConcernHostnameDefault ConcernID = "vmware.hostname.default"
	ConcernOS              ConcernID = "vmware.os.unsupported"

	ConcernSource       ConcernID = "source.unusual"
	ConcernOpenDisk     ConcernID = "source.disk.open"
	ConcernNewerState   ConcernID = "source.disk.newer_state"
	ConcernDiskContent  ConcernID = "source.disk.content"
	ConcernDiskSnapshot ConcernID = "source.disk.internal_snapshots"
	ConcernUnpacked     ConcernID = "source.unpacked"
	ConcernChecksums    ConcernID = "source.checksums.missing"
	ConcernBootDisk     ConcernID = "source.boot_disk.uncertain"
	ConcernSectorSize   ConcernID = "source.sector_size"

	ConcernSystems       ConcernID = "guest.systems.several"
	ConcernNotInspected  ConcernID = "guest.not_inspected"
	ConcernMounts        ConcernID = "guest.mounts.incomplete"
	ConcernEncrypted     ConcernID = "guest.encrypted"
	ConcernHibernated    ConcernID = "guest.hibernated"
	ConcernFilesystem    ConcernID = "guest.filesystem.damaged"
	ConcernRegistry      ConcernID = "guest.registry"
	ConcernNotTrimmed    ConcernID = "guest.not_trimmed"
	ConcernHardware      ConcernID = "guest.hardware.no_virtio"
	ConcernFstab         ConcernID = "guest.fstab"
	ConcernCrypttab      ConcernID = "guest.crypttab"
	ConcernBootLoader    ConcernID = "guest.boot_loader"
	ConcernBootMenu      ConcernID = "guest.boot_menu"
	ConcernEarlyBoot     ConcernID = "guest.early_boot"
	ConcernVMwareTools   ConcernID = "guest.vmware_tools"
	ConcernNetwork       ConcernID = "guest.network"
	ConcernCardUnknown   ConcernID = "guest.network.card_unknown"
	ConcernCardMAC       ConcernID = "guest.network.mac_needed"
	ConcernInitramfs     ConcernID = "guest.initramfs"
	ConcernLeftover      ConcernID = "guest.leftover_names"
	ConcernSELinux       ConcernID = "guest.selinux"
	ConcernConfiguration ConcernID = "guest.configuration"
	ConcernBoot          ConcernID = "guest.boot.unproven"
	ConcernBootDiffers   ConcernID = "guest.boot.differs"
	ConcernNoProbe       ConcernID = "guest.boot.no_probe"

	ConcernKVM      ConcernID = "host.kvm.unusable"
	ConcernSpace    ConcernID = "host.space"
	ConcernReaders  ConcernID = "host.readers"
	ConcernLeftFile ConcernID = "host.leftover"
	ConcernOverlay  ConcernID = "output.overlay_alone"

	ConcernOfLoad     ConcernID = "stage.load_manifest"
	ConcernOfInspect  ConcernID = "stage.inspect"
	ConcernOfFix      ConcernID = "stage.fix"
	ConcernOfConvert  ConcernID = "stage.convert"
	ConcernOfValidate ConcernID = "stage.validate"
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
	{ConcernHotPlug, Information, "Hot-plug of processors or memory"},
	{ConcernIndependentDisk, Information, "Disk independent of snapshots"},
	{ConcernSnapshot, Information, "Machine with snapshots"},
	{ConcernUSB, Information, "USB controller"},
	{ConcernHostnameEmpty, Information, "No host name"},
	{ConcernHostnameDefault, Information, "Host name that is a default"},
	{ConcernOS, Warned, "Operating system that no fixes exist for"},

	{ConcernSource, Warned, "Source with something unusual"},
	{ConcernOpenDisk, Warned, "Disk that a machine has open"},
	{ConcernNewerState, Warned, "Newer state of the disk"},
	{ConcernDiskContent, Warned, "Disk that may not be as it was"},
	{ConcernDiskSnapshot, Information, "Snapshots inside of an image"},
	{ConcernUnpacked, Warned, "Source that had to be unpacked"},
	{ConcernChecksums, Warned, "Files without a checksum"},
	{ConcernBootDisk, Warned, "Boot disk not certain"},
	{ConcernSectorSize, Warned, "Disk with sectors of 4096 bytes"},

	{ConcernHibernated, Critical, "Hibernated guest"},
	{ConcernFilesystem, Critical, "Damaged file system"},
	{ConcernRegistry, Critical, "Registry that must not be changed"},
	{ConcernSystems, Warned, "Several operating systems"},
	{ConcernNotInspected, Warned, "Guest that was not looked into"},
	{ConcernMounts, Warned, "File system that was not mounted"},
	{ConcernEncrypted, Warned, "Encrypted device that stayed closed"},
	{ConcernHardware, Warned, "Guest without virtio drivers"},
	{ConcernFstab, Warned, "Finding about fstab"},
	{ConcernCrypttab, Warned, "Finding about crypttab"},
	{ConcernBootLoader, Warned, "Finding about the boot loader"},
	{ConcernBootMenu, Warned, "Guest that may not start, or starts another way"},
	{ConcernEarlyBoot, Warned, "Finding about an early stage of the boot"},
	{ConcernVMwareTools, Warned, "VMware's tools stay"},
	{ConcernNetwork, Warned, "Finding about network cards"},
	{ConcernCardUnknown, Warned, "Network card that keeps neither its name nor its addresses"},
	{ConcernCardMAC, Warned, "Network cards that need the old ones' addresses"},
	{ConcernInitramfs, Warned, "Finding about an initramfs"},
	{ConcernLeftover, Warned, "Name of the old machine that stays"},
	{ConcernSELinux, Warned, "SELinux labels at the first boot"},
	{ConcernConfiguration, Warned, "Finding about the injected configuration"},
	{ConcernBoot, Warned, "Guest whose boot is not proven"},
	{ConcernBootDiffers, Warned, "Guest that came up otherwise than configured"},
	{ConcernNoProbe, Warned, "Guest that was booted without a probe"},
	{ConcernNotTrimmed, Warned, "Deleted blocks that are copied"},

	{ConcernKVM, Warned, "Migrating host without KVM"},
	{ConcernSpace, Warned, "Too little space on the host"},
	{ConcernReaders, Warned, "File whose mode could not be set"},
	{ConcernLeftFile, Warned, "Files of another run"},
	{ConcernOverlay, Warned, "Image that needs the source"},

	{ConcernOfLoad, Warned, "Other finding of load_manifest"},
	{ConcernOfInspect, Warned, "Other finding of inspect"},
	{ConcernOfFix, Warned, "Other finding of fix"},
	{ConcernOfConvert, Warned, "Other finding of convert"},
	{ConcernOfValidate, Warned, "Other finding of validate"},
}

// kindOf is the kind with an id. What has none is one of its stage.
func kindOf(id ConcernID, stage string) ConcernKind {
	for _, wanted := range []ConcernID{id, ConcernID("stage." + stage)} {
		for _, kind := range ConcernKinds {
			if kind.ID == wanted {
				return kind
			}
		}
	}
	return ConcernKind{ID: ConcernOfLoad, Category: Warned, Label: "Other finding"}
}

// AddConcern records a concern of a stage. remedy may be empty. It returns its
// category.
func (r *Report) AddConcern(stage string, id ConcernID, assessment, remedy string) Category {
	kind := kindOf(id, stage)
	r.Concerns = append(r.Concerns, Concern{
		ID: kind.ID, Category: kind.Category, Label: kind.Label, Assessment: assessment, Remedy: remedy, Stage: stage,
	})
	return kind.Category
}
