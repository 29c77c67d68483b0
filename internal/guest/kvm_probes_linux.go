//go:build cgo

package guest

import (
	"context"
	"os"
	"sync"
)

// kvmProbes are the probes of this process, which may be asked for hundreds of
// migrations.
var kvmProbes = &probes{device: kvmDevice}

// probes remembers what the probe of KVM said for each QEMU.
type probes struct {
	device  string
	mutex   sync.Mutex
	reasons map[string]string
}

// reason says why KVM does not work for qemu. It is "" too where that could not
// be found out.
func (p *probes) reason(ctx context.Context, qemu string) string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if reason, known := p.reasons[qemu]; known {
		return reason
	}
	directory, err := os.MkdirTemp("", "hyper2kvm-probe-")
	if err != nil {
		return ""
	}
	defer func() { _ = os.RemoveAll(directory) }()
	reason := probeKVM(ctx, p.device, qemu, directory)
	if ctx.Err() != nil {
		return ""
	}
	if p.reasons == nil {
		p.reasons = map[string]string{}
	}
	p.reasons[qemu] = reason
	return reason
}
