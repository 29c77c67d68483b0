package source

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// qcow2Header is what matters of the header of a qcow2 image, as
// docs/interop/qcow2.txt of QEMU describes it.
type qcow2Header struct {
	backing       string
	backingFormat string
	dataFile      string
	// data is what tells how much of that has to be there.
	data qcow2Data
	// size is in bytes.
	size      int64
	encrypted bool
	corrupt   bool
	// dirty says that its counts of references may be behind.
	dirty     bool
	snapshots uint32
}

const (
	qcow2FeatureDirty    = 1 << 0
	qcow2FeatureCorrupt  = 1 << 1
	qcow2FeatureDataFile = 1 << 2
	qcow2FeatureExtended = 1 << 4
	qcow2AutoclearRaw    = 1 << 1

	qcow2ExtensionEnd           = 0
	qcow2ExtensionBackingFormat = 0xe2792aca
	qcow2ExtensionDataFile      = 0x44415441
)

// parseQCOW2Header reads the header from the image's first cluster.
func parseQCOW2Header(data []byte) (qcow2Header, error) {
	var h qcow2Header
	if len(data) < 72 || string(data[:4]) != "QFI\xfb" {
		return h, errors.New("it has no complete qcow2 header")
	}
	word := func(offset int) uint32 { return binary.BigEndian.Uint32(data[offset:]) }
	long := func(offset int) uint64 { return binary.BigEndian.Uint64(data[offset:]) }
	version, clusterBits := word(4), word(20)
	if version != 2 && version != 3 {
		return h, unknownVersionError(version)
	}
	if clusterBits < 9 || clusterBits > 21 {
		return h, fmt.Errorf("its header declares clusters of 2^%d bytes", clusterBits)
	}
	data = data[:min(len(data), 1<<clusterBits)]
	if long(24) > 1<<62 {
		return h, errors.New("its header declares an impossible size")
	}
	h.size, h.encrypted, h.snapshots = int64(long(24)), word(32) != 0, word(60)
	extensions, usesDataFile := uint64(72), false
	if version == 3 {
		if len(data) < 104 {
			return h, errors.New("it has no complete qcow2 header")
		}
		features := long(72)
		h.dirty = features&qcow2FeatureDirty != 0
		h.corrupt, usesDataFile = features&qcow2FeatureCorrupt != 0, features&qcow2FeatureDataFile != 0
		h.data = qcow2Data{
			cluster: 1 << clusterBits, table: long(40), tables: uint64(word(36)),
			extended: features&qcow2FeatureExtended != 0, raw: long(88)&qcow2AutoclearRaw != 0,
		}
		extensions = uint64(word(100))
	}
	end := uint64(len(data)) // of the extensions
	if offset, length := long(8), uint64(word(16)); offset != 0 {
		if length == 0 || length > 1023 || offset > end || offset+length > end {
			return h, errors.New("its header puts the backing file's name where none can be")
		}
		h.backing, end = string(data[offset:offset+length]), offset
	}
	if err := h.readExtensions(data, extensions, end); err != nil {
		return h, err
	}
	switch {
	case usesDataFile && h.dataFile == "":
		return h, errors.New("it keeps its data in another file and does not name it")
	case !usesDataFile:
		h.dataFile = ""
	}
	return h, nil
}

// readExtensions reads the header extensions, which begin in [at, end) of the header.
func (h *qcow2Header) readExtensions(data []byte, at, end uint64) error {
	seen := map[uint32]bool{}
	for at < end && at+8 <= uint64(len(data)) {
		kind, size := binary.BigEndian.Uint32(data[at:]), uint64(binary.BigEndian.Uint32(data[at+4:]))
		at += 8
		if kind == qcow2ExtensionEnd {
			return nil
		}
		if size > uint64(len(data))-at {
			return errors.New("its header extensions are longer than its header")
		}
		if seen[kind] {
			return fmt.Errorf("its header extension %#x occurs twice", kind)
		}
		seen[kind] = true
		switch kind {
		case qcow2ExtensionBackingFormat:
			h.backingFormat = string(data[at : at+size])
		case qcow2ExtensionDataFile:
			h.dataFile = string(data[at : at+size])
		}
		at += (size + 7) &^ 7
	}
	return nil
}

// unknownVersionError is the number of a version of the format that is not read.
type unknownVersionError uint32

func (v unknownVersionError) Error() string {
	return fmt.Sprintf("it has version %d of the qcow2 format", uint32(v))
}

// remedy says how to make the image readable.
func (v unknownVersionError) remedy() string {
	if v == 1 {
		return "convert it first: qemu-img convert -f qcow -O qcow2"
	}
	return "convert it to version 3 with the program that made it; if that program wrote no such version, the file is damaged"
}

// openQCOW2 examines a qcow2 image, its data file and the images below it.
func (r *imageReader) openQCOW2(ctx context.Context, s section, above backingChain) (layer, error) {
	chain, err := above.extend(s)
	if err != nil {
		return layer{}, err
	}
	found, err := detect(s)
	if err != nil {
		return layer{}, err
	}
	if found != formatQCOW2 {
		return layer{}, expect(s, TypeQCOW2, found)
	}
	data, err := s.read(0, 2<<20)
	if err != nil {
		return layer{}, err
	}
	header, err := parseQCOW2Header(data)
	var version unknownVersionError
	if errors.As(err, &version) {
		return layer{}, refuse(s.name+" cannot be read: "+version.Error(), version.remedy())
	}
	if err != nil {
		return layer{}, damaged(s.name, err.Error())
	}
	if header.encrypted {
		return layer{}, refuse(s.name+" is encrypted", "decrypt it first: qemu-img convert --image-opts with its secret")
	}
	if header.corrupt {
		return layer{}, refuse(s.name+" is damaged: QEMU has marked it as corrupt, and a copy of it is as well",
			"repair a copy with qemu-img check -r all COPY and look at what the guest lost, or go back to a backup")
	}
	if err := r.checkSize(s.name, header.size); err != nil {
		return layer{}, err
	}
	if header.snapshots > 0 {
		r.warn(report.ConcernDiskSnapshot, "to migrate a snapshot instead, make a copy of it first: qemu-img convert -l snapshot.name=NAME",
			"%s holds %d internal snapshots; its current state is migrated, they are not", s.name, header.snapshots)
	}
	opened := layer{image: s.image("qcow2"), name: s.name, temporary: s.temporary, size: header.size}
	if header.dataFile != "" {
		data, err := r.files.neighbour(s, header.dataFile)
		if err != nil {
			return layer{}, err
		}
		opened.image.DataFile, opened.image.Misnamed = data.path, !s.leadsTo(header.dataFile, data)
		if err := header.checkData(s, data); err != nil {
			return layer{}, err
		}
	}
	if err := r.checkLayer(ctx, s, opened.image); err != nil {
		if header.dirty && errors.Is(err, qemuimg.ErrCorrupt) {
			return layer{}, unreplayed(s, "its counts of references are behind")
		}
		return layer{}, err
	}
	if header.backing == "" {
		return opened, nil
	}
	return r.withBacking(ctx, opened, s, header, chain)
}

// withBacking puts the image that a qcow2 image names below it.
func (r *imageReader) withBacking(ctx context.Context, opened layer, s section, header qcow2Header, chain backingChain) (layer, error) {
	base, err := r.files.neighbour(s, header.backing)
	if err != nil {
		return layer{}, err
	}
	found, err := detect(base)
	if err != nil {
		return layer{}, err
	}
	var below layer
	switch {
	case header.backingFormat == "raw":
		below, err = r.openRaw(base)
		if err == nil {
			_, err = chain.extend(base)
		}
	case (header.backingFormat == "qcow2" || header.backingFormat == "") && found == formatQCOW2:
		below, err = r.openQCOW2(ctx, base, chain)
	case header.backingFormat == "":
		return layer{}, refuse(
			fmt.Sprintf("%s does not say which format its backing file %s has", s.name, base.name),
			fmt.Sprintf("write it into the image: qemu-img rebase -u -F FORMAT -b %s %s", filepath.Base(base.path), filepath.Base(s.path)))
	default:
		return layer{}, refuse(
			fmt.Sprintf("the backing file %s of %s is %s, declared as %s", base.name, s.name, found.name, printable(header.backingFormat)),
			"flatten the image with qemu-img convert first")
	}
	if err != nil {
		return layer{}, err
	}
	opened.image.Backing = &below.image
	opened.image.Misnamed = opened.image.Misnamed || !s.leadsTo(header.backing, base)
	return opened, nil
}
