package volume

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
)

// Array is an array of Linux md.
type Array struct {
	UUID string // as blkid(8) writes that of its members
	// Name is in the superblock, with the home host ("web1:0"); "" where the
	// superblock has none.
	Name  string
	Level int
	// Members are the devices that belong to it.
	Members []string
	Size    int64 // bytes
	// members are those that can be read, the newest first.
	members []member
}

const (
	mdMagic  = 0xa92b4efc
	mdSector = 512
	mdNoRole = 0xfffe // from here on a device has no role in the array
)

type member struct {
	device     Device
	uuid, name string
	level      int
	offset     int64 // of the data, in bytes
	size       int64 // of the data, in bytes
	events     uint64
	active     bool
}

// Arrays finds the arrays among devices, in the order of their first members.
func Arrays(devices []Device) []Array {
	var arrays []Array
	for _, device := range devices {
		found, ok := readMember(device)
		if !ok {
			continue
		}
		i := slices.IndexFunc(arrays, func(a Array) bool { return a.UUID == found.uuid })
		if i < 0 {
			i = len(arrays)
			arrays = append(arrays, Array{UUID: found.uuid, Name: found.name, Level: found.level, Size: found.size})
		}
		array := &arrays[i]
		array.Members = append(array.Members, device.Name)
		if found.active {
			array.members = append(array.members, found)
			slices.SortStableFunc(array.members, func(a, b member) int { return cmp.Compare(b.events, a.events) })
		}
	}
	return arrays
}

// Open reads the array from its newest member.
func (a Array) Open() (Device, error) {
	if a.Level != 1 {
		return Device{}, fmt.Errorf("an array of RAID level %d: %w", a.Level, ErrUnsupported)
	}
	if len(a.members) == 0 {
		return Device{}, corrupt("the array %s has no active member", a.UUID)
	}
	newest := a.members[0]
	if newest.size <= 0 || newest.offset < 0 || newest.offset > newest.device.Size-newest.size {
		return Device{}, corrupt("the data of the array %s do not fit on %s", a.UUID, newest.device.Name)
	}
	data := section{device: newest.device, offset: newest.offset, length: newest.size}
	return Device{ReaderAt: sections{data}, Size: newest.size}, nil
}

// readMember looks for a superblock at each of the places where there may be one.
func readMember(device Device) (member, bool) {
	for _, at := range []int64{8 * mdSector, 0, (device.Size/mdSector - 16) &^ 7 * mdSector} {
		if raw, err := device.read(at, 512); err == nil {
			if found, ok := parseMember(device, raw, at); ok {
				return found, true
			}
		}
	}
	if raw, err := device.read(device.Size&^(64<<10-1)-64<<10, 4096); err == nil {
		return parseOldMember(device, raw)
	}
	return member{}, false
}

// parseMember reads a superblock of version 1 (struct mdp_superblock_1 in the
// kernel's md_p.h), which knows where it lies.
func parseMember(device Device, raw []byte, at int64) (member, bool) {
	le := binary.LittleEndian
	if le.Uint32(raw) != mdMagic || le.Uint32(raw[4:]) != 1 || int64(le.Uint64(raw[144:]))*mdSector != at {
		return member{}, false
	}
	id := hex.EncodeToString(raw[16:32])
	number := int(le.Uint32(raw[160:]))
	active := false
	if at := 256 + 2*number; number >= 0 && at+2 <= len(raw) {
		active = le.Uint16(raw[at:]) < mdNoRole
	}
	size := int64(le.Uint64(raw[80:])) // what each member gives, in sectors
	if size <= 0 || size > device.Size/mdSector {
		active = false
	}
	offset := int64(le.Uint64(raw[128:]))
	if offset < 0 || offset > device.Size/mdSector {
		active = false
	}
	return member{
		device: device, uuid: id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:],
		name: string(bytes.TrimRight(raw[32:64], "\x00")), level: int(int32(le.Uint32(raw[72:]))),
		offset: offset * mdSector, size: size * mdSector, events: le.Uint64(raw[200:]), active: active,
	}, true
}

// parseOldMember reads a superblock of version 0.90 (struct mdp_superblock_s), as
// little-endian machines write it.
func parseOldMember(device Device, raw []byte) (member, bool) {
	le := binary.LittleEndian
	word := func(n int) uint32 { return le.Uint32(raw[4*n:]) }
	if word(0) != mdMagic || word(1) != 0 || word(2) < 90 {
		return member{}, false
	}
	const (
		self       = 992 // words before the descriptor of this member
		stateWord  = self + 4
		activeBits = 1<<1 | 1<<2 // active and in sync
	)
	id := fmt.Sprintf("%08x%08x%08x%08x", swap(word(5)), swap(word(13)), swap(word(14)), swap(word(15)))
	return member{
		device: device, uuid: id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:],
		level: int(int32(word(7))), size: int64(word(8)) << 10,
		events: uint64(word(40))<<32 | uint64(word(39)), active: word(stateWord)&activeBits == activeBits,
	}, true
}

// swap turns the bytes of a word around: blkid prints them as they lie.
func swap(word uint32) uint32 {
	return word<<24 | word&0xff00<<8 | word>>8&0xff00 | word>>24
}
