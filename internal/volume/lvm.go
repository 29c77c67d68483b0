package volume

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// Group is a volume group of LVM2.
type Group struct {
	Name    string
	Volumes []Volume // those that a guest sees, by name
	// Missing says that a physical volume is not among the devices.
	Missing bool
}

// Volume is a logical volume.
type Volume struct {
	Name string
	Size int64 // bytes
	// parts are where it lies; err says why that is not read.
	parts sections
	err   error
}

// Open reads the volume.
func (v Volume) Open() (Device, error) {
	if v.err != nil {
		return Device{}, v.err
	}
	return Device{ReaderAt: v.parts, Size: v.Size}, nil
}

const (
	lvmSector  = 512
	lvmLabel   = "LABELONE"
	lvmType    = "LVM2 001"
	lvmMagic   = " LVM2 x[5A%r0N*>"
	lvmMaxText = 16 << 20 // bytes; LVM's own areas are 1 MiB
	lvmAreas   = 16       // that a physical volume can have
	lvmMaxSize = math.MaxInt64 / lvmSector
)

// physical is a physical volume, with the metadata of its group where it has some.
type physical struct {
	device Device
	id     string // without hyphens
	group  *textSection
	name   string // of the group
}

// Groups finds the volume groups of devices that hold an LVM2 label, by name.
// Damaged metadata are as good as none: another device may have them.
func Groups(devices []Device) ([]Group, error) {
	var volumes []physical
	var failure error
	for _, device := range devices {
		volume, err := readPhysical(device)
		if err != nil {
			failure = fmt.Errorf("reading the LVM metadata of %s: %w", device.Name, err)
		}
		if volume.id != "" {
			volumes = append(volumes, volume)
		}
	}
	newest := map[string]physical{}
	for _, volume := range volumes {
		if volume.group == nil {
			continue
		}
		id := volume.group.text("id")
		if known, ok := newest[id]; !ok || seqno(volume.group) > seqno(known.group) {
			newest[id] = volume
		}
	}
	var groups []Group
	for _, volume := range newest {
		group, err := buildGroup(volume.name, volume.group, volumes)
		if err != nil {
			failure = fmt.Errorf("reading the LVM metadata of %s: %w", volume.device.Name, err)
			continue
		}
		groups = append(groups, group)
	}
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	return groups, failure
}

func seqno(group *textSection) int64 {
	number, err := group.number("seqno")
	if err != nil {
		return -1
	}
	return number
}

// readPhysical reads the label of a physical volume and what it says of its
// group.
func readPhysical(device Device) (physical, error) {
	le := binary.LittleEndian
	start, err := device.read(0, min(4*lvmSector, device.Size))
	if err != nil {
		return physical{}, err
	}
	for at := 0; at+lvmSector <= len(start); at += lvmSector {
		label := start[at:][:lvmSector]
		if string(label[:8]) != lvmLabel || string(label[24:32]) != lvmType {
			continue
		}
		offset := int(le.Uint32(label[20:]))
		if offset < 32 || offset > lvmSector-40 {
			return physical{}, corrupt("its label leads to byte %d", offset)
		}
		volume := physical{device: device, id: string(label[offset:][:32])}
		// Two lists of places: of the data, and of the metadata. Each ends with an
		// empty one.
		places := label[offset+40:]
		for lists := 0; lists < 2 && len(places) >= 16; places = places[16:] {
			start, size := le.Uint64(places), le.Uint64(places[8:])
			switch {
			case start == 0:
				lists++
			case lists == 1:
				if err = volume.readArea(int64(start), int64(size)); err == nil && volume.group != nil {
					return volume, nil
				}
			}
		}
		return volume, err
	}
	return physical{}, nil
}

// readArea reads the metadata in an area of them, which is written around and
// around.
func (p *physical) readArea(start, size int64) error {
	le := binary.LittleEndian
	header, err := p.device.read(start, lvmSector)
	if err != nil {
		return err
	}
	if string(header[4:20]) != lvmMagic {
		return corrupt("there are no metadata at byte %d", start)
	}
	at, length, flags := int64(le.Uint64(header[40:])), int64(le.Uint64(header[48:])), le.Uint32(header[60:])
	if at == 0 || flags&1 != 0 {
		return nil // nothing is written there
	}
	if at < lvmSector || at >= size || length <= 0 || length > size-lvmSector || length > lvmMaxText {
		return corrupt("its metadata are said to have %d bytes at byte %d", length, at)
	}
	first := min(length, size-at)
	text, err := p.device.read(start+at, first)
	if err != nil {
		return err
	}
	if first < length {
		rest, err := p.device.read(start+lvmSector, length-first)
		if err != nil {
			return err
		}
		text = append(text, rest...)
	}
	parsed, err := parseText(string(text))
	if err != nil {
		return err
	}
	if len(parsed.names) != 1 {
		return corrupt("its metadata describe %d groups", len(parsed.names))
	}
	p.name, p.group = parsed.names[0], parsed.sections[parsed.names[0]]
	return nil
}

// buildGroup finds the volumes of a group on the devices that are there.
func buildGroup(name string, group *textSection, there []physical) (Group, error) {
	found := Group{Name: name}
	extent, err := group.number("extent_size")
	if err != nil {
		return found, err
	}
	if extent == 0 || extent > 1<<31 {
		return found, corrupt("extents of %d sectors", extent)
	}
	layout := layout{extent: extent * lvmSector, starts: map[string]int64{}, devices: map[string]Device{}}
	err = group.each("physical_volumes", func(name string, pv *textSection) error {
		start, err := pv.number("pe_start")
		if err != nil || start > lvmMaxSize {
			return cmp.Or(err, corrupt("a physical volume that starts at sector %d", start))
		}
		layout.starts[name] = start * lvmSector
		id := withoutHyphens(pv.text("id"))
		i := slices.IndexFunc(there, func(p physical) bool { return p.id == id })
		if i < 0 {
			found.Missing = true
			return nil
		}
		layout.devices[name] = there[i].device
		return nil
	})
	if err != nil {
		return found, err
	}
	err = group.each("logical_volumes", func(name string, lv *textSection) error {
		if lv.has("status", "VISIBLE") {
			volume := Volume{Name: name}
			volume.Size, volume.parts, volume.err = layout.parts(lv)
			found.Volumes = append(found.Volumes, volume)
		}
		return nil
	})
	slices.SortFunc(found.Volumes, func(a, b Volume) int { return cmp.Compare(a.Name, b.Name) })
	return found, err
}

// layout is where the physical volumes of a group have their extents.
type layout struct {
	extent  int64            // bytes
	starts  map[string]int64 // bytes, by the name in the metadata
	devices map[string]Device
}

// parts finds where a volume lies. The size is known also where that is not.
func (l layout) parts(lv *textSection) (size int64, parts sections, err error) {
	count, err := lv.number("segment_count")
	if err != nil || count > int64(len(lv.names)) {
		return 0, nil, cmp.Or(err, corrupt("a volume lacks segments"))
	}
	var failure error
	for n := range count {
		segment := lv.sections[fmt.Sprintf("segment%d", n+1)]
		if segment == nil {
			return 0, nil, corrupt("a volume lacks segments")
		}
		first, err := segment.number("start_extent")
		if err != nil || first*l.extent != size {
			return 0, nil, cmp.Or(err, corrupt("a volume's segments do not follow each other"))
		}
		extents, err := segment.number("extent_count")
		if err != nil || extents > (math.MaxInt64-size)/l.extent {
			return 0, nil, cmp.Or(err, corrupt("a volume of %d extents", extents))
		}
		size += extents * l.extent
		part, err := l.part(segment, extents)
		if err != nil {
			failure = err
		}
		parts = append(parts, part)
	}
	return size, parts, failure
}

// part finds where one segment lies.
func (l layout) part(segment *textSection, extents int64) (section, error) {
	kind, stripes := segment.text("type"), segment.values["stripes"]
	if kind != "striped" || len(stripes) != 2 {
		return section{}, fmt.Errorf("a volume of kind %s over %d stripes: %w", kind, len(stripes)/2, ErrUnsupported)
	}
	device, ok := l.devices[stripes[0]]
	if !ok {
		return section{}, fmt.Errorf("a volume on a disk that is missing: %w", ErrUnsupported)
	}
	first, err := (&textSection{values: map[string][]string{"stripes": stripes[1:]}}).number("stripes")
	start, length := l.starts[stripes[0]], extents*l.extent
	if err != nil || first > (math.MaxInt64-start)/l.extent || length > device.Size-start-first*l.extent {
		return section{}, cmp.Or(err, corrupt("a volume does not fit on %s", device.Name))
	}
	return section{device: device, offset: start + first*l.extent, length: length}, nil
}

func withoutHyphens(id string) string {
	return string(slices.DeleteFunc([]byte(id), func(letter byte) bool { return letter == '-' }))
}
