package measure

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
)

func TestReadSteps(t *testing.T) {
	const events = `{"type":"stage_started","time":"2026-01-21T18:23:32.000000","stage":"inspect"}
{"type":"progress","time":"2026-01-21T18:23:32.500000","stage":"inspect","percent":5,"message":"launching the appliance"}
{"type":"warning","time":"2026-01-21T18:23:41.750000","stage":"inspect","message":"KVM is not usable"}
{"type":"progress","time":"2026-01-21T18:23:42.000000","stage":"inspect","percent":40,"message":"looking"}
{"type":"progress","time":"2026-01-21T18:23:43.000000","stage":"inspect","percent":50,"message":"looking"}
{"type":"progress","time":"2026-01-21T18:23:44.000000","stage":"inspect","percent":100}
{"type":"stage_finished","time":"2026-01-21T18:23:44.500000","stage":"inspect"}
{"type":"stage_started","time":"2026-01-21T18:23:50.000000","stage":"fix"}
{"type":"stage_finished","time":"2026-01-21T18:23:51.000000","stage":"fix"}
{"type":"finished","time":"2026-01-21T18:23:59.000000"}
`
	want := []results.Step{
		{Stage: "inspect", Seconds: 0.5}, {Stage: "inspect", Name: results.Launch, Seconds: 9.25}, {Stage: "inspect", Seconds: 0.25},
		{Stage: "inspect", Name: "looking", Seconds: 2.5}, {Stage: "fix", Seconds: 1},
	}
	got, err := readSteps(events)
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %+v, %v", got, err)
	}
	for n, step := range got {
		if step.Stage != want[n].Stage || step.Name != want[n].Name || math.Abs(step.Seconds-want[n].Seconds) > 1e-6 {
			t.Errorf("step %d: got %+v, want %+v", n, step, want[n])
		}
	}
	if got := results.StepTime("inspect", "")(results.Sample{Steps: got}); math.Abs(got-0.75) > 1e-6 {
		t.Errorf("the rest of inspect: got %v, want 0.75", got)
	}
}

func TestReadStepsOfDamagedEvents(t *testing.T) {
	for name, events := range map[string]string{
		"no JSON": "hello",
		"no time": `{"type":"progress","time":"yesterday","message":"launching the appliance"}`,
	} {
		if got, err := readSteps(events); err == nil {
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
	write(`{"version": "1.0", "pipeline": {"success": true, "stages": {"inspect": {"duration": 2.5, "result": {"accelerator": "tcg"}}, "fix": {"duration": 1}}}}`)
	r, err := readReport(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := durations(r); got["inspect"] != 2.5 || got["fix"] != 1 {
		t.Errorf("durations: %v", got)
	}
	if got, err := reportedAccelerator(r); got != "tcg" || err != nil {
		t.Errorf("accelerator: %q, %v", got, err)
	}
	write(`{"version": "1.0", "pipeline": {"success": false}}`)
	if _, err := readReport(path); err == nil {
		t.Error("the report of a failure is no error")
	}
}
