package leftover

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// poolCache is where ZFS keeps where the disks of its pools are: at boot it looks
// there, and nowhere else.
const poolCache = "/etc/zfs/zpool.cache"

// maxCache is how much of it is read, in bytes.
const maxCache = 4 << 20

var cachedDisk = regexp.MustCompile(`/dev/[!-~]+`)

// readPools tells of pools that ZFS would look for on disks of the old machine.
func (s *scan) readPools() error {
	info, err := s.edit.Stat(poolCache)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!info.Mode.IsRegular() || info.Size > maxCache) {
		return nil
	}
	if err != nil {
		return err
	}
	data, err := s.edit.ReadFile(poolCache)
	if err != nil {
		return err
	}
	for _, name := range cachedDisk.FindAllString(string(data), -1) {
		if devname.IsStale(name) {
			s.edit.Warn(report.ConcernOldDisk, fmt.Sprintf("%s has %s, a device name of the old machine: ZFS does not find its pools at boot", poolCache, name),
				"on the new machine, remove that file and run zpool import -d /dev -a in the guest; or enable zfs-import-scan.service and remove it before the migration")
			return nil
		}
	}
	return nil
}
