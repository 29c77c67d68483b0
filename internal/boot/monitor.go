package boot

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qmp"
)

// monitor is one QEMU's, with what that has told of its guest.
type monitor struct {
	*qmp.Client

	mu   sync.Mutex
	seen happenings
}

// happenings are what QEMU tells of its guest unasked.
type happenings struct {
	resets int
	// off says that the guest has switched the machine off.
	off bool
	// failing is the disk that could not be read or written, and why.
	failing string
}

func newMonitor(connection io.ReadWriteCloser, news notice) *monitor {
	m := &monitor{}
	m.Client = qmp.New(connection, func(told qmp.Event) {
		m.mu.Lock()
		m.seen.note(told)
		m.mu.Unlock()
		news.tell()
	})
	return m
}

func (h *happenings) note(told qmp.Event) {
	var data struct {
		Guest  bool   `json:"guest"`
		Reason string `json:"reason"`
		Device string `json:"device"`
	}
	if told.Data != nil && json.Unmarshal(told.Data, &data) != nil {
		return
	}
	switch {
	case told.Name == "RESET" && data.Guest:
		h.resets++
	case told.Name == "SHUTDOWN" && data.Guest:
		h.off = true
	case told.Name == "BLOCK_IO_ERROR":
		h.failing = fmt.Sprintf("%s: %s", data.Device, data.Reason)
	}
}

func (m *monitor) happened() happenings {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen
}

// human has QEMU execute a command of its monitor for people.
func (m *monitor) human(ctx context.Context, line string) (string, error) {
	var text string
	if err := m.Execute(ctx, "human-monitor-command", map[string]string{"command-line": line}, &text); err != nil {
		return "", fmt.Errorf("%s: %w", line, err)
	}
	return text, nil
}
