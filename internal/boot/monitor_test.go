package boot

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
)

// playQEMU answers what a monitor asks by a table of names and answers, after
// what QEMU tells unasked.
func playQEMU(t *testing.T, unasked []string, answers map[string]string) *monitor {
	t.Helper()
	ours, theirs := net.Pipe()
	m := newMonitor(ours, newNotice())
	go func() {
		defer theirs.Close() //nolint:errcheck // a pipe
		for _, line := range unasked {
			fmt.Fprintln(theirs, line)
		}
		lines := bufio.NewScanner(theirs)
		for lines.Scan() {
			var asked struct {
				Execute string `json:"execute"`
				ID      int    `json:"id"`
			}
			_ = json.Unmarshal(lines.Bytes(), &asked) // a name that is not in the table
			answer, ok := answers[asked.Execute]
			if !ok {
				return
			}
			fmt.Fprintf(theirs, "{%s, \"id\": %d}\n", answer, asked.ID)
		}
	}()
	t.Cleanup(func() { _ = ours.Close() })
	return m
}

func TestMonitorCommands(t *testing.T) {
	t.Parallel()
	m := playQEMU(t, []string{`{"QMP": {}}`, "no JSON"}, map[string]string{
		"human-monitor-command": `"return": "portb[0x03d5] = 0x1e\r\n"`,
		"screendump":            `"error": {"class": "GenericError", "desc": "no console"}`,
	})
	value, err := (&Running{monitor: m}).readPort(t.Context(), registerData)
	if err != nil || value != 0x1e {
		t.Errorf("the port holds %#x, %v", value, err)
	}
	if _, err := m.command(t.Context(), "screendump", nil); err == nil || !strings.Contains(err.Error(), "no console") {
		t.Errorf("a refused command: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.command(cancelled, "human-monitor-command", nil); !errors.Is(err, context.Canceled) && err != nil {
		t.Errorf("a cancelled command: %v", err)
	}
	if _, err := m.command(t.Context(), "quit", nil); !errors.Is(err, errMonitorClosed) {
		t.Errorf("a QEMU that has ended: %v", err)
	}
}

func TestMonitorCountsWhatHappens(t *testing.T) {
	t.Parallel()
	m := playQEMU(t, []string{
		`{"event": "RESET", "data": {"guest": true, "reason": "guest-reset"}}`,
		`{"event": "RESET", "data": {"guest": false, "reason": "host-qmp-system-reset"}}`,
		`{"event": "RESET", "data": {"guest": true, "reason": "guest-reset"}}`,
		`{"event": "BLOCK_IO_ERROR", "data": {"device": "disk0", "reason": "No space left on device"}}`,
		`{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}}`,
	}, map[string]string{"query-status": `"return": {}`})
	if _, err := m.command(t.Context(), "query-status", nil); err != nil {
		t.Fatal(err)
	}
	if got := m.happened(); got != (happenings{resets: 2, off: true, failing: "disk0: No space left on device"}) {
		t.Errorf("happened: %+v", got)
	}
}
