//go:build cgo

package appliance

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// kvmProbes are the probes of this process, which may be asked for hundreds of
// migrations.
var kvmProbes = &probes{device: kvmDevice, bootID: "/proc/sys/kernel/random/boot_id", cpuinfo: "/proc/cpuinfo", timeout: probeTimeout, directories: verdictDirectories}

// probes gives one verdict on KVM for each QEMU and kernel, and remembers it:
// all verdicts as long as this process lives, lasting ones for all processes of
// this user until the host restarts.
type probes struct {
	device, bootID, cpuinfo string
	timeout                 time.Duration
	directories             func() []verdictDirectory
	mutex                   sync.Mutex
	reasons                 map[subject]string
}

// KVM says why machines of this QEMU (a path, or a name to look for in PATH)
// cannot run under KVM on this host, or "" where they can. It is what launches
// of the appliance go by, and takes a kernel's start the first time, one
// to three seconds where that hangs, and milliseconds until the host restarts. It is ""
// too where that could not be found out.
func KVM(ctx context.Context, qemu string) (reason string) {
	handle, err := newHandle()
	if err != nil {
		return err.Error()
	}
	defer func() { _ = handle.Close() }()
	defer holdThread(handle)()
	host := hostAppliance(nil)
	if _, host.path, err = settings(handle); err != nil {
		return err.Error()
	}
	return kvmProbes.reason(ctx, qemu, host.usedKernel())
}

// reason says why KVM does not work for qemu and the kernel. It is "" too where
// that could not be found out.
func (p *probes) reason(ctx context.Context, qemu, kernel string) string {
	if reason := openKVM(p.device); reason != "" {
		return reason
	}
	if runtime.GOARCH != "amd64" || kernel == "" {
		return "" // the launch will tell
	}
	asked, err := p.subject(qemu, kernel)
	if err != nil {
		return fmt.Sprintf("it could not be probed: %v", err)
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if reason, known := p.reasons[asked]; known {
		return reason
	}
	reason, known := p.find(ctx, asked)
	if known {
		if p.reasons == nil {
			p.reasons = map[subject]string{}
		}
		p.reasons[asked] = reason
	}
	return reason
}

// find looks for a verdict of another process, or makes one.
func (p *probes) find(ctx context.Context, asked subject) (reason string, known bool) {
	file := openVerdicts(p.directories())
	defer file.close()
	if found, ok := file.find(asked); ok {
		return file.tell(found), true
	}
	// Many start at once where many migrate: one probes, the others wait for it.
	defer file.lock(ctx, p.timeout+time.Second)()
	if found, ok := file.find(asked); ok {
		return file.tell(found), true
	}
	if ctx.Err() != nil {
		return "", false
	}
	reason, lasting := p.probe(ctx, asked)
	if ctx.Err() != nil {
		return "", false
	}
	if lasting && asked.BootID != "" {
		file.keep(verdict{subject: asked, Reason: reason, Found: time.Now()})
	}
	return reason, true
}

// probe probes. A processor that cannot virtualise is waited for a third of the time:
// the few hypervisors that make up for it run a kernel as soon as others do.
func (p *probes) probe(ctx context.Context, asked subject) (reason string, lasting bool) {
	timeout, lacking := p.timeout, processorLacks(p.cpuinfo)
	if lacking != "" {
		timeout /= 3
	}
	return probeKVM(ctx, asked.QEMU.Path, asked.Kernel.Path, timeout, lacking)
}

// subject is what a verdict on KVM is about.
func (p *probes) subject(qemu, kernel string) (subject, error) {
	var s subject
	if boot, err := os.ReadFile(p.bootID); err == nil {
		s.BootID = string(boot)
	}
	program, err := exec.LookPath(qemu)
	if err == nil {
		program, err = filepath.Abs(program)
	}
	if err == nil {
		s.QEMU, err = identify(program)
	}
	if err == nil {
		s.Kernel, err = identify(kernel)
	}
	if err == nil {
		s.Device, err = identifyDevice(p.device)
	}
	return s, err
}
