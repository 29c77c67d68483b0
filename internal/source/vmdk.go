package source

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// openVMDK examines a VMDK image, its extents and its parents.
func (r *imageReader) openVMDK(ctx context.Context, s section, above backingChain) (layer, error) {
	chain, err := above.extend(s)
	if err != nil {
		return layer{}, err
	}
	found, err := detect(s)
	if err != nil {
		return layer{}, err
	}
	switch found {
	case formatVMDK:
		return r.openSparseVMDK(ctx, s, chain)
	case formatVMDKText:
		return r.openDescriptor(ctx, s, chain)
	case formatVMFSSparse, formatSESparse:
		return r.openStrayExtent(ctx, s, chain, found)
	case formatRaw, formatVHD:
		if strayExtent.MatchString(s.name) {
			return r.openStrayExtent(ctx, s, chain, found)
		}
	}
	return layer{}, expect(s, TypeVMDK, found)
}

// openSparseVMDK examines an image in one file.
func (r *imageReader) openSparseVMDK(ctx context.Context, s section, chain backingChain) (layer, error) {
	header, err := readSparseHeader(s)
	if err != nil {
		return layer{}, err
	}
	r.warnOpen(s, header)
	descriptor, found, err := header.descriptor(s)
	if err != nil {
		return layer{}, err
	}
	if !found {
		return r.openStrayExtent(ctx, s, chain, formatVMDK)
	}
	if descriptor.encrypted {
		return layer{}, encryptedVMDK(s.name)
	}
	size := int64(header.Capacity) * sectorSize
	if err := r.checkSize(s.name, size); err != nil {
		return layer{}, err
	}
	if err := r.checkGrains(ctx, header.grains(), s); err != nil {
		return layer{}, err
	}
	return r.withParent(ctx, layer{image: s.image("vmdk"), name: s.name, temporary: s.temporary, size: size, serial: descriptor.serial}, s, descriptor, chain)
}

// openDescriptor examines an image whose data lie in other files.
func (r *imageReader) openDescriptor(ctx context.Context, s section, chain backingChain) (layer, error) {
	if s.size > maxDescriptor {
		return layer{}, damaged(s.name, fmt.Sprintf("a descriptor of %d bytes", s.size))
	}
	text, err := s.read(0, s.size)
	if err != nil {
		return layer{}, err
	}
	descriptor, err := parseDescriptor(text)
	if err != nil {
		return layer{}, ambiguous(s.name, err)
	}
	if descriptor.object != "" {
		return layer{}, storedAsObject(s.name, descriptor.object)
	}
	switch descriptor.createType {
	case "monolithicFlat", "vmfs", "vmfsSparse", "seSparse", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat":
	default:
		return layer{}, unreadableType(s.name, descriptor.createType)
	}
	if descriptor.encrypted {
		return layer{}, encryptedVMDK(s.name)
	}
	if descriptor.extentFailure != nil {
		return layer{}, ambiguous(s.name, descriptor.extentFailure)
	}
	if len(descriptor.extents) == 0 {
		return layer{}, damaged(s.name, "it names no extent")
	}
	var sectors int64
	for _, extent := range descriptor.extents {
		sectors += extent.sectors
		if err := r.checkSize(s.name, sectors*sectorSize); err != nil {
			return layer{}, err
		}
	}
	image, tables := s.image("vmdk"), false
	var absent []string
	for _, extent := range descriptor.extents {
		further := slices.ContainsFunc(descriptor.extents, func(o vmdkExtent) bool { return o.name == extent.name && o.offset > extent.offset })
		switch err := r.checkExtent(ctx, s, extent, further); {
		case errors.Is(err, fs.ErrNotExist):
			absent = append(absent, printable(extent.name))
		case err != nil:
			return layer{}, err
		}
		tables = tables || extent.kind == "SESPARSE"
	}
	if len(absent) > 0 {
		return layer{}, missing(s.name, filepath.Dir(s.path), absent...)
	}
	if tables {
		if err := r.checkLayer(ctx, s, image); err != nil {
			return layer{}, err
		}
	}
	return r.withParent(ctx, layer{image: image, name: s.name, size: sectors * sectorSize, serial: descriptor.serial}, s, descriptor, chain)
}

// ambiguous is the error of a descriptor that QEMU may read otherwise than
// people do, or not at all.
func ambiguous(name string, err error) error {
	return refuse(fmt.Sprintf("the descriptor of %s cannot be relied on: %v", name, err),
		"correct that line, if it is a text file of its own; otherwise clone the disk with VMware's tools, or export the virtual machine as OVA")
}

func encryptedVMDK(name string) error {
	return refuse(name+" is encrypted by VMware", "remove the encryption from the virtual machine there, and copy or export its disk again")
}

// unreadableType is the error of a kind of VMDK.
func unreadableType(name, createType string) error {
	if createType == "" {
		return damaged(name, "its descriptor has no createType")
	}
	unread := func(remedy string) error {
		return refuse(fmt.Sprintf("%s is a VMDK of type %q, which QEMU cannot read", name, printable(createType)), remedy)
	}
	switch createType {
	case "fullDevice", "partitionedDevice", "vmfsRaw", "vmfsRawDeviceMap", "vmfsPassthroughRawDeviceMap":
		return report.Concerning(report.ConcernRDM, unread("its data are on a device of the old host: clone it there with vmkfstools -i, "+
			"export the virtual machine as OVA, or copy the device itself and give that as source.type raw"))
	}
	return unread("clone it with vmkfstools -i (ESXi) or vmware-vdiskmanager -r, or export the virtual machine as OVA")
}

// storedAsObject is the error of a descriptor that was copied off storage
// where disks are no files.
func storedAsObject(name, object string) error {
	storage := "vSAN"
	if objectName.FindStringSubmatch(object)[1] == "vvol" {
		storage = "a vVol datastore"
	}
	return refuse(fmt.Sprintf("%s only describes a disk that is an object on %s (%s): no file beside it holds the data", name, storage, printable(object)),
		"export the virtual machine as OVA, or clone the disk to a VMFS or NFS datastore (vmkfstools -i) and copy it from there")
}

// checkExtent opens the file of an extent and looks whether it can hold it; further is
// whether another extent lies behind it in the same file.
func (r *imageReader) checkExtent(ctx context.Context, of section, extent vmdkExtent, further bool) error {
	if filepath.IsAbs(extent.name) || !filepath.IsLocal(extent.name) {
		return refuse(fmt.Sprintf("%s takes its data from %q, outside its own directory", of.name, printable(extent.name)),
			"put all files of the disk into one directory and let the descriptor name them without a path; "+
				"no file outside of the source's directory and source.directories is opened")
	}
	s, err := r.files.neighbour(of, extent.name)
	if err != nil {
		return err
	}
	if extent.kind == "FLAT" || extent.kind == "VMFS" {
		need := (extent.offset + extent.sectors) * sectorSize
		switch {
		case s.size < need:
			return damaged(s.name, fmt.Sprintf("%s needs %d bytes of it, and it has %d", of.name, need, s.size))
		case s.size > need && !further:
			r.warn(report.ConcernDiskEnd, "where the disk was made larger, copy its descriptor again: it is older than the data",
				"%s describes the first %d bytes of %s, which has %d; the rest is left out", of.name, need, s.name, s.size)
		}
		return nil
	}
	found, err := detect(s)
	if err != nil {
		return err
	}
	switch {
	case extent.kind == "SPARSE" && found == formatVMDK:
		header, err := readSparseHeader(s)
		if err != nil {
			return err
		}
		r.warnOpen(s, header)
		if int64(header.Capacity) < extent.sectors {
			return damaged(s.name, fmt.Sprintf("it holds %d sectors, and %s needs %d", header.Capacity, of.name, extent.sectors))
		}
		return r.checkGrains(ctx, header.grains(), s)
	case extent.kind == "VMFSSPARSE" && found == formatVMFSSparse:
		g, err := vmfsSparseGrains(s)
		if err != nil {
			return err
		}
		return r.checkGrains(ctx, g, s)
	case extent.kind == "SESPARSE" && found == formatSESparse:
		return nil
	}
	return damaged(s.name, fmt.Sprintf("it is %s, and %s says that it is an extent of type %s", found.name, of.name, extent.kind))
}

// checkGrains is check, which a probe leaves to Open where time runs out.
func (r *imageReader) checkGrains(ctx context.Context, g grains, s section) error {
	err := g.check(ctx, s)
	if r.probing && err != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// vmfsSparseGrains reads the header of an extent of a snapshot on VMFS.
func vmfsSparseGrains(s section) (grains, error) {
	header, err := s.read(0, sectorSize)
	if err != nil {
		return grains{}, err
	}
	if len(header) < sectorSize {
		return grains{}, damaged(s.name, "it has no complete header")
	}
	word := func(offset int) uint64 { return uint64(binary.LittleEndian.Uint32(header[offset:])) }
	g := grains{grain: word(16), directory: word(20), entries: word(24), perTable: 4096}
	if g.grain == 0 || g.grain > 1<<14 {
		return grains{}, damaged(s.name, fmt.Sprintf("its header declares grains of %d sectors", g.grain))
	}
	return g, nil
}

// withParent puts the image that a snapshot counts from below it.
func (r *imageReader) withParent(ctx context.Context, opened layer, s section, d vmdkDescriptor, chain backingChain) (layer, error) {
	if !d.hasParent() {
		// QEMU follows the name even where VMware does not.
		opened.image.Standalone = d.parentHint != ""
		return opened, nil
	}
	if d.parentHint == "" {
		return layer{}, refuse(s.name+" is a snapshot and does not name its parent",
			"write the parent's file name into its descriptor as parentFileNameHint, or consolidate the snapshots where the virtual machine ran")
	}
	if d.object != "" {
		return layer{}, storedAsObject(s.name, d.object)
	}
	parent, err := r.files.neighbour(s, d.parentHint)
	if err != nil {
		return layer{}, err
	}
	below, err := r.openVMDK(ctx, parent, chain)
	if err != nil {
		return layer{}, err
	}
	cid, err := contentIDOf(parent)
	if err != nil {
		return layer{}, err
	}
	if cid != d.parentCID {
		return layer{}, refuse(
			fmt.Sprintf("%s is a snapshot of %s as it was with content id %08x, and that has %08x now: it was changed since", s.name, parent.name, d.parentCID, cid),
			"restore the parent, or consolidate the snapshots where the virtual machine ran")
	}
	opened.image.Backing = &below.image
	known, err := knownToQEMU(parent)
	if err != nil {
		return layer{}, err
	}
	opened.image.Misnamed = !known || !s.leadsTo(d.parentHint, parent)
	if opened.serial == "" {
		opened.serial = below.serial
	}
	return opened, nil
}

// versionLine is what QEMU knows a descriptor by that is a file of its own: a version,
// before which there are comments and blanks alone.
var versionLine = regexp.MustCompile(`^(?:#[^\n]*\n| +\r?\n)*version=[123]\r?\n`)

// knownToQEMU says that QEMU sees by itself that a file is a VMDK image. What it does not
// know, it takes for a raw disk.
func knownToQEMU(s section) (bool, error) {
	head, err := s.read(0, 2048) // what QEMU looks at
	if err != nil {
		return false, err
	}
	found := detectIn(head, nil)
	return found == formatVMDK || found == formatVMFSSparse || versionLine.Match(head), nil
}

// contentIDOf reads the content id of an image that has been examined.
func contentIDOf(s section) (uint32, error) {
	found, err := detect(s)
	if err != nil {
		return 0, err
	}
	if found == formatVMDK {
		header, err := readSparseHeader(s)
		if err != nil {
			return 0, err
		}
		descriptor, _, err := header.descriptor(s)
		return descriptor.cid, err
	}
	text, err := s.read(0, s.size)
	if err != nil {
		return 0, err
	}
	descriptor, err := parseDescriptor(text)
	return descriptor.cid, err
}

// strayExtent is how VMware names the files that hold the data of a disk.
var strayExtent = regexp.MustCompile(`^(.+)-(flat|delta|sesparse|s[0-9]{3}|f[0-9]{3})\.vmdk$`)

// openStrayExtent serves users who name the file with the data instead of the
// descriptor beside it.
func (r *imageReader) openStrayExtent(ctx context.Context, s section, chain backingChain, found format) (layer, error) {
	base := filepath.Base(s.path)
	match := strayExtent.FindStringSubmatch(base)
	remedy := "set source.path to the descriptor, the small .vmdk file that lies beside it"
	if match == nil || len(chain) > 1 || !s.neighbours {
		return layer{}, refuse(fmt.Sprintf("%s is only a part of a VMDK image: it has no descriptor", s.name), remedy)
	}
	name := match[1] + ".vmdk"
	descriptor, err := r.files.neighbour(s, name)
	if errors.Is(err, fs.ErrNotExist) {
		if match[2] != "flat" || found != formatRaw {
			return layer{}, refuse(fmt.Sprintf("%s is only a part of a VMDK image, and its descriptor %s is missing", s.name, name), remedy)
		}
		r.warn(report.ConcernDiskFormat, "copy the descriptor beside it where it exists; otherwise check that the disk has all its data", "%s has no descriptor %s beside it; it is read as a plain disk", s.name, name)
		return r.openRaw(s)
	}
	if err != nil {
		return layer{}, err
	}
	text, err := descriptor.read(0, min(descriptor.size, maxDescriptor))
	if err != nil {
		return layer{}, err
	}
	parsed, err := parseDescriptor(text)
	if err != nil || !strings.HasPrefix(strings.ToLower(string(text)), descriptorMark) || !parsed.names(base) {
		return layer{}, refuse(fmt.Sprintf("%s is only a part of a VMDK image, and %s is not its descriptor", s.name, name), remedy)
	}
	return r.openVMDK(ctx, descriptor, chain)
}

func (d vmdkDescriptor) names(file string) bool {
	for _, extent := range d.extents {
		if extent.name == file {
			return true
		}
	}
	return false
}
