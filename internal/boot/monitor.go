package boot

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// errMonitorClosed says that QEMU is gone.
var errMonitorClosed = errors.New("QEMU has closed its monitor")

// monitor speaks QMP, QEMU's protocol for programs, with one QEMU.
type monitor struct {
	connection io.ReadWriteCloser
	news       notice
	ended      chan struct{}

	mu      sync.Mutex
	last    int
	waiting map[int]chan answer
	seen    happenings
}

// happenings are what QEMU tells of its guest unasked.
type happenings struct {
	resets int
	// off says that the guest has switched the machine off.
	off bool
	// failing is the disk that could not be read or written, and why.
	failing string
}

// answer is what QEMU sends back for one command, or tells.
type answer struct {
	ID     int             `json:"id"`
	Return json.RawMessage `json:"return"`
	Error  *struct {
		Description string `json:"desc"`
	} `json:"error"`
	Event string `json:"event"`
	Data  struct {
		Guest  bool   `json:"guest"`
		Reason string `json:"reason"`
		Device string `json:"device"`
	} `json:"data"`
}

func newMonitor(connection io.ReadWriteCloser, news notice) *monitor {
	m := &monitor{connection: connection, news: news, ended: make(chan struct{}), waiting: map[int]chan answer{}}
	go m.follow()
	return m
}

// maxLine is how long one line of what QEMU, or a program in the guest, says may
// be, in bytes.
const maxLine = 1 << 20

func (m *monitor) follow() {
	defer close(m.ended)
	lines := bufio.NewScanner(m.connection)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var said answer
		if json.Unmarshal(lines.Bytes(), &said) != nil {
			continue
		}
		m.mu.Lock()
		if waiting := m.waiting[said.ID]; waiting != nil && said.Event == "" && said.ID != 0 {
			delete(m.waiting, said.ID)
			waiting <- said
		}
		m.seen.note(said)
		m.mu.Unlock()
		m.news.tell()
	}
}

func (h *happenings) note(said answer) {
	switch {
	case said.Event == "RESET" && said.Data.Guest:
		h.resets++
	case said.Event == "SHUTDOWN" && said.Data.Guest:
		h.off = true
	case said.Event == "BLOCK_IO_ERROR":
		h.failing = fmt.Sprintf("%s: %s", said.Data.Device, said.Data.Reason)
	}
}

func (m *monitor) happened() happenings {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen
}

// command has QEMU execute a command of QMP, and returns what that returns.
func (m *monitor) command(ctx context.Context, name string, arguments any) (json.RawMessage, error) {
	done := make(chan answer, 1)
	m.mu.Lock()
	m.last++
	id := m.last
	m.waiting[id] = done
	m.mu.Unlock()
	request := map[string]any{"execute": name, "id": id}
	if arguments != nil {
		request["arguments"] = arguments
	}
	text, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if _, err := m.connection.Write(append(text, '\n')); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	select {
	case said := <-done:
		if said.Error != nil {
			return nil, fmt.Errorf("%s: QEMU says: %s", name, said.Error.Description)
		}
		return said.Return, nil
	case <-m.ended:
		return nil, fmt.Errorf("%s: %w", name, errMonitorClosed)
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: %w", name, ctx.Err())
	}
}

// human has QEMU execute a command of its monitor for people.
func (m *monitor) human(ctx context.Context, line string) (string, error) {
	said, err := m.command(ctx, "human-monitor-command", map[string]string{"command-line": line})
	if err != nil {
		return "", err
	}
	var text string
	if err := json.Unmarshal(said, &text); err != nil {
		return "", fmt.Errorf("%s: %w", line, err)
	}
	return text, nil
}

// notice says that there is something new to look at.
type notice chan struct{}

func newNotice() notice { return make(notice, 1) }

func (n notice) tell() {
	select {
	case n <- struct{}{}:
	default: // there is a notice already
	}
}
