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

// What the migration of one small guest may take at most, with emulation: counts by
// stage, of programs, and MiB. A change that needs more raises them, and says why.
var (
	mostCalls   = map[string]int{report.StageInspect: 140, report.StageFix: 560, report.StageConvert: 15}
	mostStarted = map[string]int{"qemu-img": 8, "qemu-nbd": 1, "qemu-system-x86_64": 1}
)

const (
	mostPrograms = 24
	mostRead     = 1200
	mostWritten  = 480
)

// TestAccEffort counts what a migration does and compares it with what it may do: a
// regression of speed fails here, whatever the machine.
func TestAccEffort(t *testing.T) {
	t.Parallel()
	source := flagship(t)
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("needs strace")
	}
	// The first may have built the appliance.
	for first := true; ; first = false {
		manifest := fmt.Sprintf(`{
			"version": "1.0",
			"source": {"type": "vmdk", "path": %q},
			"output": {"directory": %q, "filename": "web.qcow2"},
			"pipeline": {"inspect": {}, "fix": {}, "convert": {}, "validate": {}}
		}`, source, t.TempDir())
		done, err := effort.Run(realCommand(t, manifest, "--events", "--acceleration", "tcg"), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d calls of the appliance to inspect, %d to fix, %d to convert; %d programs, %d MiB read, %d MiB written",
			done.Calls.Total(report.StageInspect), done.Calls.Total(report.StageFix), done.Calls.Total(report.StageConvert),
			done.Started(), done.Read>>20, done.Written>>20)
		found := excesses(done)
		if len(found) > 0 && first {
			t.Logf("counted again: %q", found)
			continue
		}
		for _, excess := range found {
			t.Error(excess)
		}
		return
	}
}

// excesses says what was done more often than it may be, or not at all.
func excesses(done effort.Effort) (found []string) {
	compare := func(what string, count, most int64, detail string) {
		switch {
		case count > most:
			found = append(found, fmt.Sprintf("%s: %d, and at most %d may be%s", what, count, most, detail))
		case count == 0:
			found = append(found, what+": none were counted")
		}
	}
	for _, stage := range slices.Sorted(maps.Keys(mostCalls)) {
		compare("calls of the appliance by the stage "+stage, int64(done.Calls.Total(stage)), int64(mostCalls[stage]), ": "+effort.List(done.Calls[stage]))
	}
	for _, stage := range slices.Sorted(maps.Keys(done.Calls)) {
		if mostCalls[stage] == 0 {
			compare("calls of the appliance by the stage "+stage, int64(done.Calls.Total(stage)), 0, ": "+effort.List(done.Calls[stage]))
		}
	}
	for _, program := range slices.Sorted(maps.Keys(mostStarted)) {
		compare("runs of "+program, int64(done.Programs[program]), int64(mostStarted[program]), "")
	}
	compare("programs started", int64(done.Started()), mostPrograms, ": "+effort.List(done.Programs))
	compare("MiB read", done.Read>>20, mostRead, "")
	compare("MiB written", done.Written>>20, mostWritten, "")
	return found
}

// TestExcesses: each count can fail alone, and says what grew.
func TestExcesses(t *testing.T) {
	t.Parallel()
	good := func() effort.Effort {
		return effort.Effort{
			Programs: map[string]int{"qemu-img": 8, "qemu-nbd": 1, "qemu-system-x86_64": 1}, Read: mostRead << 20, Written: mostWritten << 20,
			Calls: effort.Calls{report.StageInspect: {"pread": 140}, report.StageFix: {"ls": 1}, report.StageConvert: {"fstrim": 1}},
		}
	}
	if found := excesses(good()); len(found) > 0 {
		t.Errorf("what is allowed is found: %q", found)
	}
	for want, change := range map[string]func(*effort.Effort){
		"calls of the appliance by the stage inspect: 141, and at most 140 may be: pread 140, ls 1":        func(e *effort.Effort) { e.Calls[report.StageInspect]["ls"] = 1 },
		"calls of the appliance by the stage validate: 1, and at most 0 may be: ls 1":                      func(e *effort.Effort) { e.Calls[report.StageValidate] = map[string]int{"ls": 1} },
		"calls of the appliance by the stage fix: none were counted":                                       func(e *effort.Effort) { delete(e.Calls, report.StageFix) },
		"runs of qemu-img: 9, and at most 8 may be":                                                        func(e *effort.Effort) { e.Programs["qemu-img"]++ },
		"programs started: 30, and at most 24 may be: rm 20, qemu-img 8, qemu-nbd 1, qemu-system-x86_64 1": func(e *effort.Effort) { e.Programs["rm"] = 20 },
		"MiB read: 1201, and at most 1200 may be":                                                          func(e *effort.Effort) { e.Read += 1 << 20 },
		"MiB written: 481, and at most 480 may be":                                                         func(e *effort.Effort) { e.Written += 1 << 20 },
	} {
		e := good()
		change(&e)
		if found := excesses(e); len(found) != 1 || found[0] != want {
			t.Errorf("found %q, want %q", found, want)
		}
	}
}
