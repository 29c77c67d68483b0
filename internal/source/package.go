package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/ovf"
	"golang.org/x/text/unicode/norm"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/machine"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// ovfPackage is an OVF package, wherever its files lie.
type ovfPackage struct {
	name string
	// names lists the files of an archive without those that are none of its
	// own; a directory has no list.
	names []string
	// list tells the names of all files beside the descriptor, or below it.
	list func() []string
	// bad are the members that are not what those of a package are.
	bad []badMember
	// padded says that members fill their last sector with zeroes. Where they do
	// not, the next member begins in that sector.
	padded bool
	// find opens a sound file by its name in the package. What is not there
	// satisfies fs.ErrNotExist.
	find func(ctx context.Context, name string) (section, error)
}

// descriptor finds the name of the one descriptor of an archive.
func (p *ovfPackage) descriptor() (string, error) {
	var found []string
	for _, name := range p.names {
		if strings.EqualFold(path.Ext(name), ".ovf") {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return "", p.lacks(".ovf", refuse(p.name+" holds no OVF descriptor, so it is no OVA",
			"if it is an archive of mere disks, unpack it and name the disk with its own source.type"))
	case 1:
		return found[0], nil
	default:
		return "", refuse(fmt.Sprintf("%s holds several OVF descriptors: %s", p.name, printable(strings.Join(found, ", "))),
			"unpack it, and use the descriptor you mean with source.type ovf")
	}
}

// sumsName finds the file with the package's checksums: it is called like the
// descriptor, or the only one of its kind.
func (p *ovfPackage) sumsName(descriptor string) string {
	name := strings.TrimSuffix(descriptor, path.Ext(descriptor)) + ".mf"
	if slices.Contains(p.names, name) {
		return name
	}
	for _, other := range p.names {
		if strings.EqualFold(path.Ext(other), ".mf") && path.Dir(other) == path.Dir(descriptor) {
			name = other
		}
	}
	return name
}

// sums reads the package's checksums. A package need not have any.
func (p *ovfPackage) sums(ctx context.Context, descriptor string) (packageSums, error) {
	name := p.sumsName(descriptor)
	s, err := p.open(ctx, name)
	if errors.Is(err, fs.ErrNotExist) && p.names == nil {
		name = strings.TrimSuffix(name, ".mf") + ".MF"
		s, err = p.open(ctx, name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return packageSums{}, nil
	}
	if err != nil {
		return packageSums{}, err
	}
	if s.size > maxManifestFile {
		return packageSums{}, refuse(fmt.Sprintf("%s has %d bytes, too many for checksums", name, s.size), takeUnverified)
	}
	data, err := s.read(0, s.size)
	if err != nil {
		return packageSums{}, err
	}
	sums, err := parseManifestFile(data)
	if err != nil {
		return packageSums{}, refuse(fmt.Sprintf("%s holds no checksum that could be compared: %v", name, err), takeUnverified)
	}
	sums.name = name
	return sums, nil
}

// openPackage reads a package's descriptor and opens the disks of its machine.
func (o *opening) openPackage(ctx context.Context, p *ovfPackage, descriptor string) error {
	file, err := p.open(ctx, descriptor)
	if err != nil {
		return err
	}
	if file.size > maxOVF {
		return refuse(fmt.Sprintf("%s has %d bytes, and no OVF descriptor has more than %d", file.name, file.size, maxOVF),
			"name the descriptor, a small text file, in source.path")
	}
	sums, err := o.sumsOf(ctx, p, descriptor)
	if err != nil {
		return err
	}
	want, listed, err := sums.of(descriptor)
	if err != nil {
		return err
	}
	if !listed && file.sum != nil && !o.request.IgnoreChecksums {
		want, listed = *file.sum, true
	}
	if listed {
		if err := verifyDigest(ctx, file, want); err != nil {
			return err
		}
	}
	envelope, err := o.readOVF(file)
	if err != nil {
		return err
	}
	chosen, err := chooseMachine(envelope, o.request.VM)
	if err != nil {
		return err
	}
	disks, warnings, err := disksOf(envelope, chosen)
	if err != nil {
		return err
	}
	o.source.Machine = machine.OfOVF(envelope, chosen)
	for _, warning := range machine.WarningsOfOVF(envelope, chosen) {
		o.warn(warning.ID, warning.Remedy, "%s: %s", file.name, warning.Message)
	}
	for _, warning := range warnings {
		o.warn(report.ConcernDescription, leftOut, "%s", warning)
	}
	for _, disk := range disks {
		if err := o.addPackagedDisk(ctx, p, path.Dir(descriptor), disk, sums); err != nil {
			return err
		}
	}
	o.warnOfMembers(p)
	return nil
}

// leftOut is what to do about a disk that is left out.
const leftOut = "attach an empty disk to the new machine where the guest needs one; if the old machine's disk held data, export it again together with that"

// sumsOf are the checksums of a package, none where they are not to be compared.
func (o *opening) sumsOf(ctx context.Context, p *ovfPackage, descriptor string) (packageSums, error) {
	if o.request.IgnoreChecksums {
		return packageSums{}, nil
	}
	sums, err := p.sums(ctx, descriptor)
	if err == nil && len(sums.others) > 0 {
		o.warn(report.ConcernChecksums, "check that no checksum of a file that matters is among them; an export anew writes them all",
			"%s has lines that are no checksums and were passed over: %s", sums.name, sums.others[0])
	}
	return sums, err
}

// readOVF reads the text of a descriptor.
func (o *opening) readOVF(file section) (*ovf.Envelope, error) {
	text, err := file.read(0, file.size)
	if err != nil {
		return nil, err
	}
	content := decodeText(text)
	if content.guessed != "" {
		o.warn(report.ConcernDescription, "check the names of the machine and of its networks in the report; correct the encoding in the descriptor's first line where they are wrong",
			"%s has letters that are not in the encoding that it declares; they are read as %s", file.name, content.guessed)
	}
	envelope, err := decodeOVF(content.text)
	if err != nil {
		return nil, refuse(fmt.Sprintf("%s is no sound OVF descriptor: %v", file.name, err),
			"correct that place or export the package again; its disks can also be migrated alone, each with its own source.type")
	}
	return envelope, nil
}

// addPackagedDisk opens one disk of a package.
func (o *opening) addPackagedDisk(ctx context.Context, p *ovfPackage, directory string, disk packagedDisk, sums packageSums) error {
	if disk.capacity > 0 {
		if err := o.images.checkSize(printable(disk.href), disk.capacity); err != nil {
			return err
		}
	}
	parts, err := disk.parts(ctx, p, directory)
	if err != nil {
		return err
	}
	length := int64(0)
	for _, part := range parts {
		length += part.size
	}
	if disk.size > length {
		o.warn(report.ConcernDiskEnd, "compare it with the original, and copy or export the package again where the original is longer; a descriptor that was edited may say it wrongly",
			"the package says that %s has %d bytes, and it has %d: its end may be missing", printable(disk.href), disk.size, length)
	}
	var pending []comparison
	for _, part := range parts {
		want, listed, err := sums.of(part.name)
		if err != nil {
			return err
		}
		if !listed && len(sums.digests) > 0 {
			o.warn(report.ConcernChecksums, "check that file against its origin by other means, or export the package again with checksums of all files",
				"the package has no checksum of %s", printable(part.name))
		}
		switch {
		case listed:
			pending = append(pending, comparison{part, want})
		case part.sum != nil && !o.request.IgnoreChecksums:
			pending = append(pending, comparison{part, *part.sum})
		}
	}
	if err := o.addParts(ctx, p, disk, parts); err != nil {
		// A wrong checksum says best why a disk cannot be understood.
		if wrong := compare(ctx, pending); wrong != nil {
			return wrong
		}
		return err
	}
	o.pending = append(o.pending, pending...)
	if image := o.source.Disks[len(o.source.Disks)-1]; image.VirtualSize > 0 && disk.capacity-image.VirtualSize >= max(cylinder, disk.unit) {
		o.warn(report.ConcernDiskEnd, "make sure that the file is the one that belongs to the package: an older one, or one of another disk, may have taken its place",
			"the package says that the disk in %s has %d bytes, and the image has %d", printable(disk.href), disk.capacity, image.VirtualSize)
	}
	return nil
}

// cylinder is the largest unit that programs round the sizes of disks to, in bytes, beside
// that in which they write them down.
const cylinder = 255 * 63 * sectorSize

// addParts opens the disk that files of a package make.
func (o *opening) addParts(ctx context.Context, p *ovfPackage, disk packagedDisk, parts []section) error {
	s, err := o.work.assemble(ctx, disk, parts, p.padded)
	if err != nil {
		return err
	}
	found, err := detect(s)
	if err != nil {
		return err
	}
	declared := found.sourceType
	switch found {
	case formatVMDK, formatVMDKText, formatQCOW2, formatVHD, formatVHDX:
	case formatRaw:
		if claims := strings.ToLower(disk.format); !strings.Contains(claims, "raw") && !slices.Contains([]string{".img", ".raw"}, strings.ToLower(path.Ext(disk.href))) {
			return refuse(fmt.Sprintf("%s in the package is no disk image of a known format", printable(disk.href)), "export the package again")
		}
	default:
		return refuse(fmt.Sprintf("%s in the package is %s, not a disk", printable(disk.href), found.name), "export the package again")
	}
	return o.addDisk(ctx, s, declared)
}

// parts finds the files of a disk, of which there are several where it is
// chunked.
func (d packagedDisk) parts(ctx context.Context, p *ovfPackage, directory string) ([]section, error) {
	if strings.Contains(d.href, "://") {
		return nil, refuse(fmt.Sprintf("the package takes a disk from %s, and nothing is fetched", printable(d.href)),
			"export the package together with its disks")
	}
	if d.chunk == 0 {
		s, err := findHref(ctx, p, directory, d.href)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, p.lacks(d.href, refuse(fmt.Sprintf("the disk %s of %s is missing", printable(d.href), p.name),
				"put the file beside the descriptor under that name, or copy or export the package again"))
		}
		return []section{s}, err
	}
	var parts []section
	length := int64(0)
	for n := range maxMembers {
		name := fmt.Sprintf("%s.%09d", d.href, n)
		s, err := findHref(ctx, p, directory, name)
		if errors.Is(err, fs.ErrNotExist) {
			if n > 0 && !d.goesOn(p, parts, length) {
				break
			}
			return nil, p.lacks(d.href, refuse(fmt.Sprintf("the part %s of a disk of %s is missing", printable(name), p.name),
				"put all parts beside the descriptor, or copy or export the package again"))
		}
		if err != nil {
			return nil, err
		}
		parts, length = append(parts, s), length+s.size
	}
	return parts, nil
}

// goesOn says that there has to be another part behind those that were found: the package
// says that they are longer and the last is whole, or one behind the next is there.
func (d packagedDisk) goesOn(p *ovfPackage, parts []section, length int64) bool {
	if length < d.size && parts[len(parts)-1].size >= d.chunk {
		return true
	}
	return slices.ContainsFunc(p.list(), func(name string) bool {
		digits, isPart := strings.CutPrefix(path.Base(name), path.Base(d.href)+".")
		number, err := strconv.Atoi(digits)
		return isPart && len(digits) == partDigits && err == nil && number > len(parts)
	})
}

// partDigits is how many digits there are behind the name of a chunked file.
const partDigits = 9

// findHref opens a file of a package by a reference of its descriptor, which
// counts from the descriptor and may be written as a URL.
func findHref(ctx context.Context, p *ovfPackage, directory, href string) (section, error) {
	unescaped, err := url.PathUnescape(href)
	if err != nil {
		unescaped = href
	}
	// Some programs for Windows write their own separators.
	slashes := strings.ReplaceAll(unescaped, `\`, "/")
	for _, name := range []string{href, unescaped, slashes} {
		if strings.Contains(name, `\`) {
			continue
		}
		inside, err := memberName(path.Join(directory, name))
		if err != nil || strings.HasPrefix(name, "/") {
			return section{}, refuse(fmt.Sprintf("%s refers to %q, which lies outside the package", p.name, printable(name)),
				"files outside the package are never opened; export it again")
		}
		s, err := p.open(ctx, inside)
		if !errors.Is(err, fs.ErrNotExist) {
			return s, err
		}
	}
	if inside, ok := p.alike(path.Join(directory, slashes)); ok {
		return p.open(ctx, inside)
	}
	return section{}, fs.ErrNotExist
}

// alike finds the only file whose name differs from another in capitals, or in
// how letters with accents are composed: Windows and macOS take both for one.
func (p *ovfPackage) alike(name string) (found string, only bool) {
	for _, other := range p.list() {
		if strings.EqualFold(norm.NFC.String(other), norm.NFC.String(name)) {
			if only {
				return "", false
			}
			found, only = other, true
		}
	}
	return found, only
}

// assemble makes one image of a disk's files. What is neither compressed nor
// chunked stays where it lies.
func (w *workDirectory) assemble(ctx context.Context, disk packagedDisk, parts []section, padded bool) (section, error) {
	found, err := detect(parts[0])
	if err != nil {
		return section{}, err
	}
	compressed := disk.gzip && found == formatGzip || found == formatGzip && strings.HasSuffix(strings.ToLower(disk.href), ".gz")
	if only := parts[0]; len(parts) == 1 && !compressed && (padded || only.whole || only.size%sectorSize == 0) {
		return only, nil
	}
	var readers []io.Reader
	var size int64
	for _, part := range parts {
		readers = append(readers, part.reader())
		size += part.size
	}
	content := io.MultiReader(readers...)
	if !compressed {
		return w.unpack(ctx, content, disk.href, size)
	}
	stream, err := decompress(content, found)
	if err != nil {
		return section{}, damaged(printable(disk.href), err.Error())
	}
	if disk.capacity > 0 {
		stream = &boundedReader{Reader: stream, left: disk.capacity + disk.capacity/16 + 64<<20, over: refuse(
			fmt.Sprintf("%s unpacks to far more than the %d bytes that the package says its disk has", printable(disk.href), disk.capacity),
			"correct the disk's capacity in the descriptor, or export the package again; if its content cannot be that large, it is forged")}
	}
	return w.unpack(ctx, stream, disk.href, unknownSize)
}

// boundedReader ends with an error where there is more than what is left: the capacity
// of a disk, and all that any format needs beside the data. To end the content there
// would cut the disk off.
type boundedReader struct {
	io.Reader

	left int64
	over error
}

func (r *boundedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.left -= int64(n); r.left < 0 {
		return 0, r.over
	}
	return n, err
}
