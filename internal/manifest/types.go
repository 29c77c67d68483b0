// Package manifest is schema 1.0 of the hyper2kvm manifest: its types, strict
// decoding, defaults and validation.
package manifest

// Manifest is one migration with every default filled in. It encodes to the
// JSON of the schema, and Decode reads that JSON back unchanged.
type Manifest struct {
	Version       string         `json:"version"`
	Metadata      *Metadata      `json:"metadata,omitempty"`
	Source        Source         `json:"source"`
	Output        Output         `json:"output"`
	Pipeline      Pipeline       `json:"pipeline"`
	Configuration *Configuration `json:"configuration,omitempty"`
	Options       Options        `json:"options"`
}

// Metadata describes a migration to people; it changes nothing that is done.
type Metadata struct {
	Name        string   `json:"name,omitempty"`
	Description string   `json:"description,omitempty"`
	Tags        []string `json:"tags,omitempty"`
	Owner       string   `json:"owner,omitempty"`
	Created     string   `json:"created,omitempty"`
}

// SourceType names a kind of source disk.
type SourceType string

// The source types of the schema.
const (
	SourceVMDK  SourceType = "vmdk"
	SourceOVA   SourceType = "ova"
	SourceOVF   SourceType = "ovf"
	SourceVMX   SourceType = "vmx"
	SourceVHD   SourceType = "vhd"
	SourceVHDX  SourceType = "vhdx"
	SourceQCOW2 SourceType = "qcow2"
	SourceRaw   SourceType = "raw"
)

// SourceTypes lists the supported source types in the schema's order.
var SourceTypes = []SourceType{SourceVMDK, SourceVMX, SourceOVA, SourceOVF, SourceVHD, SourceVHDX, SourceQCOW2, SourceRaw}

// IsPackage says that the type is one of OVF packages, which describe virtual
// machines and may hold several disks.
func (t SourceType) IsPackage() bool { return t == SourceOVA || t == SourceOVF }

// Source is the disk to migrate, or the package with the disks of a machine.
type Source struct {
	Type SourceType `json:"type"`
	Path string     `json:"path"`
	// VM chooses one of several virtual machines of a package by id or name.
	VM string `json:"vm,omitempty"`
	// Checksum is what the file at Path must have, as "sha256:" and its
	// hexadecimal digits; ChecksumAlgorithms lists what may be used.
	Checksum string `json:"checksum,omitempty"`
	// VerifyChecksums compares a package's files with the checksums in it.
	VerifyChecksums bool `json:"verify_checksums"`
	// MaxVirtualSize is the largest disk that is accepted, in bytes.
	MaxVirtualSize int64 `json:"max_virtual_size"`
	// LUKSKeys open the guest's encrypted devices.
	LUKSKeys []LUKSKey `json:"luks_keys,omitempty"`
	// NICs are the machine's network cards, all of them, where its description
	// does not tell them or tells them wrong.
	NICs []NIC `json:"nics,omitempty"`
	// Root is the device of the operating system to migrate, where the disks hold
	// several.
	Root string `json:"root,omitempty"`
	// Directories are those outside of the source's own in which files that it
	// refers to may lie.
	Directories []string `json:"directories,omitempty"`
}

// NIC is a network card of the old machine.
type NIC struct {
	MAC string `json:"mac"`
	// Name is what the guest calls the card, such as "ens192".
	Name string `json:"name,omitempty"`
	// Addresses are its IP addresses in the guest, with or without a prefix.
	Addresses []string `json:"addresses,omitempty"`
	// Network is what the new machine's card is to be connected to.
	Network string `json:"network,omitempty"`
}

// LUKSKey opens encrypted devices of the guest. Either Key or KeyFile is given.
type LUKSKey struct {
	// Device is a name that the guest has for the encrypted device, as
	// "UUID=..." or "/dev/sda5". Empty or "all" means every one.
	Device string `json:"device,omitempty"`
	// Key is the passphrase and a secret.
	Key string `json:"key,omitempty"`
	// KeyFile is a file of the host that holds it.
	KeyFile string `json:"key_file,omitempty"`
}

// EveryDevice is the device of a LUKSKey for every encrypted device.
const EveryDevice = "all"

// OutputFormat names a format that convert writes.
type OutputFormat string

// The output formats of the schema.
const (
	FormatQCOW2 OutputFormat = "qcow2"
	FormatRaw   OutputFormat = "raw"
	FormatVDI   OutputFormat = "vdi"
)

// OutputFormats lists the supported output formats in the schema's order.
var OutputFormats = []OutputFormat{FormatQCOW2, FormatRaw, FormatVDI}

// Output says where the images and the report go.
type Output struct {
	Directory string       `json:"directory"`
	Format    OutputFormat `json:"format"`
	Filename  string       `json:"filename,omitempty"`
	// Overwrite allows existing files at the output paths to be replaced. The
	// default is to refuse them before any work.
	Overwrite bool `json:"overwrite,omitempty"`
	// Mode are the permissions of the images, in octal digits such as "0640", and
	// Owner is whose they are, as "user", "user:group" or ":group". Empty ones are
	// as whoever migrates makes files.
	Mode  string `json:"mode,omitempty"`
	Owner string `json:"owner,omitempty"`
}

// Pipeline switches the stages and holds their options. load_manifest always
// runs and has none. In a manifest without a pipeline all stages run; in a
// given one, none but those that it names.
type Pipeline struct {
	Inspect  Inspect  `json:"inspect"`
	Fix      Fix      `json:"fix"`
	Convert  Convert  `json:"convert"`
	Validate Validate `json:"validate"`
}

// Inspect is the stage that reads the source.
type Inspect struct {
	Enabled          bool `json:"enabled"`
	CollectGuestInfo bool `json:"collect_guest_info"`
}

// FstabMode says which fstab and crypttab names become stable ones.
type FstabMode string

// The fstab modes of the schema. Noop leaves the files alone; BypathOnly
// replaces /dev/disk/by-path names and btrfsvol: specs; StabilizeAll replaces
// every unstable /dev name as well.
const (
	FstabNoop         FstabMode = "noop"
	FstabBypathOnly   FstabMode = "bypath-only"
	FstabStabilizeAll FstabMode = "stabilize-all"
)

// FstabModes lists the fstab modes.
var FstabModes = []FstabMode{FstabStabilizeAll, FstabBypathOnly, FstabNoop}

// FsckMode says what is done about a damaged file system of the guest.
type FsckMode string

// The fsck modes. Fatal stops the migration before anything is changed; Warn
// goes on; Off does not look.
const (
	FsckFatal FsckMode = "fatal"
	FsckWarn  FsckMode = "warn"
	FsckOff   FsckMode = "off"
)

// FsckModes lists the fsck modes.
var FsckModes = []FsckMode{FsckFatal, FsckWarn, FsckOff}

// InitramfsMode says how an initramfs gets what it lacks.
type InitramfsMode string

// The initramfs modes. Append adds an archive with what is missing, and runs
// nothing of the guest's; Rebuild has the guest's own tool make every image
// anew; Auto appends, and rebuilds where appending cannot serve.
const (
	InitramfsAuto    InitramfsMode = "auto"
	InitramfsAppend  InitramfsMode = "append"
	InitramfsRebuild InitramfsMode = "rebuild"
)

// InitramfsModes lists the initramfs modes.
var InitramfsModes = []InitramfsMode{InitramfsAuto, InitramfsAppend, InitramfsRebuild}

// Fix is the stage that prepares the guest for KVM, offline.
type Fix struct {
	Enabled           bool          `json:"enabled"`
	Backup            bool          `json:"backup"`
	PrintFstab        bool          `json:"print_fstab"`
	UpdateGrub        bool          `json:"update_grub"`
	RegenInitramfs    bool          `json:"regen_initramfs"`
	Initramfs         InitramfsMode `json:"initramfs"`
	FstabMode         FstabMode     `json:"fstab_mode"`
	RemoveVMwareTools bool          `json:"remove_vmware_tools"`
	Fsck              FsckMode      `json:"fsck"`
	// VirtioWin is an ISO image of virtio-win on the host, or a directory with its
	// content: where the drivers of a Windows guest come from. Without it there are
	// none.
	VirtioWin string `json:"virtio_win,omitempty"`
	// BlockDriver is the driver of a Windows guest for its disks.
	BlockDriver BlockDriver `json:"block_driver"`
}

// BlockDriver is a driver of virtio-win for disks.
type BlockDriver string

// The block drivers. A guest with Viostor has disks of virtio-blk, one with Vioscsi
// those of a virtio-scsi controller.
const (
	BlockViostor BlockDriver = "viostor"
	BlockVioscsi BlockDriver = "vioscsi"
)

// BlockDrivers lists the block drivers.
var BlockDrivers = []BlockDriver{BlockViostor, BlockVioscsi}

// Convert is the stage that writes the output image.
type Convert struct {
	Enabled  bool `json:"enabled"`
	Compress bool `json:"compress"`
	// CompressLevel is 1 (fastest) to 9 (smallest); nil is the compressor's default.
	CompressLevel   *int            `json:"compress_level"`
	CompressionType CompressionType `json:"compression_type"`
	Preallocation   Preallocation   `json:"preallocation"`
	// ClusterSize is in bytes; nil is the format's default.
	ClusterSize *int `json:"cluster_size"`
}

// CompressionType says how the clusters of a qcow2 image are compressed.
type CompressionType string

// The compression types. Every version of QEMU reads zlib; zstd, which is
// faster, takes QEMU 5.1.
const (
	CompressionZlib CompressionType = "zlib"
	CompressionZstd CompressionType = "zstd"
)

// CompressionTypes lists the compression types.
var CompressionTypes = []CompressionType{CompressionZlib, CompressionZstd}

// Preallocation says what of an image is allocated before the guest needs it.
type Preallocation string

// The ways to preallocate. Metadata is an image's own tables; falloc reserves
// the space of the data as well, and full writes it.
const (
	PreallocationOff      Preallocation = "off"
	PreallocationMetadata Preallocation = "metadata"
	PreallocationFalloc   Preallocation = "falloc"
	PreallocationFull     Preallocation = "full"
)

// Preallocations lists the ways to preallocate that each output format has.
var Preallocations = map[OutputFormat][]Preallocation{
	FormatQCOW2: {PreallocationOff, PreallocationMetadata, PreallocationFalloc, PreallocationFull},
	FormatRaw:   {PreallocationOff, PreallocationFalloc, PreallocationFull},
	FormatVDI:   {PreallocationOff, PreallocationMetadata},
}

// The sizes that clusters of a qcow2 image can have, in bytes: powers of two.
const (
	MinClusterSize = 512
	MaxClusterSize = 2 << 20
)

// Validate is the stage that checks the written image.
type Validate struct {
	Enabled             bool `json:"enabled"`
	CheckImageIntegrity bool `json:"check_image_integrity"`
	Boot                Boot `json:"boot"`
}

// Boot says whether and how the guest is started from the written images, on a
// layer that is thrown away, before they get their names.
type Boot struct {
	Enabled bool `json:"enabled"`
	// TimeoutSeconds is how long the guest has to come up.
	TimeoutSeconds int `json:"timeout_seconds"`
	MemoryMiB      int `json:"memory_mib"`
	CPUs           int `json:"cpus"`
	// OnFailure is what a guest that does not come up is.
	OnFailure BootFailure `json:"on_failure"`
	// Screenshot keeps a picture of the guest's screen.
	Screenshot bool `json:"screenshot"`
}

// The bounds of a boot.
const (
	MinBootTimeout   = 10    // seconds
	MaxBootTimeout   = 86400 // seconds
	MinBootMemoryMiB = 128
	MaxBootMemoryMiB = 1 << 20
	MaxBootCPUs      = 255
)

// BootFailure says what becomes of images whose guest does not come up.
type BootFailure string

// What a guest that does not come up is. Fatal publishes nothing; Warn publishes
// the images all the same.
const (
	BootFatal BootFailure = "fatal"
	BootWarn  BootFailure = "warn"
)

// BootFailures lists what a guest that does not come up can be.
var BootFailures = []BootFailure{BootFatal, BootWarn}

// Configuration is what is injected into a guest: all of it into Linux, and the host
// name and the scripts of the first boot into Windows.
type Configuration struct {
	Users     *Users    `json:"users,omitempty"`
	Services  *Services `json:"services,omitempty"`
	Hostname  *Hostname `json:"hostname,omitempty"`
	MachineID MachineID `json:"machine_id,omitempty"`
	Network   *Network  `json:"network,omitempty"`
	// FirstBoot scripts run once, in this order.
	FirstBoot []Script `json:"first_boot,omitempty"`
}

// Users are accounts of the guest: those that must exist, those that nobody may
// log in to, and those that must not exist.
type Users struct {
	Create  []User   `json:"create,omitempty"`
	Disable []string `json:"disable,omitempty"`
	Delete  []string `json:"delete,omitempty"`
}

// User is one account. Password is a crypt(3) hash and a secret. GID is the
// primary group's, Groups are the others.
type User struct {
	Name              string   `json:"name"`
	UID               *int     `json:"uid,omitempty"`
	GID               *int     `json:"gid,omitempty"`
	Comment           string   `json:"comment,omitempty"`
	Home              string   `json:"home,omitempty"`
	Password          string   `json:"password,omitempty"`
	Groups            []string `json:"groups,omitempty"`
	Shell             string   `json:"shell,omitempty"`
	SSHAuthorizedKeys []string `json:"ssh_authorized_keys,omitempty"`
	// Sudo are rules of sudoers(5) without the user: "ALL=(ALL) NOPASSWD: ALL".
	Sudo []string `json:"sudo,omitempty"`
}

// Services lists units to enable, to disable and to mask at boot.
type Services struct {
	Enable  []string `json:"enable,omitempty"`
	Disable []string `json:"disable,omitempty"`
	Mask    []string `json:"mask,omitempty"`
}

// Hostname is the guest's name and its /etc/hosts entries.
type Hostname struct {
	Hostname string `json:"hostname,omitempty"`
	Domain   string `json:"domain,omitempty"`
	Hosts    []Host `json:"hosts,omitempty"`
}

// Host is one line of /etc/hosts. Hostname may hold several names separated by
// blanks.
type Host struct {
	IP       string `json:"ip"`
	Hostname string `json:"hostname"`
}

// MachineID says what becomes of the guest's machine id; empty leaves it alone.
type MachineID string

// MachineIDReset makes the guest generate a new id at its next boot.
const MachineIDReset MachineID = "reset"

// MachineIDs lists what can become of the machine id.
var MachineIDs = []MachineID{MachineIDReset}

// Network holds configuration files of the guest's network managers.
type Network struct {
	SystemdNetworkd []NetworkFile `json:"systemd_networkd,omitempty"`
	Netplan         []NetworkFile `json:"netplan,omitempty"`
	NetworkManager  []NetworkFile `json:"network_manager,omitempty"`
}

// NetworkFile is one file. Content may hold keys and counts as a secret.
type NetworkFile struct {
	Filename string `json:"filename"`
	Content  string `json:"content"`
}

// Script is a program text. In Linux one without a "#!" line is for /bin/sh; in
// Windows the ending of its name says what it is for. Content may hold keys and
// counts as a secret.
type Script struct {
	Name    string `json:"name"`
	Content string `json:"content"`
}

// Options hold for the whole run.
type Options struct {
	DryRun bool `json:"dry_run"`
	// Verbose is 0 (quiet), 1 (normal) or 2 (verbose).
	Verbose int           `json:"verbose"`
	Report  ReportOptions `json:"report"`
}

// ReportOptions say whether and where the report is written. A relative Path
// counts from the output directory.
type ReportOptions struct {
	Enabled bool   `json:"enabled"`
	Path    string `json:"path"`
}
