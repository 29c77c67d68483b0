package fix

import (
	"context"
	"fmt"
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
		if images && k.initramfs != "" {
			image, err := r.readInitramfs(k.initramfs)
			if err != nil {
				kernel.Reason = err.Error()
			} else {
				kernel.Generator = string(image.Generator)
				kernel.Virtio = drivers.virtio(image)
			}
		}
		found = append(found, kernel)
	}
	return found, nil
}

// HasVirtio says whether the kernel comes with a virtio disk driver and a
// virtio network driver, wherever they are packed.
func (k Kernel) HasVirtio() (disk, network bool) {
	has := func(name string) bool { place, known := k.Virtio[name]; return known && place != placeMissing }
	return has("virtio_pci") && (has("virtio_blk") || has("virtio_scsi")), has("virtio_net")
}
