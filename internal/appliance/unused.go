//go:build cgo && linux

package appliance

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// swapHeader is how much of a swap area is more than its contents, in bytes:
// its first page holds the UUID, the label and the list of bad pages, and no
// machine has larger pages.
const swapHeader = 64 << 10

// errSwapHeader says that a swap area was lost. No output may come of it.
var errSwapHeader = errors.New("the header of the swap area could not be written back")

// discardSwap discards what a swap area holds and leaves its header as it is.
func discardSwap(g *guestfs.Guestfs, device guest.Device) error {
	if device.Size <= swapHeader {
		return nil
	}
	header, err := g.Pread_device(device.Name, swapHeader, 0)
	if err != nil {
		return err
	}
	if len(header) != swapHeader {
		return errors.New("its header could not be read whole")
	}
	discarded := g.Blkdiscard(device.Name)
	// Even a discard that failed may have begun.
	written, err := g.Pwrite_device(device.Name, header, 0)
	if err == nil && written == len(header) {
		var again []byte
		if again, err = g.Pread_device(device.Name, swapHeader, 0); err == nil && bytes.Equal(again, header) {
			return discarded
		}
	}
	return errors.Join(errSwapHeader, err)
}

// discardFreeExtents discards what volume groups have left. Both of its
// programs run in the appliance and so agree on the names of devices, which need
// not be those that libguestfs shows.
func discardFreeExtents(g *guestfs.Guestfs) error {
	report, err := g.Debug("sh", []string{"lvm pvs --segments --noheadings --nosuffix --units b --separator '|' -o " + extentFields + " 2>/dev/null"})
	if err != nil {
		return err
	}
	ranges, err := freeExtents(report)
	if err != nil || len(ranges) == 0 {
		return err
	}
	const failed = "discard failed: "
	// Without -f, a device whose volumes are active is refused as busy.
	var script strings.Builder
	for _, r := range ranges {
		fmt.Fprintf(&script, "m=$(blkdiscard -f -o %d -l %d %s 2>&1) || echo \"%s$m\"\n", r.Offset, r.Length, r.Device, failed)
	}
	output, err := g.Debug("sh", []string{script.String()})
	if err != nil {
		return err
	}
	for line := range strings.Lines(output) {
		message, found := strings.CutPrefix(strings.TrimSpace(line), failed)
		// What is encrypted was opened without discards.
		if found && !strings.Contains(message, "not supported") {
			return errors.New(message)
		}
	}
	return nil
}

// closedToDiscards says that a device lies on an encrypted one, which was
// opened without discards: they would tell where it has data.
func (s *Session) closedToDiscards(err error) bool {
	return errors.Is(err, syscall.ENOTSUP) && len(s.opened) > 0
}
