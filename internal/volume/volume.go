// Package volume finds what several block devices hold together: arrays of Linux
// md and volume groups of LVM2, and reads the arrays and volumes that lie on them
// as they are: mirrors and linear volumes. It writes nothing and activates
// nothing. What it reads may be made to harm.
package volume

import (
	"errors"
	"fmt"
	"io"
)

// ErrCorrupt says that the metadata contradict themselves. ErrUnsupported says
// that a volume or array is of a kind that is not read here.
var (
	ErrCorrupt     = errors.New("the metadata are damaged")
	ErrUnsupported = errors.New("not supported")
)

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// Device is a block device that may be part of an array or group.
type Device struct {
	Name string
	io.ReaderAt
	Size int64 // bytes
}

// read returns length bytes of the device.
func (d Device) read(offset, length int64) ([]byte, error) {
	if offset < 0 || length < 0 || offset > d.Size-length {
		return nil, corrupt("a pointer leads to byte %d of %s", offset, d.Name)
	}
	data := make([]byte, length)
	if n, err := d.ReadAt(data, offset); int64(n) < length {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return data, nil
}

// section is a part of a volume: length bytes at an offset of a device.
type section struct {
	device         Device
	offset, length int64
}

// sections are a volume.
type sections []section

// ReadAt implements io.ReaderAt.
func (s sections) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for _, part := range s {
		if off >= part.length {
			off -= part.length
			continue
		}
		if done == len(p) {
			break
		}
		wanted := p[done:]
		wanted = wanted[:min(int64(len(wanted)), part.length-off)]
		n, err := part.device.ReadAt(wanted, part.offset+off)
		done += n
		if n < len(wanted) {
			return done, err
		}
		off = 0
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}
