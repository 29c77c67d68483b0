package boot

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qmp/qmptest"
)

// playQEMU answers what a monitor asks by a table of names and answers, after
// what QEMU tells unasked.
func playQEMU(t *testing.T, unasked []string, answers map[string]string) *monitor {
	t.Helper()
	return newMonitor(qmptest.Play(t, unasked, qmptest.Table(answers)), newNotice())
}

func TestReadPort(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]int{`"return": "portb[0x03d5] = 0x1e\r\n"`: 0x1e, `"return": "unknown command\r\n"`: -1, `"return": {}`: -1, `"error": {"desc": "no"}`: -1} {
		m := playQEMU(t, nil, map[string]string{"human-monitor-command": said})
		value, err := (&Running{monitor: m}).readPort(t.Context(), registerData)
		if (err != nil) != (want < 0) || err == nil && value != want {
			t.Errorf("%s: the port holds %#x, %v", said, value, err)
		}
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
	if err := m.Execute(t.Context(), "query-status", nil, nil); err != nil {
		t.Fatal(err)
	}
	if got := m.happened(); got != (happenings{resets: 2, off: true, failing: "disk0: No space left on device"}) {
		t.Errorf("happened: %+v", got)
	}
}
