package guest

// Kind says what a block device is.
type Kind string

// The kinds of block device a guest can have a file system on.
const (
	KindDisk      Kind = "disk"
	KindPartition Kind = "partition"
	KindLV        Kind = "lv"
	KindMD        Kind = "md"
	KindCrypt     Kind = "crypt"
)

// Device is one block device as the appliance sees it, with every stable name
// that it has. An empty string means that it has no such name.
type Device struct {
	Name      string // the appliance's own name: /dev/sda1, /dev/vg0/root, /dev/md127
	Kind      Kind
	GuestName string // the guest's own name where it is recorded on the disk: /dev/md0, /dev/mapper/sda5_crypt
	Parent    string // of KindCrypt: the appliance's name of the encrypted device
	Slot      string // of KindDisk: where it hung in the old machine, as named below /dev/disk/by-path; "" when not known
	Serial    string // of KindDisk: the serial number in its names below /dev/disk/by-id; "" when not known
	Alias     string // of KindDisk: what multipath called it, as mpatha; "" when not known
	Disk      int    // index of the disk it lies on, from 0 in boot order; -1 when over several or not known
	Partition int    // partition number, from 1; 0 when it is not a partition
	FSType    string // ext4, xfs, btrfs, vfat, swap, LVM2_member, crypto_LUKS ...; "" or "unknown" when none
	UUID      string // of the file system, swap area or container
	Label     string
	PartUUID  string
	PartLabel string
	Size      int64 // bytes
}

// Devices is the block devices of one guest.
type Devices []Device

// Mount is a mounted file system of the guest.
type Mount struct {
	Device  string // the appliance's name
	Path    string // guest path: "/", "/boot"
	FSType  string
	Options string // as mounted: "subvol=@"
}

// HasUUIDAlone says that the device's UUID finds no other device.
func (d Devices) HasUUIDAlone(device Device) bool {
	for _, other := range d {
		if other.Name != device.Name && other.UUID == device.UUID {
			return false
		}
	}
	return device.UUID != ""
}
