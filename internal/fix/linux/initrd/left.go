package initrd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/bootloader"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/kernel"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// TellLeft tells what images that were not repaired have of the old machine: devices that
// the new one does not have under these names, which are as devname.Names.On has them,
// and names of network cards, by the files as in Options. What drivers they lack shows in
// the hardware that the guest is given. mended is what to set for all of it to be repaired.
func TellLeft(ctx context.Context, e *edit.Editor, names devname.Names, cardNames []string, mended string) error {
	kernels, err := kernel.List(e.Reader)
	if err != nil {
		return err
	}
	for _, k := range kernels {
		if err := ctx.Err(); err != nil {
			return err
		}
		if k.Initramfs == "" {
			continue
		}
		image, err := kernel.ReadInitramfs(e.Reader, k.Initramfs)
		if err != nil { // told with the hardware
			continue
		}
		if left := leftInImage(names, image); len(left) > 0 {
			e.Warn(report.ConcernEarlyDevice, fmt.Sprintf("the initramfs %s stays as it is, with what the new machine does not have so: %s", k.Initramfs, strings.Join(left, ", ")),
				mended+"; or build it anew in the guest once its configuration names devices by UUID, and take its disks again: it may wait for them, and not find the root file system")
		}
		repair := &imageRepair{edit: e, names: names, kernel: k, cardNames: cardNames, image: image}
		if err := repair.warnCardNames(); err != nil {
			return err
		}
	}
	return nil
}

// leftInImage are the devices of the old machine in an image, and what of it looks for
// disks by the names that they had.
func leftInImage(names devname.Names, image *initramfs.Image) []string {
	stale := findStale(names, image)
	left := appendMissing(stale.specs, slices.Concat(stale.unknown, stale.waits)...)
	for _, name := range image.Texts() {
		text, _ := image.Text(name)
		if bootloader.HidesDisks(name, text, names) {
			left = append(left, "the disks in "+name)
		}
	}
	return left
}
