package source

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// opening is one source while it is being opened.
type opening struct {
	ctx     context.Context
	request Request
	// root is the source's own directory, free of symbolic links.
	root string
	// directories are root and those that the request allows besides, likewise.
	directories []string
	files       *files
	source      *Source
	// pending are the files whose checksums are computed when all is open.
	pending []comparison
	// unpacked counts the files that were made in the work directory.
	unpacked int
	// probing leaves out all that takes more than reading headers and tables.
	probing bool
}

// newOpening begins with the file at path, its true one.
func newOpening(ctx context.Context, request Request, path string) *opening {
	return &opening{
		ctx: ctx, request: request,
		files: newFiles(), source: &Source{},
		root: filepath.Dir(path), directories: []string{filepath.Dir(path)},
	}
}

// allowDirectories adds those of the request to where files may lie.
func (o *opening) allowDirectories() error {
	for _, directory := range o.request.Directories {
		path, err := filepath.Abs(directory)
		if err == nil {
			path, err = filepath.EvalSymlinks(path)
		}
		if err != nil {
			return fmt.Errorf("source.directories: %w", err)
		}
		o.directories = append(o.directories, path)
	}
	return nil
}

// warn tells of something about the source, and what to do about it.
func (o *opening) warn(id report.ConcernID, remedy, format string, args ...any) {
	o.source.Warnings = append(o.source.Warnings, report.Warning{ID: id, Message: fmt.Sprintf(format, args...), Remedy: remedy})
}

// addDisk opens a disk of a declared type and everything below it.
func (o *opening) addDisk(s section, declared string) error {
	disk, err := o.openDisk(s, declared)
	if err != nil {
		return err
	}
	if o.probing && disk.VirtualSize == 0 { // not known
		o.source.Disks = append(o.source.Disks, disk)
		return nil
	}
	if err := o.checkSize(disk.Name, disk.VirtualSize); err != nil {
		return err
	}
	o.source.Disks = append(o.source.Disks, disk)
	return nil
}

// openDisk examines the headers first, then lets QEMU see the image.
func (o *opening) openDisk(s section, declared string) (Disk, error) {
	var opened layer
	var err error
	switch declared {
	case TypeVMDK:
		opened, err = o.openVMDK(s, nil)
	case TypeQCOW2:
		opened, err = o.openQCOW2(s, nil)
	case TypeVHD:
		opened, err = o.openVHD(s)
	case TypeVHDX:
		opened, err = o.openVHDX(s)
	default:
		opened, err = o.openRaw(s)
	}
	if err != nil {
		return Disk{}, err
	}
	disk := Disk{
		Image: opened.image, Format: opened.image.Format, VirtualSize: opened.size,
		Name: opened.name, Temporary: opened.temporary, Serial: opened.serial,
	}
	if o.probing {
		if disk.Format == "raw" && disk.VirtualSize == 0 {
			disk.VirtualSize = sectors(s.size) * sectorSize
		}
		return disk, nil
	}
	info, err := qemuimg.GetInfo(o.ctx, opened.image)
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

func (o *opening) checkSize(name string, size int64) error {
	if size > o.request.MaxVirtualSize || size < 0 {
		return refuse(fmt.Sprintf("%s declares a virtual size of %d bytes, more than the %d that are allowed", name, size, o.request.MaxVirtualSize),
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
func (o *opening) checkLayer(s section, image qemuimg.Image) error {
	image.Standalone = true
	_, err := qemuimg.Check(o.ctx, image)
	left := o.probing && (o.ctx.Err() != nil || qemuimg.Installed() != nil)
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
