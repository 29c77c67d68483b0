package source

import (
	"context"
	"errors"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
)

// imageReader examines the headers of disk images before QEMU may see them.
type imageReader struct {
	*warnings

	files *files
	work  *workDirectory
	// maxVirtualSize bounds each disk, in bytes.
	maxVirtualSize int64
	// probing leaves out all that takes more than reading headers and tables.
	probing bool
}

// openDisk examines the headers first, then lets QEMU see the image.
func (r *imageReader) openDisk(ctx context.Context, s section, declared string) (Disk, error) {
	var opened layer
	var err error
	switch declared {
	case TypeVMDK:
		opened, err = r.openVMDK(ctx, s, nil)
	case TypeQCOW2:
		opened, err = r.openQCOW2(ctx, s, nil)
	case TypeVHD:
		opened, err = r.openVHD(ctx, s)
	case TypeVHDX:
		opened, err = r.openVHDX(ctx, s)
	default:
		opened, err = r.openRaw(s)
	}
	if err != nil {
		return Disk{}, err
	}
	disk := Disk{
		Image: opened.image, Format: opened.image.Format, VirtualSize: opened.size,
		Name: opened.name, Temporary: opened.temporary, Serial: opened.serial,
	}
	if r.probing {
		if disk.Format == "raw" && disk.VirtualSize == 0 {
			disk.VirtualSize = sectors(s.size) * sectorSize
		}
		return disk, nil
	}
	info, err := qemuimg.GetInfo(ctx, opened.image)
	if err != nil {
		return Disk{}, fmt.Errorf("opening %s: %w", s.name, err)
	}
	if opened.size != 0 && opened.size != info.VirtualSize {
		return Disk{}, refuse(fmt.Sprintf("%s declares a virtual size of %d bytes, and QEMU sees %d", s.name, opened.size, info.VirtualSize),
			"nobody can say which is right: let the program that made it convert it to another format, such as raw")
	}
	disk.VirtualSize, disk.ActualSize = info.VirtualSize, info.ActualSize
	return disk, nil
}

func (r *imageReader) checkSize(name string, size int64) error {
	if size > r.maxVirtualSize || size < 0 {
		return refuse(fmt.Sprintf("%s declares a virtual size of %d bytes, more than the %d that are allowed", name, size, r.maxVirtualSize),
			"raise source.max_virtual_size if the disk really is that large; otherwise the file is damaged or hostile")
	}
	if size == 0 {
		return damaged(name, "its virtual size is zero")
	}
	return nil
}

// layer is one image of a chain whose headers have been examined.
type layer struct {
	image     qemuimg.Image
	name      string
	temporary bool
	// serial is what the guest knows the disk by, where the image tells it.
	serial string
	// size is the virtual size that the headers declare, in bytes; 0 where they
	// leave room for interpretation.
	size int64
}

// checkLayer lets QEMU look for parts that are missing from one image of a
// chain. Reading the image would silently take them for zeroes.
func (r *imageReader) checkLayer(ctx context.Context, s section, image qemuimg.Image) error {
	image.Standalone = true
	_, err := qemuimg.Check(ctx, image)
	left := r.probing && (ctx.Err() != nil || qemuimg.Installed() != nil)
	switch {
	case err == nil, left:
		return nil
	case errors.Is(err, qemuimg.ErrUnreplayedLog):
		return unreplayed(s, "its log holds writes that are not in their place yet")
	case errors.Is(err, qemuimg.ErrCorrupt):
		return fmt.Errorf("%s is damaged or incomplete: %w", s.name, err)
	}
	return fmt.Errorf("QEMU cannot read %s: %w", s.name, err)
}

// unreplayed is the error of an image that nobody closed.
func unreplayed(s section, what string) error {
	where := "a copy of it"
	if !s.neighbours {
		where = "a copy that is unpacked from the package"
	}
	return refuse(fmt.Sprintf("%s was not closed: %s, as after a crash or of a machine that ran while it was copied", s.name, what),
		"shut the virtual machine down cleanly and copy its disk again, or let QEMU put "+where+" in order: qemu-img check -r all COPY")
}

// maxChain bounds how many images lie on one another.
const maxChain = 64

// backingChain is the true paths of the images above one, topmost first.
type backingChain []string

// extend adds an image to the chain and refuses circles and endless chains.
func (l backingChain) extend(s section) (backingChain, error) {
	for _, above := range l {
		if above == s.path {
			return nil, refuse(fmt.Sprintf("the chain of %s comes back to itself", s.name), "restore the image's true parent")
		}
	}
	if len(l) >= maxChain {
		return nil, refuse(fmt.Sprintf("%s lies under more than %d images", s.name, maxChain), "consolidate the snapshots first")
	}
	return append(l[:len(l):len(l)], s.path), nil
}
