package drivers

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"

	"github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem/iso9660"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// Tree is what virtio-win has.
type Tree struct {
	// Path is what the host calls it: an ISO image, or a directory.
	Path  string
	files fs.FS
	close func() error
}

// Close lets go of the image.
func (t *Tree) Close() error { return t.close() }

// New is what is known to have virtio-win's files.
func New(path string, files fs.FS) *Tree {
	return &Tree{Path: path, files: files, close: func() error { return nil }}
}

// The primary volume descriptor of ISO 9660, in bytes: where it lies, and the
// number of blocks that the image has.
const (
	isoBlock      = 2048
	isoDescriptor = 16 * isoBlock
	isoBlocks     = 80
)

// Open opens an ISO image of virtio-win, or a directory with what such an image or
// the package virtio-win has.
func Open(path string) (*Tree, error) {
	opened, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("virtio_win cannot be opened: %w", err)
	}
	info, err := opened.Stat()
	if err == nil && info.IsDir() {
		return New(path, os.DirFS(path)), opened.Close()
	}
	var image fs.FS
	if err == nil {
		image, err = openISO(opened, info.Size())
	}
	if err != nil {
		_ = opened.Close()
		return nil, remedy.With(fmt.Errorf("virtio_win: %s cannot be read as an ISO 9660 image: %w", path, err),
			"download virtio-win.iso once more, or name a directory with its content")
	}
	return &Tree{Path: path, files: image, close: opened.Close}, nil
}

// openISO reads names as Rock Ridge has them, which virtio-win's images have, or
// else in plain ISO 9660. Images with UDF beside it are read by the latter.
func openISO(opened *os.File, size int64) (fs.FS, error) {
	var descriptor [isoBlock]byte
	if _, err := opened.ReadAt(descriptor[:], isoDescriptor); err != nil {
		return nil, fmt.Errorf("it has %d bytes: %w", size, err)
	}
	if string(descriptor[1:6]) != "CD001" {
		return nil, fmt.Errorf("it has no volume descriptor")
	}
	if want := int64(binary.LittleEndian.Uint32(descriptor[isoBlocks:])) * isoBlock; want > size {
		return nil, fmt.Errorf("it is cut short: it has %d bytes, and should have %d", size, want)
	}
	return iso9660.Read(file.New(opened, true), size, 0, isoBlock)
}
