package measure

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

func TestLaunchTime(t *testing.T) {
	const events = `{"type":"stage_started","time":"2026-01-21T18:23:32.000000","stage":"inspect"}
{"type":"progress","time":"2026-01-21T18:23:32.500000","stage":"inspect","percent":5,"message":"launching the appliance"}
{"type":"warning","time":"2026-01-21T18:23:41.750000","stage":"inspect","message":"KVM is not usable"}
{"type":"progress","time":"2026-01-21T18:23:43.000000","stage":"inspect","percent":40}
`
	got, err := launchTime(events)
	if err != nil || math.Abs(got-9.25) > 1e-6 {
		t.Errorf("got %v, %v; want 9.25", got, err)
	}
}

func TestLaunchTimeNeedsALaunch(t *testing.T) {
	for name, events := range map[string]string{
		"nothing":       "",
		"no launch":     `{"type":"progress","time":"2026-01-21T18:23:43.000000"}`,
		"nothing after": `{"type":"progress","time":"2026-01-21T18:23:43.000000","message":"launching the appliance"}`,
		"no JSON":       "hello",
		"no time":       `{"type":"progress","time":"yesterday","message":"launching the appliance"}`,
	} {
		if got, err := launchTime(events); err == nil {
			t.Errorf("%s: got %v and no error", name, got)
		}
	}
}

func TestReadReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"pipeline": {"success": true, "stages": {"inspect": {"duration": 2.5, "result": {"accelerator": "tcg"}}, "fix": {"duration": 1}}}}`)
	r, err := readReport(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.durations(); got["inspect"] != 2.5 || got["fix"] != 1 {
		t.Errorf("durations: %v", got)
	}
	if got, err := r.accelerator(); got != "tcg" || err != nil {
		t.Errorf("accelerator: %q, %v", got, err)
	}
	write(`{"pipeline": {"success": false}}`)
	if _, err := readReport(path); err == nil {
		t.Error("the report of a failure is no error")
	}
}
