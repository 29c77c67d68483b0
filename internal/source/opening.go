package source

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// opening is one source while it is being opened.
type opening struct {
	*warnings

	request Request
	source  *Source
	files   *files
	work    *workDirectory
	images  imageReader
	// pending are the files whose checksums are computed when all is open.
	pending []comparison
}

// newOpening begins with the file at path, its true one. probing leaves out all that
// takes more than reading headers and tables.
func newOpening(request Request, path string, probing bool) (*opening, error) {
	allowed, err := allowedDirectories(filepath.Dir(path), request.Directories)
	if err != nil {
		return nil, err
	}
	source := &Source{}
	o := &opening{request: request, source: source, warnings: (*warnings)(&source.Warnings), files: newFiles(allowed)}
	o.work = &workDirectory{path: request.WorkDir, files: o.files, probing: probing}
	o.images = imageReader{warnings: o.warnings, files: o.files, work: o.work, maxVirtualSize: request.MaxVirtualSize, probing: probing}
	return o, nil
}

// open opens the file that the request names, by its true path.
func (o *opening) open(ctx context.Context, path string) error {
	file, err := o.files.open(path)
	if err != nil {
		return err
	}
	file.name = filepath.Base(o.request.Path)
	file.neighbours = true
	if file.named, err = filepath.Abs(o.request.Path); err != nil {
		return fmt.Errorf("finding the absolute path of %s: %w", o.request.Path, err)
	}
	if file.size == 0 {
		return refuse(fmt.Sprintf("%s is empty", o.request.Path), "export or copy the disk again")
	}
	if err := checkSum(ctx, file, o.request); err != nil {
		return err
	}
	switch o.request.Type {
	case TypeOVA:
		return o.openOVA(ctx, file)
	case TypeOVF:
		return o.openOVF(ctx, file)
	case TypeVMX:
		return o.openVMX(ctx, file)
	case TypeVMDK, TypeVHD, TypeVHDX, TypeQCOW2, TypeRaw:
		o.warnOfSiblings(path, false)
		return o.addDisk(ctx, file, o.request.Type)
	default:
		return refuse(fmt.Sprintf("unsupported source type %q", o.request.Type), "use one of "+strings.Join(Types, ", "))
	}
}

// addDisk opens a disk of a declared type and everything below it.
func (o *opening) addDisk(ctx context.Context, s section, declared string) error {
	disk, err := o.images.openDisk(ctx, s, declared)
	if err != nil {
		return err
	}
	unknown := o.images.probing && disk.VirtualSize == 0
	if !unknown {
		err = o.images.checkSize(disk.Name, disk.VirtualSize)
	}
	if err != nil {
		return err
	}
	o.source.Disks = append(o.source.Disks, disk)
	return nil
}

// warnings are what is told of a source.
type warnings []report.Warning

// warn tells of something about the source, and what to do about it.
func (w *warnings) warn(id report.ConcernID, remedy, format string, args ...any) {
	*w = append(*w, report.Warning{ID: id, Message: fmt.Sprintf(format, args...), Remedy: remedy})
}
