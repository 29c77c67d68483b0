package testguest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// builderVersion is part of every cache key: raise it when the same commands
// would come out differently, as after a change of the way they are run.
const builderVersion = 1

// RootPassword is root's password in every test guest.
const RootPassword = "testguest"

// Suite is a Debian release by its code name.
type Suite string

// The suites that guests are built from.
const (
	Bullseye Suite = "bullseye" // Debian 11
	Bookworm Suite = "bookworm" // Debian 12
	Trixie   Suite = "trixie"   // Debian 13
)

// Loader is a guest's boot loader.
type Loader string

// The boot loaders.
const (
	GRUB        Loader = "grub"         // GRUB 2, configured by grub-mkconfig
	SystemdBoot Loader = "systemd-boot" // entries of the Boot Loader Specification on the ESP
)

// Subformat is a VMDK subformat by qemu-img's name.
type Subformat string

// The VMDK subformats.
const (
	StreamOptimized Subformat = "streamOptimized"
	MonolithicFlat  Subformat = "monolithicFlat"
)

// Recipe describes a guest completely: two equal recipes give the same guest
// and share one cached image.
type Recipe struct {
	Name        string // file-name safe; how people ask for it
	Description string // what is special, and why it does not boot on virtio; not part of the cache key

	Bootstrap Bootstrap
	Firmware  Firmware
	Loader    Loader // GRUB where empty
	Layout    Layout
	Subformat Subformat // StreamOptimized where empty
	Hostname  string

	// Boots says how far the guest comes on virtio as it is, and Old which bus
	// it still boots on: its old machine's, or "" where QEMU has none.
	Boots State
	Old   Bus

	// KernelRoot is the text behind root= on the kernel command line, exact:
	// whatever grub-mkconfig found in the appliance is replaced by it. The
	// root file system's Source where empty.
	KernelRoot string
	// KernelOptions go on every kernel command line beside root= and the consoles.
	KernelOptions string
	// GRUBDefaults are further lines of /etc/default/grub.
	GRUBDefaults []string

	// Files are written before Commands run. Keys are absolute paths without
	// symbolic links in them (/usr/lib, never /lib).
	Files map[string]File
	// Commands are shell lines run in the guest, inside the appliance, after
	// the boot loader is in place: the last word on what the guest looks like.
	Commands []string
}

// Bootstrap is the part of a guest that needs no disk. Recipes with equal
// bootstraps share one cached tarball.
type Bootstrap struct {
	Suite    Suite
	Packages []string // beside those every guest has
	// Files are written before Commands run.
	Files map[string]File
	// Commands are shell lines run in the new root at full speed, outside the
	// appliance: the place for update-initramfs, where the appliance under
	// software emulation takes minutes.
	Commands []string
}

// File is a file to be written to a guest.
type File struct {
	Content string
	Mode    int64 // permission bits; 0644 where zero
}

// Key identifies the guest that the recipe makes. It is taken from what the
// builder is told to do, not from the recipe's fields, so a change in the
// builder makes new guests and a new field that few recipes use does not.
func (r Recipe) Key() string {
	sizes := make([]int64, len(r.Layout.Disks))
	for i, disk := range r.Layout.Disks {
		sizes[i] = disk.SizeMiB
	}
	return cacheKey("image", struct {
		Bootstrap string
		Sizes     []int64
		Script    string
		Files     map[string]File
		Subformat Subformat
	}{r.Bootstrap.Key(), sizes, diskScript(r, make([]string, len(r.Layout.Disks)), "bootstrap", "overlay"), overlayFiles(r), r.subformat()})
}

// Key identifies the tarball that the bootstrap makes.
func (b Bootstrap) Key() string {
	return cacheKey("bootstrap", struct {
		Arguments []string
		Files     map[string]File
		Commands  []string
	}{mmdebstrapArgs(b, "overlay", "target"), b.Files, b.Commands})
}

func cacheKey(kind string, value any) string {
	// Maps are encoded in key order and the types hold nothing that JSON
	// cannot carry, so the text is complete and stable.
	text, err := json.Marshal(value)
	if err != nil {
		text = fmt.Appendf(nil, "%#v", value)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s", kind, builderVersion, text))
	return hex.EncodeToString(sum[:8])
}

func (r Recipe) loader() Loader {
	if r.Loader == "" {
		return GRUB
	}
	return r.Loader
}

func (r Recipe) subformat() Subformat {
	if r.Subformat == "" {
		return StreamOptimized
	}
	return r.Subformat
}

func (r Recipe) kernelRoot() string {
	if r.KernelRoot != "" {
		return r.KernelRoot
	}
	if root, ok := r.Layout.rootFilesystem(); ok {
		return r.Layout.source(r.Name, root)
	}
	return ""
}
