package worker

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// The behaviours of the engine that the test binary plays when it is started
// with the engine's arguments. The manifest's metadata.name picks one.
const (
	scenarioSuccess         = "success"
	scenarioFailure         = "failure"
	scenarioCancel          = "cancel"
	scenarioDeaf            = "deaf"
	scenarioOrphan          = "orphan"
	scenarioHangAfterReport = "hang after report"
	scenarioExit            = "exit"
	scenarioKilled          = "killed"
	scenarioGarbage         = "garbage"
	scenarioHugeLine        = "huge line"
	scenarioHugeEvent       = "huge event"
	scenarioSecret          = "secret"
	scenarioEnvironment     = "environment"
)

func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "--cancel-on-stdin-close") {
		engine()
	}
	if slices.Contains(os.Args, "--preflight") {
		answerPreflights()
	}
	os.Exit(m.Run())
}

func engine() {
	input := json.NewDecoder(os.Stdin)
	var m manifest.Manifest
	if err := input.Decode(&m); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	awaitCancel := func() { _, _ = io.Copy(io.Discard, os.Stdin) }
	success := &report.Report{Pipeline: report.Pipeline{Success: true}}

	switch m.Metadata.Name {
	case scenarioSuccess:
		emit(report.Event{Type: report.EventStageStarted, Stage: report.StageInspect})
		emit(report.Event{Type: report.EventProgress, Stage: report.StageInspect, Percent: 50, Message: "half"})
		emit(report.Event{Type: report.EventLog, Message: strings.Join(os.Args[1:], " ")})
		emit(report.Event{Type: report.EventFinished, Report: success})
	case scenarioFailure:
		emit(report.Event{Type: report.EventFinished, Report: &report.Report{Errors: []report.Message{{Message: "disk full"}}}})
		os.Exit(1)
	case scenarioCancel:
		emit(report.Event{Type: report.EventLog, Message: "ready"})
		awaitCancel()
		emit(report.Event{Type: report.EventFinished, Report: &report.Report{Pipeline: report.Pipeline{Cancelled: true}}})
		os.Exit(1)
	case scenarioDeaf:
		emit(report.Event{Type: report.EventLog, Message: strconv.Itoa(startSleeper())})
		hang()
	case scenarioOrphan:
		emit(report.Event{Type: report.EventLog, Message: strconv.Itoa(startSleeper())})
		emit(report.Event{Type: report.EventFinished, Report: success})
	case scenarioHangAfterReport:
		emit(report.Event{Type: report.EventFinished, Report: success})
		startSleeper()
		hang()
	case scenarioExit:
		fmt.Fprintln(os.Stderr, "could not open the door")
		os.Exit(3)
	case scenarioKilled:
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Kill()
		}
		hang()
	case scenarioGarbage:
		fmt.Printf("this is no event\n\n{\"type\":\n[]\n")
	case scenarioHugeLine:
		chunk := strings.Repeat("x", 1<<20)
		for range 2 {
			fmt.Print(chunk)
			fmt.Fprint(os.Stderr, chunk)
		}
	case scenarioHugeEvent:
		message := strings.Repeat("y", 4<<20)
		emit(report.Event{Type: report.EventFinished, Report: &report.Report{Errors: []report.Message{{Message: message}}}})
	case scenarioSecret:
		fmt.Fprintln(os.Stderr, "hash is", m.Configuration.Users.Create[0].Password)
		fmt.Fprint(os.Stderr, m.Configuration.Network.SystemdNetworkd[0].Content)
		_ = json.NewEncoder(os.Stderr).Encode(m)
		fmt.Fprintln(os.Stderr, strings.Repeat("z", tailLine-3)+m.Configuration.Users.Create[0].Password)
		os.Exit(1)
	case scenarioEnvironment:
		emit(report.Event{Type: report.EventLog, Message: strings.Join(os.Environ(), " ")})
		emit(report.Event{Type: report.EventFinished, Report: success})
	}
	os.Exit(0)
}

// startSleeper starts a process that holds this one's output open, as a stray
// appliance would, and returns its id.
func startSleeper() int {
	sleeper := exec.Command("sleep", "300")
	sleeper.Stdout, sleeper.Stderr = os.Stdout, os.Stderr
	if err := sleeper.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return sleeper.Process.Pid
}

// hang never returns. An empty select would: the runtime calls it a deadlock.
func hang() {
	for {
		<-time.After(time.Hour)
	}
}

func emit(event report.Event) {
	event.Time = report.Now()
	if err := json.NewEncoder(os.Stdout).Encode(event); err != nil {
		os.Exit(2)
	}
}
