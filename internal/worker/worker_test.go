package worker

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// job runs the test binary as the engine; scenario says how it behaves.
func job(t *testing.T, scenario string) Job {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Job{
		Executable:  executable,
		GracePeriod: 5 * time.Second,
		Manifest:    &manifest.Manifest{Version: "1.0", Metadata: &manifest.Metadata{Name: scenario}},
	}
}

func TestRunSuccess(t *testing.T) {
	t.Parallel()
	job := job(t, scenarioSuccess)
	job.Acceleration = "tcg"
	job.WorkDirectory = "/var/tmp/w"
	job.HostID = "pool-1"
	var events []report.Event
	job.Notify = func(event report.Event) { events = append(events, event) }
	got, err := Run(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Pipeline.Success {
		t.Errorf("the report says that the migration failed: %+v", got)
	}
	want := []report.Event{
		{Type: report.EventStageStarted, Stage: report.StageInspect},
		{Type: report.EventProgress, Stage: report.StageInspect, Percent: 50, Message: "half"},
		{Type: report.EventLog, Message: "--manifest - --events --cancel-on-stdin-close --acceleration tcg --work-directory /var/tmp/w --host-id pool-1"},
	}
	if diff := cmp.Diff(want, events, cmpopts.IgnoreFields(report.Event{}, "Time")); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestRunReturnsTheReportOfAFailedMigration(t *testing.T) {
	t.Parallel()
	got, err := Run(t.Context(), job(t, scenarioFailure))
	if err != nil {
		t.Fatal(err)
	}
	if got.Pipeline.Success || len(got.Errors) != 1 || got.Errors[0].Message != "disk full" {
		t.Errorf("unexpected report %+v", got)
	}
}

func TestRunCancelHonoured(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("the operator asked for it")
	job := job(t, scenarioCancel)
	job.Notify = func(report.Event) { cancel(reason) }
	got, err := Run(ctx, job)
	if !errors.Is(err, reason) {
		t.Errorf("error %v does not wrap the cause", err)
	}
	if got == nil || !got.Pipeline.Cancelled {
		t.Errorf("the report of the cancelled migration is lost: %+v", got)
	}
}

func TestRunCancelIgnoredKillsTheGroup(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	job := job(t, scenarioDeaf)
	job.GracePeriod = 200 * time.Millisecond
	var grandchild int
	job.Notify = func(event report.Event) {
		grandchild, _ = strconv.Atoi(event.Message)
		cancel()
	}
	_, err := Run(ctx, job)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "was killed") {
		t.Errorf("unexpected error %v", err)
	}
	awaitGone(t, grandchild)
}

func TestRunKillsWhatTheChildLeftBehind(t *testing.T) {
	t.Parallel()
	job := job(t, scenarioOrphan)
	var grandchild int
	job.Notify = func(event report.Event) { grandchild, _ = strconv.Atoi(event.Message) }
	if _, err := Run(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	awaitGone(t, grandchild)
}

func TestRunDoesNotWaitForAChildThatHangsAfterItsReport(t *testing.T) {
	t.Parallel()
	job := job(t, scenarioHangAfterReport)
	job.GracePeriod = 100 * time.Millisecond
	got, err := Run(t.Context(), job)
	if err != nil || !got.Pipeline.Success {
		t.Errorf("got report %+v, error %v", got, err)
	}
}

func TestRunWithoutReport(t *testing.T) {
	t.Parallel()
	const secret = "$6$rounds=656000$salt$hashhashhash"
	tests := map[string]struct {
		scenario string
		want     []string
	}{
		"exit code":      {scenarioExit, []string{"exit code 3", "could not open the door"}},
		"signal":         {scenarioKilled, []string{"signal: killed", "for want of memory", "printed nothing"}},
		"garbage":        {scenarioGarbage, []string{"exit code 0", "this is no event", `{"type":`}},
		"huge line":      {scenarioHugeLine, []string{"exit code 0", "xxxx..."}},
		"secret printed": {scenarioSecret, []string{"exit code 1", "hash is (secret)", "\n(secret)\n(secret)\n", `"content":"(secret)"`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job := job(t, test.scenario)
			job.Manifest.Configuration = &manifest.Configuration{
				Users: &manifest.Users{Create: []manifest.User{{Name: "u", Password: secret}}},
				Network: &manifest.Network{SystemdNetworkd: []manifest.NetworkFile{
					{Filename: "wg.netdev", Content: "[WireGuard]\nPrivateKey=4xv&<private>=\n"},
				}},
			}
			got, err := Run(t.Context(), job)
			var exit *ExitError
			if got != nil || !errors.As(err, &exit) {
				t.Fatalf("got report %+v and error %v, want an *ExitError", got, err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %.2000q lacks %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "hashhash") || strings.Contains(err.Error(), "4xv") {
				t.Errorf("error shows a secret: %v", err)
			}
			if len(err.Error()) > tailLines*(tailLine+10)+500 {
				t.Errorf("error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestRunTakesAHugeEvent(t *testing.T) {
	t.Parallel()
	got, err := Run(t.Context(), job(t, scenarioHugeEvent))
	if err != nil {
		t.Fatal(err)
	}
	if length := len(got.Errors[0].Message); length != 4<<20 {
		t.Errorf("the message arrived with %d bytes", length)
	}
}

func TestRunEnvironment(t *testing.T) {
	t.Setenv("TF_VAR_password", "swordfish")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "swordfish")
	t.Setenv("LIBGUESTFS_BACKEND", "direct")
	job := job(t, scenarioEnvironment)
	var environment string
	job.Notify = func(event report.Event) { environment = event.Message }
	if _, err := Run(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(environment, "swordfish") {
		t.Errorf("the child sees a secret: %s", environment)
	}
	for _, want := range []string{"LIBGUESTFS_BACKEND=direct", "LC_ALL=C.UTF-8", "PATH="} {
		if !strings.Contains(environment, want) {
			t.Errorf("the child lacks %s: %s", want, environment)
		}
	}
}

func TestRunRefusesADoneContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	job := job(t, scenarioSuccess)
	job.Notify = func(report.Event) { t.Error("the child was started") }
	if _, err := Run(ctx, job); !errors.Is(err, context.Canceled) {
		t.Errorf("unexpected error %v", err)
	}
}

func TestRunExecutableMissing(t *testing.T) {
	t.Parallel()
	job := job(t, scenarioSuccess)
	job.Executable = t.TempDir() + "/absent"
	_, err := Run(t.Context(), job)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "starting the migration process") {
		t.Errorf("unexpected error %v", err)
	}
}

// awaitGone fails the test if the process lives on. A killed orphan may stay
// a zombie for a while, until its new parent reaps it.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	if pid == 0 {
		t.Fatal("the child did not say which process it started")
	}
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(5 * time.Second); ; <-ticker.C {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d is still there: %s", pid, stat)
		}
	}
}
