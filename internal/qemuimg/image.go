// Package qemuimg is a typed front to the qemu-img command. Formats are always
// passed explicitly, so that QEMU never guesses one from content that a guest
// may have written.
package qemuimg

import (
	"encoding/json"
	"fmt"
	"path/filepath"
)

// Image names a disk image and how QEMU must open it.
type Image struct {
	// Path is the file. Format is QEMU's name of the format: "raw", "qcow2",
	// "vmdk", "vpc", "vhdx", "vdi".
	Path, Format string
	// Offset and Size, in bytes, make the image a window of Path, as for a disk
	// inside an archive. Size 0 means the whole file.
	Offset, Size int64
	// Backing is the image below this one. Where it is set, QEMU opens it
	// instead of what the image itself names.
	Backing *Image
	// Standalone keeps QEMU from opening any backing file, whatever the image
	// names. It excludes Backing.
	Standalone bool
	// Misnamed says that QEMU would not come to Backing and DataFile by the names that
	// the image itself has for them, or would take them for something else.
	Misnamed bool
	// DataFile is the external data file of a qcow2 image.
	DataFile string
	// Options are further options of the format's driver.
	Options map[string]string
}

// Filename is the image as qemu-img and qcow2 headers take it: an absolute
// path, which QEMU never reads as a protocol, or a json: specification where a
// path does not say enough.
func (i Image) Filename() (string, error) {
	path, err := filepath.Abs(i.Path)
	if err != nil {
		return "", fmt.Errorf("finding the absolute path of %s: %w", i.Path, err)
	}
	if i.isPlain() {
		return path, nil
	}
	node, err := i.node()
	if err != nil {
		return "", err
	}
	spec, err := json.Marshal(node)
	if err != nil {
		return "", fmt.Errorf("describing %s to QEMU: %w", i.Path, err)
	}
	return "json:" + string(spec), nil
}

func (i Image) isPlain() bool {
	return i.Size == 0 && i.Offset == 0 && i.Backing == nil && !i.Standalone && i.DataFile == "" && len(i.Options) == 0
}

// node is the image as a block device tree of QEMU with every driver named.
func (i Image) node() (map[string]any, error) {
	file, err := fileNode(i.Path)
	if err != nil {
		return nil, err
	}
	if i.Size > 0 || i.Offset > 0 {
		file = map[string]any{"driver": "raw", "offset": i.Offset, "size": i.Size, "file": file}
	}
	if i.Format == "raw" {
		if i.Size > 0 || i.Offset > 0 {
			return file, nil
		}
		return map[string]any{"driver": "raw", "file": file}, nil
	}
	node := map[string]any{"driver": i.Format, "file": file}
	for name, value := range i.Options {
		node[name] = value
	}
	switch {
	case i.Backing != nil:
		if node["backing"], err = i.Backing.node(); err != nil {
			return nil, err
		}
	case i.Standalone && (i.Format == "vmdk" || i.Format == "qcow2"):
		node["backing"] = nil
	}
	if i.DataFile != "" {
		if node["data-file"], err = fileNode(i.DataFile); err != nil {
			return nil, err
		}
	}
	return node, nil
}

func fileNode(path string) (map[string]any, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("finding the absolute path of %s: %w", path, err)
	}
	return map[string]any{"driver": "file", "filename": path}, nil
}
