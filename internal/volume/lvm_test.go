package volume

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const (
	pvSize = 8 << 20
	pvID1  = "abcdefghijklmnopqrstuvwxyz012345"
	pvID2  = "ABCDEFghijklmnopqrstuvwxyz012345"
)

// groupText is the metadata of a group as vgcfgbackup(8) writes them.
const groupText = `vg0 {
id = "vvvvvv-vvvv-vvvv-vvvv-vvvv-vvvv-vvvvvv"
seqno = %d
format = "lvm2" # informational
status = ["RESIZEABLE", "READ", "WRITE"]
flags = []
extent_size = 2048		# 1024 Kilobytes
physical_volumes {
pv0 {
id = "abcdef-ghij-klmn-opqr-stuv-wxyz-012345"
device = "/dev/with \"quotes\" and {"
pe_start = 2048
pe_count = 6
}
pv1 {
id = "ABCDEF-ghij-klmn-opqr-stuv-wxyz-012345"
pe_start = 2048
pe_count = 6
}
}
logical_volumes {
%s}
}
contents = "Text Format Volume Group"
version = 1
`

const (
	rootVolume = `root {
status = ["READ", "WRITE", "VISIBLE"]
segment_count = 2
segment1 {
start_extent = 0
extent_count = 1
type = "striped"
stripe_count = 1
stripes = [
"pv0", 3
]
}
segment2 {
start_extent = 1
extent_count = 1
type = "striped"
stripe_count = 1
stripes = [ "pv1", 0 ]
}
}
`
	otherVolumes = `pool {
status = ["READ", "WRITE", "VISIBLE"]
segment_count = 1
segment1 {
start_extent = 0
extent_count = 4
type = "thin-pool"
}
}
pool_tmeta {
status = ["READ", "WRITE"]
segment_count = 1
segment1 {
start_extent = 0
extent_count = 1
type = "striped"
stripe_count = 1
stripes = ["pv0", 0]
}
}
`
)

// physicalVolume makes a physical volume, whose metadata begin at a byte of their
// area and go on at its beginning where they do not fit.
func physicalVolume(name, id, text string, at int64, contents map[int64]string) Device {
	le := binary.LittleEndian
	const areaStart, areaSize = 4096, 16384
	data := make([]byte, pvSize)
	label := data[512:]
	copy(label, lvmLabel)
	le.PutUint32(label[20:], 32)
	copy(label[24:], lvmType)
	copy(label[32:], id)
	le.PutUint64(label[64:], pvSize)
	places := label[72:]
	for n, value := range []uint64{1 << 20, 0, 0, 0, areaStart, areaSize, 0, 0} {
		le.PutUint64(places[8*n:], value)
	}
	area := data[areaStart:][:areaSize]
	copy(area[4:], lvmMagic)
	le.PutUint32(area[20:], 1)
	if text != "" {
		le.PutUint64(area[40:], uint64(at))
		le.PutUint64(area[48:], uint64(len(text)))
		copy(area[512:], text[copy(area[at:], text):])
	}
	for offset, content := range contents {
		copy(data[offset:], content)
	}
	return Device{Name: name, ReaderAt: bytes.NewReader(data), Size: pvSize}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	old, current := fmt.Sprintf(groupText, 3, ""), fmt.Sprintf(groupText, 4, rootVolume+otherVolumes)
	first := physicalVolume("/dev/sda2", pvID1, old, 512, map[int64]string{4 << 20: "first"})
	second := physicalVolume("/dev/sdb1", pvID2, current, 16000, map[int64]string{1 << 20: "second"})
	groups, err := Groups([]Device{first, second, {Name: "/dev/sdc", ReaderAt: bytes.NewReader(make([]byte, 4096)), Size: 4096}})
	if err != nil || len(groups) != 1 {
		t.Fatalf("%+v, %v", groups, err)
	}
	group := groups[0]
	if group.Name != "vg0" || group.Missing || len(group.Volumes) != 2 {
		t.Fatalf("%+v", group)
	}
	if pool := group.Volumes[0]; pool.Name != "pool" || pool.Size != 4<<20 {
		t.Errorf("%+v", pool)
	} else if _, err := pool.Open(); !errors.Is(err, ErrUnsupported) {
		t.Errorf("a thin pool: %v", err)
	}
	root, err := group.Volumes[1].Open()
	if err != nil || root.Size != 2<<20 {
		t.Fatalf("%+v, %v", root, err)
	}
	data := make([]byte, 2<<20)
	if n, err := root.ReadAt(data, 0); n != len(data) || err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if !bytes.HasPrefix(data, []byte("first\x00")) || !bytes.HasPrefix(data[1<<20:], []byte("second\x00")) {
		t.Error("the volume's extents are not where they are said to be")
	}
}

func TestGroupWithoutADisk(t *testing.T) {
	t.Parallel()
	groups, err := Groups([]Device{physicalVolume("/dev/sda2", pvID1, fmt.Sprintf(groupText, 1, rootVolume), 512, nil)})
	if err != nil || len(groups) != 1 || !groups[0].Missing || len(groups[0].Volumes) != 1 {
		t.Fatalf("%+v, %v", groups, err)
	}
	if _, err := groups[0].Volumes[0].Open(); !errors.Is(err, ErrUnsupported) {
		t.Errorf("a volume on a missing disk: %v", err)
	}
}

func TestDamagedGroups(t *testing.T) {
	t.Parallel()
	whole := fmt.Sprintf(groupText, 1, rootVolume)
	for name, text := range map[string]string{
		"cut off":           whole[:len(whole)/2],
		"no group":          "version = 1",
		"two groups":        whole + whole[:strings.Index(whole, "contents")] + "vg1 { }",
		"no extent size":    strings.Replace(whole, "extent_size = 2048", "", 1),
		"a negative number": strings.Replace(whole, "pe_start = 2048", "pe_start = -1", 1),
		"a huge number":     strings.Replace(whole, "pe_start = 2048", "pe_start = 9223372036854775807", 1),
		"deep":              strings.Repeat("a {", 1000),
		"an open list":      strings.Replace(whole, "flags = []", "flags = [", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			groups, err := Groups([]Device{physicalVolume("/dev/sda2", pvID1, text, 512, nil)})
			if err == nil || len(groups) != 0 {
				t.Errorf("%+v, %v", groups, err)
			}
		})
	}
	for name, volume := range map[string]string{
		"outside of the device": strings.Replace(rootVolume, `"pv0", 3`, `"pv0", 7`, 1),
		"far outside":           strings.Replace(rootVolume, `"pv0", 3`, `"pv0", 9223372036854775807`, 1),
		"a gap":                 strings.Replace(rootVolume, "start_extent = 1", "start_extent = 2", 1),
		"too few segments":      strings.Replace(rootVolume, "segment_count = 2", "segment_count = 9223372036854775807", 1),
		"a huge segment":        strings.Replace(rootVolume, "extent_count = 1", "extent_count = 9223372036854775807", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			groups, err := Groups([]Device{
				physicalVolume("/dev/sda2", pvID1, fmt.Sprintf(groupText, 1, volume), 512, nil), physicalVolume("/dev/sdb1", pvID2, "", 0, nil),
			})
			if err != nil || len(groups) != 1 || len(groups[0].Volumes) != 1 {
				t.Fatalf("%+v, %v", groups, err)
			}
			if opened, err := groups[0].Volumes[0].Open(); !errors.Is(err, ErrCorrupt) {
				t.Errorf("%+v, %v", opened, err)
			}
		})
	}
}

// FuzzGroups reads metadata that were changed.
func FuzzGroups(f *testing.F) {
	f.Add(fmt.Sprintf(groupText, 1, rootVolume+otherVolumes))
	f.Add("a { b = [ \"c\" ] }")
	there := []physical{{device: sparse("a", pvSize, 0, nil), id: pvID1}, {device: sparse("b", pvSize, 0, nil), id: pvID2}}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseText(text)
		if err != nil {
			return
		}
		for name, section := range parsed.sections {
			group, err := buildGroup(name, section, there)
			if err != nil {
				continue
			}
			for _, volume := range group.Volumes {
				opened, err := volume.Open()
				if err != nil || opened.Size == 0 {
					continue
				}
				if _, err := opened.ReadAt(make([]byte, 1), opened.Size-1); err != nil {
					t.Fatalf("%s has no last byte: %v", volume.Name, err)
				}
			}
		}
	})
}

// FuzzLabels reads a label and the header of an area that were changed.
func FuzzLabels(f *testing.F) {
	device := physicalVolume("a", pvID1, fmt.Sprintf(groupText, 1, rootVolume), 512, nil)
	start := make([]byte, 4096+512)
	if _, err := device.ReadAt(start, 0); err != nil {
		f.Fatal(err)
	}
	f.Add(start[512:1024], start[4096:])
	f.Fuzz(func(t *testing.T, label, header []byte) {
		data := slices.Clone(start)
		copy(data[512:1024], label)
		copy(data[4096:], header)
		data = append(data, make([]byte, 1<<16)...)
		groups, _ := Groups([]Device{{Name: "a", ReaderAt: bytes.NewReader(data), Size: int64(len(data))}})
		if len(groups) > 1 {
			t.Fatalf("%d groups on one device", len(groups))
		}
	})
}
