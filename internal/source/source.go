// Package source turns what users have, a disk image, a chain of them, an OVF
// package or the folder of a VMware machine, into disks that QEMU can open. Every
// header is read here before QEMU sees it: the format is never guessed by QEMU, and
// no file outside the source's own directory is ever opened.
package source

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// DefaultMaxVirtualSize is the largest virtual disk that is accepted unless
// the request says otherwise: 64 TiB, in bytes.
const DefaultMaxVirtualSize int64 = 64 << 40

// The source types.
const (
	TypeVMDK  = "vmdk"
	TypeOVA   = "ova"
	TypeOVF   = "ovf"
	TypeVMX   = "vmx"
	TypeVHD   = "vhd"
	TypeVHDX  = "vhdx"
	TypeQCOW2 = "qcow2"
	TypeRaw   = "raw"
)

// Types are all source types.
var Types = []string{TypeVMDK, TypeVMX, TypeOVA, TypeOVF, TypeVHD, TypeVHDX, TypeQCOW2, TypeRaw}

// Request names a source.
type Request struct {
	// Type is one of the source types; it has to match what the file is.
	Type string
	// Path is the file. It may be a symbolic link; the directory of the file
	// that it leads to is the source's own.
	Path string
	// WorkDir takes what cannot be used where it lies, such as compressed disks
	// of a package. It exists already, and whoever made it removes it.
	WorkDir string
	// VM chooses one of several virtual machines of a package by id or name.
	VM string
	// Checksum is what the file at Path must have, as "sha256:<hex>"; md5, sha1
	// and sha512 are understood too. Empty checks nothing.
	Checksum string
	// IgnoreChecksums skips the checksums that a package brings along.
	IgnoreChecksums bool
	// MaxVirtualSize bounds each disk, in bytes; 0 is DefaultMaxVirtualSize.
	MaxVirtualSize int64
	// Directories are those outside of the source's own in which files that it
	// refers to may lie.
	Directories []string
	// Progress, if set, is told while Checksum is compared how many percent of
	// the file were read, never falling.
	Progress func(percent float64)
}

// Source is an opened source.
type Source struct {
	// Disks are in the order in which the source describes them.
	Disks []Disk
	// Machine is what a package or a VMX file tells about its virtual machine; nil
	// for a mere disk.
	Machine *report.Machine
	// Warnings are for the person who runs the migration.
	Warnings []report.Warning

	// Files are those that the source was found to consist of, in the order of
	// their paths, without what was unpacked into the work directory.
	Files []File

	files *files
	// comparisons is nil where nothing is to be compared.
	comparisons *comparisons
}

// Disk is one disk of a source.
type Disk struct {
	Image qemuimg.Image
	// Format is QEMU's name of the format, as in Image.
	Format string
	// VirtualSize is what the guest sees, in bytes.
	VirtualSize int64
	// ActualSize is what the image took on the host's disk when it was opened, in
	// bytes, without those below it.
	ActualSize int64
	// Name is for people: the file's name, or the name inside the package.
	Name string
	// Serial is the number that the guest knows the disk by, in hexadecimal
	// digits: VMware's ddb.uuid. It is empty where the image does not tell it.
	Serial string
	// Temporary says that the image lies in WorkDir and ends with it, so that
	// nothing that is kept may refer to it.
	Temporary bool
}

// Open examines a source and refuses one that is damaged, that is not what it
// is declared to be, or that reaches for files which are not its own. The disks
// of a package are compared with its checksums afterwards, until ctx or Close
// ends that: VerifyDigests waits for it.
func Open(ctx context.Context, request Request) (*Source, error) {
	if request.MaxVirtualSize == 0 {
		request.MaxVirtualSize = DefaultMaxVirtualSize
	}
	path, err := resolve(request.Path)
	if err != nil {
		return nil, err
	}
	o := newOpening(ctx, request, path)
	if err := o.allowDirectories(); err != nil {
		return nil, err
	}
	if err := o.open(path); err != nil {
		o.files.close()
		return nil, err
	}
	o.source.files = o.files
	o.source.Files = o.files.below(o.directories, request.WorkDir)
	if len(o.pending) == 0 {
		o.files.close()
		return o.source, nil
	}
	o.source.comparisons = o.compareInBackground()
	return o.source, nil
}

// open opens the file that the request names, by its true path.
func (o *opening) open(path string) error {
	file, err := o.files.open(path)
	if err != nil {
		return err
	}
	file.name = filepath.Base(o.request.Path)
	file.neighbours = true
	if file.size == 0 {
		return refuse(fmt.Sprintf("%s is empty", o.request.Path), "export or copy the disk again")
	}
	if err := o.checkSum(file); err != nil {
		return err
	}
	switch o.request.Type {
	case TypeOVA:
		return o.openOVA(file)
	case TypeOVF:
		return o.openOVF(file)
	case TypeVMX:
		return o.openVMX(file)
	case TypeVMDK, TypeVHD, TypeVHDX, TypeQCOW2, TypeRaw:
		o.warnOfSiblings(path, false)
		return o.addDisk(file, o.request.Type)
	default:
		return refuse(fmt.Sprintf("unsupported source type %q", o.request.Type), "use one of "+strings.Join(Types, ", "))
	}
}

// Holds reports whether path is, by whatever name, a file that belongs to the
// source.
func (s *Source) Holds(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	for _, file := range s.files.seen {
		if os.SameFile(info, file) {
			return true
		}
	}
	return false
}

// Verify reports whether a file of the source was changed or replaced since
// Open, or is known by now to have another checksum than its package says.
func (s *Source) Verify() error {
	if err := s.files.verify(); err != nil {
		return err
	}
	return s.comparisons.known()
}

// resolve finds the file behind a path that users gave.
func resolve(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("finding the absolute path of %s: %w", path, err)
	}
	resolved, err := filepath.EvalSymlinks(absolute)
	if err != nil {
		return "", fmt.Errorf("finding the source: %w", err)
	}
	info, err := os.Stat(resolved)
	if err != nil {
		return "", fmt.Errorf("finding the source: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", refuse(fmt.Sprintf("%s is %s, not a file", path, kindOfNode(info.Mode())),
			"name the image file itself")
	}
	return resolved, nil
}

func kindOfNode(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	default:
		return "a special file"
	}
}
