package boot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
)

// Running is a machine that was started.
type Running struct {
	*Process
	Accelerator string // kvm or tcg

	folder  string
	news    notice
	monitor *monitor
	agent   *agent
	probe   *probe
	probed  bool // the machine has a port for one
	traffic *traffic
	shown   Screen // at the last look

	ours     []*os.File // our ends of what QEMU speaks through
	readers  sync.WaitGroup
	removing sync.Once
	closed   error
}

// Start starts a machine and returns at once. It ends with ctx at the latest;
// Close it in any case.
func Start(ctx context.Context, m Machine) (*Running, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	program, err := Program()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(m.Directory, "boot-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the machine: %w", err)
	}
	r, err := start(ctx, m, program, folder)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	if err := r.monitor.Negotiate(ctx); err != nil && ctx.Err() == nil {
		// QEMU's own words, if it has ended, say more.
		select {
		case <-r.monitor.Ended():
			return nil, errors.Join(fmt.Errorf("starting the machine: %w", err), r.Close())
		default:
			return nil, errors.Join(fmt.Errorf("speaking with QEMU: %w", err), r.Close())
		}
	}
	return r, nil
}

// firstDescriptor is the number that the first of a child's further files gets.
const firstDescriptor = 3

func start(ctx context.Context, m Machine, program, folder string) (_ *Running, err error) {
	var firmware flash
	if m.Firmware == UEFI {
		if firmware, err = prepareUEFI(folder); err != nil {
			return nil, err
		}
	}
	r := &Running{Accelerator: "tcg", folder: folder, news: newNotice()}
	if m.Accelerator == "kvm" {
		r.Accelerator = m.Accelerator
	}
	var theirs []*os.File
	defer func() {
		for _, file := range theirs {
			err = errors.Join(err, file.Close())
		}
		if err != nil {
			r.hangUp()
		}
	}()
	open := func(pair func() (ours, theirs *os.File, err error)) (int, *os.File) {
		if err != nil {
			return 0, nil
		}
		var our, their *os.File
		if our, their, err = pair(); err != nil {
			err = fmt.Errorf("opening a channel to QEMU: %w", err)
			return 0, nil
		}
		r.ours, theirs = append(r.ours, our), append(theirs, their)
		return firstDescriptor + len(theirs) - 1, our
	}
	var d descriptors
	var monitorEnd, agentEnd, probeEnd *os.File
	d.monitor, monitorEnd = open(channel)
	d.agent, agentEnd = open(channel)
	if m.Probe {
		d.probe, probeEnd = open(channel)
	}
	var cards []*os.File
	for range m.cards() {
		descriptor, card := open(os.Pipe)
		d.frames, cards = append(d.frames, descriptor), append(cards, card)
	}
	if err != nil {
		return nil, err
	}
	args, err := m.arguments(d, firmware)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env, cmd.ExtraFiles = environment(folder), theirs
	if r.Process, err = StartProcess(ctx, cancel, cmd, m.Log); err != nil {
		cancel()
		return nil, err
	}
	<-r.started
	r.monitor = newMonitor(monitorEnd, r.news)
	r.agent, r.probe, r.traffic = &agent{news: r.news}, &probe{news: r.news}, &traffic{news: r.news}
	r.read(func() error { return r.agent.follow(agentEnd) })
	if r.probed = m.Probe; r.probed {
		r.read(func() error { return r.probe.follow(probeEnd) })
	}
	for i, card := range cards {
		r.read(func() error { return r.traffic.follow(i, card) })
	}
	return r, nil
}

// read reads something until it ends, which it does with QEMU. How is no
// evidence of the guest.
func (r *Running) read(follow func() error) {
	r.readers.Go(func() { _ = follow() })
}

func (r *Running) hangUp() {
	for _, file := range r.ours {
		_ = file.Close()
	}
}

// Close switches the machine off and returns what went wrong with QEMU itself,
// if anything did.
func (r *Running) Close() error {
	r.removing.Do(func() {
		r.closed = r.Process.Close()
		r.hangUp()
		r.readers.Wait()
		r.closed = errors.Join(r.closed, os.RemoveAll(r.folder))
	})
	return r.closed
}
