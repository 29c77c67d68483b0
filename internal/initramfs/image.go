// Package initramfs reads Linux initramfs images, tells which kernel modules
// and which device names are in them, and extends them with an archive of
// further modules.
//
// An image is what the kernel's Documentation/driver-api/early-userspace/
// buffer-format.rst describes: cpio archives one after the other, each plain
// or compressed, with any number of zero bytes between.
package initramfs

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// Generator is the program that made an image.
type Generator string

// The generators that leave recognisable marks in their images.
const (
	GeneratorInitramfsTools Generator = "initramfs-tools"
	GeneratorDracut         Generator = "dracut"
	GeneratorMkinitcpio     Generator = "mkinitcpio"
	GeneratorBooster        Generator = "booster"
	GeneratorSUSE           Generator = "suse" // mkinitrd of SUSE before version 12
	GeneratorNash           Generator = "nash" // mkinitrd of Red Hat before version 6
	GeneratorUnknown        Generator = "unknown"
)

// Segment is one run of an image: a plain archive, or a compressed stream that
// may hold several archives.
type Segment struct {
	Offset       int64 // bytes from the start of the image
	Size         int64 // bytes in the image, without the zero bytes that follow
	Uncompressed int64 // bytes after decompression
	Compression  Compression
}

// Image is what was learnt from one pass over an initramfs. It keeps module
// names, module indexes and small configuration files, and no other content.
type Image struct {
	Segments  []Segment
	Generator Generator
	// HostOnly is true where the generator says that the image was made for
	// the one machine it was made on.
	HostOnly bool
	Size     int64 // bytes of the whole image, trailing zero bytes included

	modules map[string]map[string]string // kernel version, module name: path in the image
	roots   map[string]string            // kernel version: "usr/lib/modules/6.1.0"
	texts   map[string][]byte
	indexes map[string][]byte // modules.* by path
	dirs    map[string]bool
	links   map[string]string // top-level symbolic links
	waits   []Reference       // devices that the image waits for, told by file names
	listed  map[string]bool   // modules that the script /init loads by name
	hotplug bool              // udev or mdev is in it
	tools   map[string]bool   // programs that open what a root file system may lie on
}

// HasModule says whether the image holds a module for that kernel. The name
// may be written with - or _.
func (i *Image) HasModule(version, name string) bool {
	_, ok := i.modules[version][ModuleName(name)]
	return ok
}

// Loads says whether the image has a module for that kernel and something in it
// that loads it. A script of nash, or of a maker that is not known, loads the
// modules that it lists and no others.
func (i *Image) Loads(version, name string) bool {
	if i.LoadsByDevice() {
		return i.HasModule(version, name)
	}
	return i.listed[ModuleName(name)]
}

// LoadsByDevice says whether modules are loaded for the devices that are found. A
// module that is added to another image is never loaded.
func (i *Image) LoadsByDevice() bool {
	switch i.Generator {
	case GeneratorNash:
		return false
	case GeneratorUnknown, GeneratorMkinitcpio, GeneratorSUSE:
		// mkinitcpio's hook udev can be left out, and then lists are all there is.
		return i.hotplug
	}
	return true
}

// Tools lists the programs in the image that a root file system may need to be
// found: "cryptsetup", "lvm", "mdadm". Sorted.
func (i *Image) Tools() []string {
	return slices.Sorted(maps.Keys(i.tools))
}

// Text returns a configuration file of the image ("conf/param.conf"), and
// false when it is not there or is not one that is kept.
func (i *Image) Text(name string) (string, bool) {
	b, ok := i.texts[name]
	return string(b), ok
}

// Texts lists the configuration files that were kept, sorted.
func (i *Image) Texts() []string {
	return slices.Sorted(maps.Keys(i.texts))
}

// moduleRoot is the directory for a kernel's modules in this image. It is a
// path with no symbolic link in it: unpacking a directory entry over a link
// would replace the link, and with it everything behind it.
func (i *Image) moduleRoot(version string) string {
	if root, ok := i.roots[version]; ok {
		return root
	}
	for _, root := range i.roots {
		return path.Join(path.Dir(root), version)
	}
	if target, ok := i.links["lib"]; ok {
		return path.Join(strings.TrimPrefix(target, "/"), "modules", version)
	}
	return path.Join("lib/modules", version)
}
