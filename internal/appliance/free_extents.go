package appliance

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// extentFields are what freeExtents reads of each segment of the physical
// volumes, in this order, as "lvm pvs --segments --units b" tells them.
const extentFields = "pv_name,vg_name,vg_attr,pe_start,vg_extent_size,pvseg_start,pvseg_size,lv_name,segtype"

// byteRange is a part of a device, in bytes.
type byteRange struct {
	Device         string
	Offset, Length int64
}

// sectorSize is what offsets and sizes are multiples of, in bytes.
const sectorSize = 512

var plainDevice = regexp.MustCompile(`^/dev/[A-Za-z0-9._/+-]+$`)

// freeExtents finds what volume groups have left on each of their devices. A
// report that contradicts itself is an error: nothing in it can be trusted.
func freeExtents(report string) ([]byteRange, error) {
	var free []byteRange
	ends := map[string]int64{} // of the segments of each device, in extents
	for line := range strings.Lines(report) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		fields := strings.Split(strings.TrimSpace(line), "|")
		if len(fields) != strings.Count(extentFields, ",")+1 {
			return nil, fmt.Errorf("the report on physical volumes has the line %q", line)
		}
		device, group, attributes, volume, kind := fields[0], fields[1], fields[2], fields[7], fields[8]
		if group == "" || !wholeGroup(attributes) {
			continue
		}
		var numbers [4]int64
		for n, text := range fields[3:7] {
			number, err := strconv.ParseInt(text, 10, 64)
			if err != nil || number < 0 || number > 1<<53 {
				return nil, fmt.Errorf("the report on physical volumes has the number %q", text)
			}
			numbers[n] = number
		}
		start, extent, first, count := numbers[0], numbers[1], numbers[2], numbers[3]
		if !plainDevice.MatchString(device) || extent == 0 || extent%sectorSize != 0 || start%sectorSize != 0 ||
			first != ends[device] || count > (1<<62-start)/extent-first {
			return nil, fmt.Errorf("the report on physical volumes makes no sense at %q", line)
		}
		ends[device] = first + count
		if kind == "free" && volume == "" && count > 0 {
			free = append(free, byteRange{device, start + first*extent, count * extent})
		}
	}
	return free, nil
}

// wholeGroup says that all of a group's devices are here, and that it belongs
// to this guest alone: it is neither partial, nor exported, nor shared.
func wholeGroup(attributes string) bool {
	return len(attributes) >= 6 && attributes[2] == '-' && attributes[3] == '-' && attributes[5] == '-'
}
