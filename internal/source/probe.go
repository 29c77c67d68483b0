package source

import (
	"context"
	"errors"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Probed is what the headers of a source tell.
type Probed struct {
	// Disks are in the order of the source. Their virtual sizes are those that
	// the headers declare, or 0 where only QEMU can tell. It is empty where the
	// disks have to be unpacked first.
	Disks []Disk
	// Unpacked is how many bytes unpacking takes at least.
	Unpacked int64
	// Machine and Warnings are those of Source, as far as headers tell them.
	Machine  *report.Machine
	Warnings []report.Warning
}

// Probe examines headers, names and, as far as ctx allows, tables as Open does,
// and refuses what it refuses for their sake. It reads no data and writes
// nothing, so that it takes milliseconds for most sources. Where time runs out
// or qemu-img is missing, tables are left to Open.
func Probe(ctx context.Context, request Request) (*Probed, error) {
	request.Checksum, request.IgnoreChecksums = "", true
	if request.MaxVirtualSize == 0 {
		request.MaxVirtualSize = DefaultMaxVirtualSize
	}
	path, err := resolve(request.Path)
	if err != nil {
		return nil, err
	}
	o, err := newOpening(request, path, true)
	if err != nil {
		return nil, err
	}
	defer o.files.close()
	err = o.open(ctx, path)
	var packed *packedError
	switch {
	case errors.As(err, &packed):
		return &Probed{Unpacked: packed.size, Machine: o.source.Machine, Warnings: o.source.Warnings}, nil
	case err != nil:
		return nil, err
	}
	return &Probed{Disks: o.source.Disks, Machine: o.source.Machine, Warnings: o.source.Warnings}, nil
}

// packedError ends a probe at what would have to be unpacked.
type packedError struct{ size int64 }

func (*packedError) Error() string { return "the disks have to be unpacked first" }
