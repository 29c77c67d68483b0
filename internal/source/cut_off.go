package source

import (
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// checkPartitionTable refuses a raw disk that was cut off: only its partition
// table tells how long it was. Some disks have had a longer table from the
// beginning, and kernels shorten their last partition. What lies in it decides.
func (r *imageReader) checkPartitionTable(s section) error {
	table, err := parttable.Extents(s.reader())
	if err != nil {
		return fmt.Errorf("reading %s: %w", s.name, err)
	}
	// The last sector may be filled up with zeroes.
	length := sectors(s.size) * sectorSize
	end := parttable.End(table)
	if end <= length {
		return nil
	}
	for _, p := range table {
		if p.Start >= length {
			return cutOff(s, fmt.Sprintf("a partition begins at byte %d", p.Start))
		}
		if p.End <= length || p.Container {
			continue
		}
		content, err := contentAt(s, p.Start)
		switch {
		case err != nil:
			return err
		case content.kind == "":
			return refuse(fmt.Sprintf("the partition table of %s reaches to byte %d, and it has %d: it seems to be cut off", s.name, end, s.size),
				fmt.Sprintf("compare its size with the original's and copy it again; if the disk was never longer, "+
					"make a copy of it as long as the table says: truncate -s %d COPY", end))
		case content.end > uint64(length):
			return cutOff(s, fmt.Sprintf("%s in its partition table reaches to byte %d", content.kind, content.end))
		}
	}
	r.warn(report.ConcernDiskEnd, "if the original is longer, copy it again",
		"the partition table of %s reaches to byte %d, and it has %d; no file system in it is longer than that, so it is taken as it is", s.name, end, s.size)
	return nil
}

// cutOff is the error of a disk whose end is missing.
func cutOff(s section, what string) error {
	return refuse(fmt.Sprintf("%s is damaged or incomplete: %s, and it has %d; it was cut off", s.name, what, s.size),
		"compare its size with the original's, and copy or export it again from where it came from")
}
