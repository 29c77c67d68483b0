//go:build cgo && linux

package guest

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

const (
	// defaultKVMDeadline is several times what a launch with KVM takes.
	defaultKVMDeadline = 30 * time.Second
	watchInterval      = 50 * time.Millisecond
)

var errLaunchTimeout = errors.New("the appliance did not come up in time")

// launched is an appliance that is up.
type launched struct {
	handle   *guestfs.Guestfs
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
		reason = probeKVM(ctx, kvmDevice, qemu, dir)
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
	err = configure(handle, drives, options, dir, accel)
	if err == nil {
		deadline := time.Duration(0)
		if accel == AccelKVM {
			deadline = options.kvmDeadline
			if deadline == 0 {
				deadline = defaultKVMDeadline
			}
		}
		err = watchLaunch(ctx, handle, deadline)
	}
	if err == nil {
		up.qemu, err = findQEMU(handle)
	}
	if err == nil {
		up.watchdog, err = guard(up.qemu.Pid)
	}
	if err != nil {
		_ = handle.Close()
		return launched{}, err
	}
	return up, nil
}

func configure(g *guestfs.Guestfs, drives []Drive, options Options, dir string, accel Acceleration) error {
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
	settings := map[Acceleration]string{AccelKVM: "force_kvm", AccelTCG: "force_tcg"}
	steps := []func() error{
		func() error { return g.Set_backend("direct") },
		func() error { return g.Set_backend_settings([]string{settings[accel]}) },
		func() error { return g.Set_network(false) },
		func() error { return g.Set_tmpdir(&dir) },
		func() error { return g.Set_smp(processors) },
		func() error { return g.Set_trace(options.Trace) },
		func() error { return g.Set_verbose(options.Trace) },
		// Ctrl-C is for this process to handle: a QEMU that dies of it takes
		// the orderly way out away. The recovery process ends QEMU if this
		// process is killed.
		func() error { return g.Set_pgroup(true) },
		func() error { return g.Set_recovery_proc(true) },
		func() error {
			if options.Memory == 0 {
				return nil
			}
			return g.Set_memsize(options.Memory)
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

// watchLaunch launches, and kills what the launch has started when ctx ends or
// QEMU has run for longer than deadline (0 for none).
func watchLaunch(ctx context.Context, handle *guestfs.Guestfs, deadline time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	thread := make(chan int, 1)
	done := make(chan error, 1)
	go func() {
		// The thread tells which of this process's children belong to this
		// launch: the handle cannot be asked while it launches.
		defer holdThread(handle)()
		thread <- syscall.Gettid()
		done <- cleanError(handle.Launch())
	}()
	tid := <-thread

	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	var started time.Time
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
		children := childrenOfThread(tid)
		switch {
		case ctx.Err() != nil:
			failure = ctx.Err()
		case deadline > 0 && started.IsZero() && startedAppliance(children):
			started = time.Now()
		case deadline > 0 && !started.IsZero() && time.Since(started) > deadline:
			failure = fmt.Errorf("%w: %s after QEMU started", errLaunchTimeout, deadline)
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
