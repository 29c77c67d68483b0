package cli

import (
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/effort"
)

// What the migration of one small guest may take at most. A change that needs more
// raises them, and says why.
var (
	mostCalls   = map[string]int{report.StageInspect: 1, report.StageFix: 1, report.StageConvert: 1}
	mostStarted = map[string]int{"qemu-img": 1, "qemu-nbd": 1, "qemu-system-x86_64": 1}
)

const (
	mostPrograms = 1
	mostRead     = 1 // MiB
	mostWritten  = 1 // MiB
)

// TestAccEffort counts what a migration does and compares it with what it may do: a
// regression of speed fails here, whatever the machine.
func TestAccEffort(t *testing.T) {
	source := flagship(t)
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("needs strace")
	}
	command := realCommand(t, fmt.Sprintf(`{
		"version": "1.0",
		"source": {"type": "vmdk", "path": %q},
		"output": {"directory": %q, "filename": "web.qcow2"},
		"pipeline": {"inspect": {}, "fix": {}, "convert": {}, "validate": {}}
	}`, source, t.TempDir()), "--events")
	done, err := effort.Run(command, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, stage := range slices.Sorted(maps.Keys(done.Calls)) {
		total := done.Calls.Total(stage)
		t.Logf("%s: %d calls of the appliance", stage, total)
		if total > mostCalls[stage] {
			t.Errorf("the stage %s calls the appliance %d times, and %d was the most: %s", stage, total, mostCalls[stage], effort.List(done.Calls[stage]))
		}
	}
	for stage := range mostCalls {
		if done.Calls.Total(stage) == 0 {
			t.Errorf("no calls of the stage %s were counted", stage)
		}
	}
	t.Logf("%d programs, %d MiB read, %d MiB written", done.Started(), done.Read>>20, done.Written>>20)
	for program, most := range mostStarted {
		if started := done.Programs[program]; started > most || started == 0 {
			t.Errorf("%s is started %d times, and %d was the most", program, started, most)
		}
	}
	if done.Started() > mostPrograms {
		t.Errorf("%d programs are started, and %d was the most: %s", done.Started(), mostPrograms, effort.List(done.Programs))
	}
	if read := done.Read >> 20; read > mostRead {
		t.Errorf("%d MiB are read, and %d was the most", read, mostRead)
	}
	if written := done.Written >> 20; written > mostWritten {
		t.Errorf("%d MiB are written, and %d was the most", written, mostWritten)
	}
}
