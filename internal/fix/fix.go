// Package fix prepares a guest, offline, to boot on KVM: every device name that
// belongs to the old machine becomes one that holds on any machine, and what the
// new machine's devices need is put in place.
//
// It chooses the wing for the kind of guest, and the order of the steps; each
// room of a wing repairs one thing.
package fix

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/distro"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/bootable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Target is the mounted guest that Run works on.
type Target struct {
	Editor  *edit.Editor
	Devices guest.Devices
	OS      guest.OS
	// Firmware is "bios" or "uefi".
	Firmware string
	// BootLoader is what a BIOS comes to on the boot disk, as in bootable.Start.
	BootLoader string
	// BootDisk is the index of the disk that the new machine has first.
	BootDisk int
	// Disks are the disks of Devices, by their numbers, and Unclean the names of those
	// devices whose file systems were not unmounted, as far as anybody has looked.
	Disks   []parttable.Disk
	Unclean []string
	// Core is what that of GRUB has built in, where it is the boot loader.
	Core bootable.Core
	// AsItIs says what a Linux guest is to be given where its initramfs images stay as they
	// are. It may be nil.
	AsItIs func(context.Context) (Hardware, error)
	// NICs are the old machine's network cards, where its description is known.
	NICs []report.NIC
	// FirstBoot has the program that runs the scripts of a Windows guest's first boot, by
	// the guest's architecture.
	FirstBoot func(arch string) ([]byte, error)
	// Progress, if not nil, is told how far Run has come, from 0 to 100.
	Progress func(percent float64, message string)
}

// Hardware is what a guest is to be given by what its kernels start from: the disk bus and
// the network card as in report.FixResult.
type Hardware struct {
	DiskBus, NICModel string
	Kernels           []report.Kernel // with their initramfs images read
}

// Options says which fixes run. The names are the manifest's.
type Options struct {
	PrintFstab        bool
	UpdateGrub        bool
	RegenInitramfs    bool
	Initramfs         string // how, with RegenInitramfs
	FstabMode         string
	RemoveVMwareTools bool
	// VirtioWin is an ISO image or a directory with drivers for a Windows guest, ""
	// for none, and BlockDriver which of them is for its disks.
	VirtioWin, BlockDriver string
	// Hostname is the name for a Windows guest, "" for the one that it has, and FirstBoot
	// are scripts that it runs once, in this order. Linux guests have package inject for both.
	Hostname  string
	FirstBoot []Script
}

// Script is a script of the user's. Its content is shown nowhere.
type Script struct{ Name, Content string }

// step is one fix. Its name is shown as progress, weight is its share of the
// stage's time, and wanted, if not nil, tells whether the options ask for it.
type step struct {
	name   string
	weight float64
	wanted func(Options) bool
	do     func(context.Context) error
}

// run is what the steps share: the guest, and what comes out.
type run struct {
	Target
	options Options
	names   devname.Names
	result  report.FixResult
	// kernels are the guest's, where they were looked at.
	kernels []report.Kernel
	// untouched says that no fix runs.
	untouched bool
	// from and to are the part of the whole that the running step takes, in
	// percent.
	from, to float64
}

// Run applies every fix that o asks for. On an error the guest is half done
// and must be thrown away. Run over its own output changes nothing and says so
// in FixResult.Unchanged, but for the initramfs images that are rebuilt each time
// where that is asked for.
func Run(ctx context.Context, t Target, o Options) (report.FixResult, []report.Warning, error) {
	if t.Editor == nil {
		return report.FixResult{}, nil, errors.New("no guest file system is mounted")
	}
	r := &run{Target: t, options: o, names: devname.New(t.Devices, t.Editor.Mounts())}
	r.names.First = t.BootDisk
	r.result.Family = string(distro.Detect(t.OS.Distro, t.Editor))
	var err error
	if t.OS.Type == kindWindows {
		r.result.Family = kindWindows
		steps, end := r.windows()
		err = errors.Join(r.all(ctx, steps), end())
	} else {
		err = r.all(ctx, r.linux())
	}
	changes, warnings := t.Editor.Take()
	r.result.Changes = changes
	r.result.Unchanged = len(changes) == 0
	r.result.BackupDirectory = t.Editor.BackupDirectory()
	return r.result, warnings, err
}

// all takes the steps that are wanted, in their order.
func (r *run) all(ctx context.Context, steps []step) error {
	wanted := slices.DeleteFunc(steps, func(s step) bool { return s.wanted != nil && !s.wanted(r.options) })
	total, done := 0.0, 0.0
	for _, s := range wanted {
		total += s.weight
	}
	for _, s := range wanted {
		r.from, r.to = 100*done/total, 100*(done+s.weight)/total
		r.progress(r.from, s.name)
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		done += s.weight
	}
	r.progress(100, "done")
	return nil
}

func (r *run) progress(percent float64, message string) {
	if r.Progress != nil {
		r.Progress(percent, message)
	}
}

// progressInStep tells that done of total parts of the running step are done.
func (r *run) progressInStep(done, total int, message string) {
	r.progress(r.from+(r.to-r.from)*float64(done)/float64(total), message)
}
