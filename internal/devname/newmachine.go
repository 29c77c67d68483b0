package devname

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// kinds are what Linux calls disks, by the bus that they are on.
var kinds = map[string]string{"virtio": "vd", "scsi": "sd", "sata": "sd"}

// On are the names as they are to be told of where nothing is changed: a name that means
// the same device on the new machine, whose disks are on the bus ("virtio", "scsi" or
// "sata"), is its own stable name. With another bus, no name is.
func (n Names) On(bus string) Names {
	n.kind = kinds[bus]
	return n
}

// Kind is what the new machine's disks are called, "sd" or "vd": the latter where On was
// told of no bus.
func (n Names) Kind() string { return cmp.Or(n.kind, "vd") }

// Holds reports whether a name of the old machine means the same device on that which On
// tells of.
func (n Names) Holds(spec string) bool {
	spec = clean(spec)
	if number, ok := strings.CutPrefix(spec, "/dev/block/"); ok {
		if name, ok := Numbered(number); ok {
			spec = name
		}
	}
	if n.kind == "" {
		return false
	}
	d, found := n.Resolve(spec)
	switch {
	case !found:
		return false
	case d.Kind == guest.KindMD: // its members tell what it is called
		return strings.HasPrefix(spec, "/dev/md")
	}
	return d.Disk >= 0 && (d.Kind == guest.KindDisk || d.Kind == guest.KindPartition) && spec == n.NewName(n.kind, d)
}

// Stale are the names in a text that bind it to the old machine and do not hold on the
// new one, each once.
func (n Names) Stale(text string) []string {
	var found []string
	seen := map[string]bool{}
	for _, span := range Spans(text) {
		if spec := text[span.From:span.To]; !n.Holds(spec) && !seen[spec] {
			seen[spec] = true
			found = append(found, spec)
		}
	}
	return found
}

// OldName is what Linux called a disk or partition on the old machine, if its disks were
// of that kind ("sd", "vd").
func OldName(kind string, d guest.Device) string { return kernelName(kind, d.Disk, d.Partition) }

// NewName is what Linux calls it on the new machine, where the disk that the machine
// starts from comes first.
func (n Names) NewName(kind string, d guest.Device) string {
	disk := d.Disk
	switch {
	case disk == n.First:
		disk = 0
	case disk < n.First:
		disk++
	}
	return kernelName(kind, disk, d.Partition)
}

func kernelName(kind string, disk, partition int) string {
	letters := ""
	for n := disk + 1; n > 0; n = (n - 1) / 26 {
		letters = string(rune('a'+(n-1)%26)) + letters
	}
	name := "/dev/" + kind + letters
	if partition > 0 {
		name += strconv.Itoa(partition)
	}
	return name
}
