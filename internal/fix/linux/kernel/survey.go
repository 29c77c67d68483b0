package kernel

import (
	"context"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Survey lists the kernels that the guest can boot, newest first, and where
// each has its virtio drivers. It changes nothing. With images, every
// initramfs is read too, which takes seconds; without, a driver that is a
// module counts as "module" wherever it may be packed. The firmware is as for Default.
func Survey(ctx context.Context, e *edit.Reader, images bool, firmware string) ([]report.Kernel, error) {
	kernels, err := List(e)
	if err != nil {
		return nil, err
	}
	preferred := -1
	if len(kernels) > 0 {
		if preferred, err = Default(e, kernels, firmware); err != nil {
			return nil, err
		}
	}
	forbidden, err := FindForbidden(e, kernels, firmware)
	if err != nil {
		return nil, err
	}
	var found []report.Kernel
	for n, k := range kernels {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		drivers, err := DriversOf(e, k.Version)
		if err != nil {
			return nil, fmt.Errorf("kernel %s: %w", k.Version, err)
		}
		kernel := report.Kernel{Version: k.Version, Image: k.Image, Initramfs: k.Initramfs, Default: n == preferred}
		kernel.Virtio = drivers.Virtio(nil)
		var image *initramfs.Image
		if images && k.Initramfs != "" {
			image, err = ReadInitramfs(e, k)
			switch {
			case err != nil:
				image, kernel.Reason = nil, err.Error()
			case image != nil:
				kernel.Generator = string(image.Generator)
				kernel.Virtio = drivers.Virtio(image)
			}
		}
		drivers = forbidden.Of(n, drivers, k.Initramfs, image)
		if images {
			kernel.BootsFrom = BootsFrom(drivers, image)
			kernel.LacksSATA = (k.Initramfs == "" || image != nil) && !DrivesSATA(drivers, image)
		}
		kernel.NICModel, kernel.EmulatedNIC = NetworkCard(drivers, image), EmulatedCard(drivers, image)
		found = append(found, kernel)
	}
	return found, nil
}
