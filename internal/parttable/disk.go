// Package parttable reads the partition tables of disks, the MBR and the GPT,
// and what a BIOS would start from them.
package parttable

// Disk is one disk of a guest and its partition table. Sizes are in bytes.
type Disk struct {
	Name           string // the appliance's name: /dev/sda
	Size           int64
	PartitionTable string // "dos", "gpt", or "" where there is none that is known
	BootCode       BootCode
	Loader         string // what a BIOS comes to: LoaderGRUB, LoaderNone ...
	// Core is that of GRUB, where Loader is GRUB and its core could be read.
	Core       GRUBCore
	Partitions []Partition
}

// Partition is an entry of a partition table. Start and Size are in bytes.
type Partition struct {
	Number   int    // from 1
	Device   string // the appliance's name: /dev/sda1
	Start    int64
	Size     int64
	MBRType  int    // the type byte in a "dos" table, as 0x83
	GPTType  string // the type's GUID in a "gpt" table, upper case
	Bootable bool   // the active flag of "dos", legacy boot of "gpt"
	UUID     string // PARTUUID, as udev and the kernel write it
	Label    string // PARTLABEL, which only a "gpt" table has
}
