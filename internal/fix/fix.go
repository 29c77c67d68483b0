// Package fix prepares a Linux guest, offline, to boot on KVM: every device
// name that belongs to the old machine becomes one that holds on any machine,
// and what the new machine's devices need is put in place.
//
// Each fix is a step over one kind of file. The steps read and write the guest
// through guest.FS; what they do to a file's text is a pure function.
package fix

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// Target is the mounted guest that Run works on.
type Target struct {
	FS guest.FS
	// Runner runs the guest's own tools. It may be nil: fixes that need a tool
	// then warn instead.
	Runner  guest.Runner
	Devices guest.Devices
	// Mounts are the guest's mounted file systems; one of them is "/".
	Mounts []guest.Mount
	OS     guest.OS
	// Firmware is "bios" or "uefi".
	Firmware string
	// NICs are the old machine's network cards, where its description is known.
	NICs []NIC
	// Space, if not nil, tells the room in the file system of a guest path.
	Space func(path string) (guest.Space, error)
	// Scratch is a directory of the host for copies of the guest's files while
	// they are read; "" means the system's.
	Scratch string
	// Progress, if not nil, is told how far Run has come, from 0 to 100.
	Progress func(percent float64, message string)
}

// The firmware kinds of Target.
const (
	FirmwareBIOS = "bios"
	FirmwareUEFI = "uefi"
)

// The modes of Options.FstabMode.
const (
	FstabNoop         = "noop"          // fstab and crypttab are left alone
	FstabBypathOnly   = "bypath-only"   // only /dev/disk/by-path names and btrfsvol: specs become stable
	FstabStabilizeAll = "stabilize-all" // every name of the old machine becomes stable
)

// The modes of Options.Initramfs.
const (
	InitramfsAuto    = "auto"    // append what is missing, rebuild where that cannot serve; "" means the same
	InitramfsAppend  = "append"  // never run the guest's own tool: where appending cannot serve, Run fails
	InitramfsRebuild = "rebuild" // rebuild the image of every kernel: where that does not help, Run fails
)

// Options says which fixes run. The names are the manifest's.
type Options struct {
	Backup            bool
	PrintFstab        bool
	UpdateGrub        bool
	RegenInitramfs    bool
	Initramfs         string // how, with RegenInitramfs
	FstabMode         string
	RemoveVMwareTools bool
}

// The actions of a Change.
const (
	ActionModified = "modified"
	ActionCreated  = "created"
	ActionRemoved  = "removed"
	ActionCommand  = "command"
)

// Change is one thing that was done to the guest. Path is the guest path; for
// a command it is the program's. Diff is a unified diff of a text file, with
// secrets hidden, and empty where there is none to show.
type Change struct {
	Path        string `json:"path"`
	Action      string `json:"action"`
	Description string `json:"description"`
	Diff        string `json:"diff,omitempty"`
}

// Kernel is one kernel that the guest can boot, and what its initramfs holds.
type Kernel struct {
	Version string `json:"version"`
	Image   string `json:"image"` // guest path
	// Initramfs is the guest path, or "" when the kernel boots without one.
	Initramfs string `json:"initramfs,omitempty"`
	// Generator is the tool that made the initramfs: "initramfs-tools",
	// "dracut", "mkinitcpio" ... or "unknown".
	Generator string `json:"generator,omitempty"`
	Default   bool   `json:"default,omitempty"`
	// Virtio says for each virtio driver that booting needs where it is:
	// "built-in", "initramfs", "module" (installed, not in the image) or
	// "missing".
	Virtio map[string]string `json:"virtio,omitempty"`
	// BootsFrom is the virtio disk bus that the kernel finds its root file system
	// on with its initramfs as it is: "virtio-blk", "virtio-scsi", or "" for
	// neither and where no initramfs was read.
	BootsFrom string `json:"-"`
	// NICModel is the best network card of QEMU that the kernel has a driver for:
	// "virtio", "e1000e", "e1000" or "rtl8139".
	NICModel string `json:"-"`
	// Action is what was done: "kept", "extended", "rebuilt" or "none".
	Action string `json:"action,omitempty"`
	// Reason says why, for people.
	Reason string `json:"reason,omitempty"`
}

// Result is what Run did, as it goes into the report.
type Result struct {
	// Family is the distribution family whose rules were used.
	Family  Family   `json:"family"`
	Changes []Change `json:"changes"`
	Kernels []Kernel `json:"kernels,omitempty"`
	// DiskBus ("virtio", "scsi" for virtio-scsi, or "sata") and NICModel (as of a
	// Kernel) are what the default kernel boots from as it is now, and has a
	// driver for. They are empty where no initramfs was looked at.
	DiskBus  string `json:"disk_bus,omitempty"`
	NICModel string `json:"nic_model,omitempty"`
	// FstabBefore and FstabAfter are /etc/fstab with secrets hidden. They are
	// empty unless Options.PrintFstab.
	FstabBefore string `json:"fstab_before,omitempty"`
	FstabAfter  string `json:"fstab_after,omitempty"`
	// BackupDirectory is the guest directory that holds the originals of this
	// run's changes; empty if none were taken.
	BackupDirectory string `json:"backup_directory,omitempty"`
	// Unchanged is true when the guest needed nothing.
	Unchanged bool `json:"unchanged"`
}

// Warning is something that a person should know or do, while the run goes on.
type Warning struct {
	Message string
	Remedy  string
}

// step is one fix. Its name is shown as progress, weight is its share of the
// stage's time, and wanted, if not nil, tells whether the options ask for it.
type step struct {
	name   string
	weight float64
	wanted func(Options) bool
	do     func(context.Context, *run) error
}

// steps are the fixes in their order. Names come first. What an initramfs
// embeds (crypttab, resume, network links, modules of removed software) must
// be final before the initramfs is looked at. Labels are last: any other step
// may write files.
var steps = []step{
	{"check the guest", 1, nil, checkGuest},
	{"fstab", 1, nil, fixFstab},
	{"crypttab", 1, nil, fixCrypttab},
	{"boot loader configuration", 2, updateGrub, fixBoot},
	{"device map", 1, updateGrub, fixDeviceMap},
	{"early boot configuration", 1, nil, fixEarlyFiles},
	{"caches", 1, nil, fixCaches},
	{"UEFI fallback loader", 1, nil, fixFallbackLoader},
	{"boot loader configuration", 1, nil, rememberBoot},
	{"VMware tools", 10, func(o Options) bool { return o.RemoveVMwareTools }, removeVMwareTools},
	{"boot loader configuration", 2, updateGrub, regenerateGrub},
	{"network", 1, nil, fixNetwork},
	{"initramfs", 20, func(o Options) bool { return o.RegenInitramfs }, fixInitramfs},
	{"boot loader configuration", 1, nil, correctRegenerated},
	{"verify boot configuration", 1, nil, verifyBoot},
	{"SELinux labels", 1, nil, fixLabels},
}

func updateGrub(o Options) bool { return o.UpdateGrub }

// Run applies every fix that o asks for. On an error the guest is half done
// and must be thrown away. Run over its own output changes nothing and says so
// in Result.Unchanged, but for the images that InitramfsRebuild makes each time.
func Run(ctx context.Context, t Target, o Options) (Result, []Warning, error) {
	if t.FS == nil {
		return Result{}, nil, errors.New("no guest file system is mounted")
	}
	r := newRun(t, o)
	wanted := slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return s.wanted != nil && !s.wanted(o) })
	total, done := 0.0, 0.0
	for _, s := range wanted {
		total += s.weight
	}
	for _, s := range wanted {
		r.stepFrom, r.stepTo = 100*done/total, 100*(done+s.weight)/total
		r.progress(r.stepFrom, s.name)
		if err := ctx.Err(); err != nil {
			return r.finish(), r.warnings, err
		}
		if err := s.do(ctx, r); err != nil {
			return r.finish(), r.warnings, fmt.Errorf("%s: %w", s.name, err)
		}
		done += s.weight
	}
	r.progress(100, "done")
	return r.finish(), r.warnings, nil
}
