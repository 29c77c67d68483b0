//go:build cgo && linux

package appliance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"libguestfs.org/guestfs"
)

const watchInterval = 50 * time.Millisecond

// defaultPatience is several times what a busy host takes with KVM that works.
// KVM that lies is found by the probe before, so that nothing is in a hurry: the
// appliance may look at many disks and say nothing about it.
var defaultPatience = patience{first: 30 * time.Second, later: 30 * time.Second}

var errSilent = errors.New("the appliance hangs")

// launched is an appliance that is up.
type launched struct {
	handle   *guestfs.Guestfs
	monitor  *monitor // nil where none is wanted
	qemu     *os.Process
	watchdog *watchdog
	used     Acceleration
	fallback string
}

// accelerate launches the appliance with the acceleration that was asked for,
// and falls back to emulation where that was left open.
func accelerate(ctx context.Context, drives []Drive, options Options, dir string) (launched, error) {
	wanted := options.Acceleration
	if wanted == "" {
		wanted = AccelAuto
	}
	if wanted == AccelTCG {
		return launch(ctx, drives, options, dir, AccelTCG)
	}
	if wanted != AccelKVM && wanted != AccelAuto {
		return launched{}, fmt.Errorf("acceleration %q is not one of auto, kvm, tcg", wanted)
	}
	reason := ""
	qemu, err := defaultQEMU()
	if err == nil {
		reason = KVM(ctx, qemu)
	}
	if ctx.Err() != nil {
		return launched{}, ctx.Err()
	}
	if err == nil && reason == "" {
		up, launchErr := launch(ctx, drives, options, dir, AccelKVM)
		if launchErr == nil || ctx.Err() != nil {
			return up, launchErr
		}
		err = launchErr
	}
	if err != nil {
		reason = err.Error()
	}
	if wanted == AccelKVM {
		return launched{}, fmt.Errorf("KVM does not work here: %s; set acceleration to auto or tcg to run without it", reason)
	}
	up, err := launch(ctx, drives, options, dir, AccelTCG)
	up.fallback = reason
	return up, err
}

// defaultQEMU is the QEMU that libguestfs runs.
func defaultQEMU() (string, error) {
	handle, err := newHandle()
	if err != nil {
		return "", err
	}
	defer func() { _ = handle.Close() }()
	defer holdThread(handle)()
	return handle.Get_hv()
}

// launch brings an appliance up, or leaves nothing behind.
func launch(ctx context.Context, drives []Drive, options Options, dir string, accel Acceleration) (launched, error) {
	handle, err := newHandle()
	if err != nil {
		return launched{}, err
	}
	up := launched{handle: handle, used: accel}
	named := tracedNames(handle)
	if options.Layers {
		if up.monitor, err = newMonitor(dir); err != nil {
			return launched{}, errors.Join(err, handle.Close())
		}
	}
	err = configure(handle, drives, options, dir, accel, up.monitor)
	switch {
	case err != nil:
	case accel == AccelKVM:
		err = listenToLaunch(ctx, handle, options)
	default:
		err = watchLaunch(ctx, handle, nil)
	}
	if err == nil {
		up.qemu, err = findQEMU(handle)
	}
	if err == nil {
		up.watchdog, err = guard(up.qemu.Pid)
	}
	if err != nil {
		_ = handle.Close()
		up.monitor.close()
		return launched{}, err
	}
	if named && !options.Trace {
		traceNames(handle)
	}
	return up, nil
}

func configure(g *guestfs.Guestfs, drives []Drive, options Options, dir string, accel Acceleration, control *monitor) error {
	defer holdThread(g)()
	processors := options.Processors
	switch {
	case processors != 0:
	case accel == AccelKVM:
		processors = min(2, runtime.NumCPU())
	default:
		// Emulation of several is slower for all that runs on one.
		processors = 1
	}
	reportErrors := "scsi-hd.werror=report"
	settings := map[Acceleration]string{AccelKVM: "force_kvm", AccelTCG: "force_tcg"}
	steps := []func() error{
		func() error { return g.Set_backend("direct") },
		func() error { return g.Set_backend_settings([]string{settings[accel]}) },
		func() error { return g.Set_network(false) },
		func() error { return g.Set_tmpdir(&dir) },
		func() error { return g.Set_smp(processors) },
		func() error { return g.Set_trace(options.Trace) },
		func() error { return g.Set_verbose(options.Trace) },
		// QEMU would stop where the host has no room for a write, and wait for
		// somebody who makes some.
		func() error { return g.Config("-global", &reportErrors) },
		// Ctrl-C is for this process to handle: a QEMU that dies of it takes
		// the orderly way out away. The recovery process ends QEMU if this
		// process is killed.
		func() error { return g.Set_pgroup(true) },
		func() error { return g.Set_recovery_proc(true) },
		func() error {
			if control == nil {
				return nil
			}
			address := control.option()
			return g.Config("-qmp", &address)
		},
		func() error {
			if options.Memory == 0 {
				return nil
			}
			return g.Set_memsize(options.Memory)
		},
		func() error {
			users, err := g.Get_append()
			if err != nil {
				return err
			}
			words := kernelWords(accel, options.Trace, users)
			return g.Set_append(&words)
		},
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return cleanError(err)
		}
	}
	for _, drive := range drives {
		optargs := &guestfs.OptargsAdd_drive{
			Format_is_set: true, Format: drive.Format,
			Readonly_is_set: drive.ReadOnly, Readonly: drive.ReadOnly,
		}
		if drive.SectorSize != 0 {
			optargs.Blocksize_is_set, optargs.Blocksize = true, drive.SectorSize
		}
		if !drive.ReadOnly {
			// Trimmed blocks leave the image.
			optargs.Discard_is_set, optargs.Discard = true, "besteffort"
			// The image is thrown away unless the whole run succeeds, and the
			// host's page cache outlives QEMU: no flush is waited for.
			optargs.Cachemode_is_set, optargs.Cachemode = true, "unsafe"
		}
		if err := g.Add_drive(drive.Path, optargs); err != nil {
			return fmt.Errorf("adding the disk %s: %w", drive.Path, cleanError(err))
		}
	}
	return nil
}

// listenToLaunch launches as long as the appliance is heard on its console.
func listenToLaunch(ctx context.Context, handle *guestfs.Guestfs, options Options) error {
	watched := &silence{patience: options.patience}
	if watched.patience == (patience{}) {
		watched.patience = defaultPatience
	}
	if heard := listen(handle, options.Trace); heard != nil {
		defer heard.close()
		watched.console = heard
	} else {
		watched.first = watched.later // all of the start may seem to be silent
	}
	return watchLaunch(ctx, handle, watched)
}

// watchLaunch launches, and kills what the launch has started when ctx ends or
// it has been silent for too long (nil for none).
func watchLaunch(ctx context.Context, handle *guestfs.Guestfs, watched *silence) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// Both are unbuffered: the launch keeps its thread until its end is known here,
	// so that nobody else starts anything on it meanwhile.
	thread, done := make(chan *threadChildren), make(chan error)
	go func() {
		// The thread tells which of this process's children belong to this
		// launch: the handle cannot be asked while it launches.
		defer holdThread(handle)()
		thread <- startedFromNow(syscall.Gettid())
		done <- launchHandle(handle)
	}()
	started := <-thread

	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	var failure error
	for {
		select {
		case err := <-done:
			if err != nil && failure != nil {
				return failure
			}
			return err
		case <-tick.C:
		}
		children := started.list()
		switch {
		case ctx.Err() != nil:
			failure = ctx.Err()
		case watched != nil && failure == nil:
			failure = watched.judge(time.Now(), children, building(children))
		}
		if failure != nil {
			for _, pid := range children {
				killTree(pid)
			}
		}
	}
}

// findQEMU returns the appliance's QEMU as a process that can be killed
// without the risk that its number has gone to another.
func findQEMU(handle *guestfs.Guestfs) (*os.Process, error) {
	defer holdThread(handle)()
	pid, err := handle.Get_pid()
	if err != nil {
		return nil, cleanError(err)
	}
	return os.FindProcess(pid)
}
