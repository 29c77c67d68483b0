package fix

import (
	"context"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/initramfs"
)

// Survey lists the kernels that the guest can boot, newest first, and where
// each has its virtio drivers. It changes nothing. With images, every
// initramfs is read too, which takes seconds; without, a driver that is a
// module counts as "module" wherever it may be packed.
func Survey(ctx context.Context, t Target, images bool) ([]Kernel, error) {
	r := newRun(t, Options{})
	kernels, err := r.kernels()
	if err != nil {
		return nil, err
	}
	preferred := -1
	if len(kernels) > 0 {
		if preferred, err = r.defaultKernel(kernels); err != nil {
			return nil, err
		}
	}
	var found []Kernel
	for n, k := range kernels {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		drivers, err := r.driversOf(k.version)
		if err != nil {
			return nil, fmt.Errorf("kernel %s: %w", k.version, err)
		}
		kernel := Kernel{Version: k.version, Image: k.image, Initramfs: k.initramfs, Default: n == preferred}
		kernel.Virtio = drivers.virtio(nil)
		var image *initramfs.Image
		if images && k.initramfs != "" {
			if image, err = r.readInitramfs(k.initramfs); err != nil {
				image, kernel.Reason = nil, err.Error()
			} else {
				kernel.Generator = string(image.Generator)
				kernel.Virtio = drivers.virtio(image)
			}
		}
		if images {
			kernel.BootsFrom = bootsFrom(drivers, image)
		}
		kernel.NICModel = networkCard(drivers, image)
		found = append(found, kernel)
	}
	return found, nil
}

// HasVirtioDisk says whether the kernel comes with a virtio disk driver, wherever
// it is packed.
func (k Kernel) HasVirtioDisk() bool {
	has := func(name string) bool { place, known := k.Virtio[name]; return known && place != placeMissing }
	return has("virtio_pci") && (has("virtio_blk") || has("virtio_scsi"))
}
