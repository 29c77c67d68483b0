package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// migration is an engine that does what a whole run does.
func migration(_ context.Context, m *manifest.Manifest, o pipeline.Options) (*report.Report, error) {
	result := report.New()
	stage := func(of report.StageResult, percents ...float64) {
		name := of.StageName()
		o.Notify(report.Event{Type: report.EventStageStarted, Stage: name})
		for _, percent := range percents {
			o.Notify(report.Event{Type: report.EventProgress, Stage: name, Percent: percent, TotalPercent: percent / 2, Message: "copying \x1b[31mdisk"})
		}
		o.Notify(report.Event{Type: report.EventStageFinished, Stage: name, Success: true, Duration: 1.5})
		_ = result.StageSucceeded(1.5, of)
	}
	stage(report.Inspection{})
	o.Notify(report.Event{Type: report.EventLog, Stage: report.StageFix, Message: "e2fsck -n"})
	o.Notify(report.Event{Type: report.EventWarning, Stage: report.StageFix, Message: "no GRUB\nat all", Remedy: "look\nagain"})
	result.Warn(report.StageFix, "no GRUB\nat all", "look\nagain")
	result.Warn(report.StageConvert, "told by the report alone", "")
	stage(report.Conversion{}, 1, 10, 26, 30, 80, 100)
	result.AddArtifact(report.Artifact{Type: report.ArtifactConvertedImage, Path: m.OutputPath(), Format: "qcow2", SizeBytes: 3 << 20})
	result.Finish()
	result.Pipeline.DurationSeconds = 245.67
	return result, writeReport(result, m.ReportPath())
}

func writeReport(r *report.Report, path string) error {
	encoded, err := r.Indented()
	if err != nil {
		return err
	}
	return os.WriteFile(path, encoded, 0o600)
}

func TestConsoleLines(t *testing.T) {
	t.Parallel()
	const (
		warnings = "warning: fix: no GRUB\n  at all\n  what to do: look\n  again\n"
		late     = "warning: convert: told by the report alone\n"
		result   = "migration succeeded in 4 min 6 s, with 2 warnings\n  converted image: DIR/disk.qcow2 (qcow2, 3.00 MiB)\n  report: DIR/report.json\n"
	)
	for name, test := range map[string]struct{ arg, stdout, stderr string }{
		"normal": {
			"--quiet=false", result,
			"inspect: started\ninspect: done after 1.50 s\n" + warnings +
				"convert: started\nconvert: 26 % (13 % of all), copying \ufffd[31mdisk\nconvert: 80 % (40 % of all), copying \ufffd[31mdisk\nconvert: done after 1.50 s\n" + late,
		},
		"verbose": {
			"-v", result,
			"inspect: started\ninspect: done after 1.50 s\nfix: e2fsck -n\n" + warnings +
				"convert: started\nconvert: 1 % (0 % of all), copying \ufffd[31mdisk\nconvert: 26 % (13 % of all), copying \ufffd[31mdisk\nconvert: 80 % (40 % of all), copying \ufffd[31mdisk\nconvert: done after 1.50 s\n" + late,
		},
		"quiet": {"-q", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := manifestFile(t, `{}`)
			directory := strings.TrimSuffix(file, "/migration.json")
			code, stdout, stderr := run(t, migration, nil, "--manifest", file, test.arg)
			if code != ExitSuccess {
				t.Errorf("exit code %d", code)
			}
			if diff := cmp.Diff(strings.ReplaceAll(test.stdout, "DIR", directory), stdout); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.stderr, stderr); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConsoleFailures(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left")
	fails := func(told bool) Engine {
		return func(_ context.Context, _ *manifest.Manifest, o pipeline.Options) (*report.Report, error) {
			result := report.New()
			result.StageFailed(report.StageConvert, 10.23, full.Error())
			result.Fail(report.StageConvert, full.Error(), "free some")
			if told {
				o.Notify(report.Event{Type: report.EventStageStarted, Stage: report.StageConvert})
				o.Notify(report.Event{Type: report.EventStageFinished, Stage: report.StageConvert, Duration: 10.23})
				o.Notify(report.Event{Type: report.EventError, Stage: report.StageConvert, Message: full.Error(), Remedy: "free some"})
			}
			result.Finish()
			result.Pipeline.DurationSeconds = 12
			return result, full
		}
	}
	const message = "error: convert: no space left\n  what to do: free some\n"
	for name, test := range map[string]struct {
		engine         Engine
		arg            string
		stdout, stderr string
	}{
		"told by events":           {fails(true), "--dry-run", "migration failed in convert after 12.0 s\n", "convert: started\nconvert: failed after 10.2 s\n" + message},
		"told by the report alone": {fails(false), "--dry-run", "migration failed in convert after 12.0 s\n", message},
		"quiet":                    {fails(true), "-q", "", message},
		"told by the error alone": {
			func(context.Context, *manifest.Manifest, pipeline.Options) (*report.Report, error) {
				return &report.Report{}, full
			},
			"--dry-run", "migration failed after 0.00 s\n", "error: no space left\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := run(t, test.engine, nil, "--manifest", manifestFile(t, `{}`), test.arg)
			if code != ExitFailed {
				t.Errorf("exit code %d", code)
			}
			if diff := cmp.Diff(test.stdout, stdout); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.stderr, stderr); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConsoleTellsCancelling(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	var told lockedBuffer
	engine := func(ctx context.Context, _ *manifest.Manifest, _ pipeline.Options) (*report.Report, error) {
		cancel(errors.New("the signal came"))
		<-ctx.Done()
		told.await(t, "cancelling: the signal came\n")
		return &report.Report{Pipeline: report.Pipeline{Cancelled: true, DurationSeconds: 3}}, context.Cause(ctx)
	}
	var out bytes.Buffer
	c := &Command{Engine: engine, Stdout: &out, Stderr: &told}
	code := c.Run(ctx, []string{"--manifest", manifestFile(t, `{}`)})
	if want := "migration cancelled after 3.00 s\n"; code != ExitCancelled || out.String() != want {
		t.Errorf("exit code %d, stdout %q", code, out.String())
	}
}

// lockedBuffer is a buffer that can be waited for.
type lockedBuffer struct {
	mutex   sync.Mutex
	changed *sync.Cond
	text    bytes.Buffer
}

func (b *lockedBuffer) lock() {
	b.mutex.Lock()
	if b.changed == nil {
		b.changed = sync.NewCond(&b.mutex)
	}
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.lock()
	defer b.mutex.Unlock()
	b.changed.Broadcast()
	return b.text.Write(text)
}

// await returns when the buffer holds text, or fails the test after a while.
func (b *lockedBuffer) await(t *testing.T, text string) {
	t.Helper()
	b.lock()
	defer b.mutex.Unlock()
	late := false
	defer time.AfterFunc(20*time.Second, func() {
		b.lock()
		defer b.mutex.Unlock()
		late = true
		b.changed.Broadcast()
	}).Stop()
	for !strings.Contains(b.text.String(), text) {
		if late {
			t.Errorf("%q was not printed, but %q", text, b.text.String())
			return
		}
		b.changed.Wait()
	}
}

func (b *lockedBuffer) String() string {
	b.lock()
	defer b.mutex.Unlock()
	return b.text.String()
}
func TestSummary(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]*report.Report{
		"dry run succeeded, no image was written, in 1.00 s\n": {Pipeline: report.Pipeline{Success: true, DryRun: true, DurationSeconds: 1}},
		"migration succeeded in 1.00 s, with 1 warning\n":      {Pipeline: report.Pipeline{Success: true, DurationSeconds: 1}, Summary: report.Summary{TotalWarnings: 1}},
		"migration failed after 1.00 s\n":                      {Pipeline: report.Pipeline{DurationSeconds: 1}},
	} {
		m := &manifest.Manifest{Output: manifest.Output{Directory: t.TempDir()}}
		if diff := cmp.Diff(want, summary(look{}, m, r, nil)); diff != "" {
			t.Errorf("summary (-want +got):\n%s", diff)
		}
	}
}

// TestSummaryLeavesOutAnotherReport is for a run that could not write its own,
// be it right after the one that could.
func TestSummaryLeavesOutAnotherReport(t *testing.T) {
	t.Parallel()
	m := &manifest.Manifest{Output: manifest.Output{Directory: t.TempDir()}, Options: manifest.DefaultOptions()}
	r := report.New()
	r.Finish()
	if err := writeReport(r, m.ReportPath()); err != nil {
		t.Fatal(err)
	}
	if text := summary(look{}, m, r, nil); !strings.Contains(text, m.ReportPath()) {
		t.Errorf("the summary lacks this run's report: %q", text)
	}
	next := report.New()
	next.Timestamp.Time = r.Timestamp.Add(time.Millisecond)
	next.Finish()
	if text := summary(look{}, m, next, nil); strings.Contains(text, m.ReportPath()) {
		t.Errorf("the summary names another run's report: %q", text)
	}
}
