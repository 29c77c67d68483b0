package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// run executes the command with an engine and returns what it printed.
func run(t *testing.T, engine Engine, stdin io.Reader, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return runUnder(t.Context(), engine, stdin, args...)
}

func runUnder(ctx context.Context, engine Engine, stdin io.Reader, args ...string) (code int, stdout, stderr string) {
	var out, messages bytes.Buffer
	c := &Command{Version: "1.2.3", Engine: engine, Stdin: stdin, Stdout: &out, Stderr: &messages}
	code = c.Run(ctx, args)
	return code, out.String(), messages.String()
}

// recorder is an engine that succeeds and remembers what it was given.
type recorder struct {
	calls    int
	manifest *manifest.Manifest
	options  pipeline.Options
}

func (r *recorder) engine(_ context.Context, m *manifest.Manifest, o pipeline.Options) (*report.Report, error) {
	r.calls++
	r.manifest, r.options = m, o
	result := report.New()
	result.Finish()
	return result, nil
}

// manifestText is a manifest whose output is the directory.
func manifestText(directory, options string) string {
	return fmt.Sprintf(`{
  "version": "1.0",
  "source": {"type": "vmdk", "path": "disk.vmdk"},
  "output": {"directory": %q},
  "pipeline": {"inspect": {}, "fix": {}, "convert": {}},
  "options": %s
}
`, directory, options)
}

func manifestFile(t *testing.T, options string) string {
	t.Helper()
	directory := t.TempDir()
	path := filepath.Join(directory, "migration.json")
	if err := os.WriteFile(path, []byte(manifestText(directory, options)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no manifest":       {nil, "no manifest: give --manifest FILE"},
		"an argument":       {[]string{"migration.json"}, `unexpected argument "migration.json": give the manifest as --manifest migration.json`},
		"an unknown flag":   {[]string{"--vmdk", "x"}, "unknown flag: --vmdk"},
		"host id":           {[]string{"--manifest", "x", "--host-id", "a b"}, `host id "a b": use 1 to 128 letters`},
		"no host id":        {[]string{"--manifest", "x", "--host-id", ""}, "--host-id is empty: give a value, or leave it out"},
		"no directory":      {[]string{"--manifest", "x", "--work-directory="}, "--work-directory is empty"},
		"no run id":         {[]string{"--manifest", "x", "--run-id", ""}, "--run-id is empty"},
		"an empty manifest": {[]string{"--manifest", ""}, "--manifest is empty"},
		"acceleration":      {[]string{"--manifest", "x", "--acceleration", "hvf"}, `unknown acceleration "hvf": use one of auto, kvm, tcg`},
		"quiet and verbose": {[]string{"--manifest", "x", "-q", "-v"}, "[quiet verbose]"},
		"schema and run":    {[]string{"--manifest", "x", "--print-schema"}, "[manifest print-schema]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r recorder
			code, stdout, stderr := run(t, r.engine, strings.NewReader(""), test.args...)
			if code != ExitInvalid || stdout != "" || r.calls != 0 {
				t.Errorf("exit code %d, stdout %q, %d migrations", code, stdout, r.calls)
			}
			if !strings.HasPrefix(stderr, "hyper2kvm: ") || !strings.Contains(stderr, test.want) {
				t.Errorf("stderr %q lacks %q", stderr, test.want)
			}
		})
	}
}

func TestInformation(t *testing.T) {
	t.Parallel()
	var r recorder
	code, schema, _ := run(t, r.engine, nil, "--print-schema")
	if code != ExitSuccess || schema != string(manifest.Schema()) {
		t.Errorf("--print-schema: exit code %d, %q", code, schema)
	}
	full := &Command{Stdout: fullDisk{}, Stderr: &bytes.Buffer{}}
	if code := full.Run(t.Context(), []string{"--print-schema"}); code == ExitSuccess {
		t.Error("--print-schema succeeds where it cannot be written")
	}
	code, version, _ := run(t, r.engine, nil, "--version")
	if code != ExitSuccess || version != "hyper2kvm version 1.2.3\n" {
		t.Errorf("--version: exit code %d, %q", code, version)
	}
	code, help, _ := run(t, r.engine, nil, "--help")
	for _, want := range []string{"--manifest FILE", "-v, --verbose", "-q, --quiet", "--dry-run", "--events", "--acceleration", "--work-directory DIR", "130  the migration was cancelled"} {
		if !strings.Contains(help, want) {
			t.Errorf("--help lacks %q:\n%s", want, help)
		}
	}
	if code != ExitSuccess || strings.Contains(help, "cancel-on-stdin-close") {
		t.Errorf("--help: exit code %d, or it shows a hidden flag:\n%s", code, help)
	}
	for _, asked := range [][2]string{{"", help}, {"report", reportLong}} {
		code, text, _ := run(t, r.engine, nil, strings.Fields("help "+asked[0])...)
		if code != ExitSuccess || !strings.HasPrefix(text, asked[1]) {
			t.Errorf("help %s: exit code %d, %q", asked[0], code, text)
		}
	}
	if code, _, stderr := run(t, r.engine, nil, "help", "migrate"); code != ExitInvalid || !strings.Contains(stderr, `no command "migrate"`) {
		t.Errorf("help migrate: exit code %d, %q", code, stderr)
	}
	if r.calls != 0 {
		t.Errorf("%d migrations ran", r.calls)
	}
}

func TestInvalidManifest(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	broken := filepath.Join(directory, "broken.json")
	if err := os.WriteFile(broken, []byte("{\n  \"version\": \"1.0\",\n  \"source\": {\"type\": \"qcow3\", \"path\": \"d\"},\n  \"output\": {\"directry\": \"o\"},\n  \"pipeline\": {\"fix\": {}}\n}"), 0o600); err != nil {
		t.Fatal(err)
	}
	absent := filepath.Join(directory, "absent.json")
	failing := iotest.ErrReader(errors.New("the pipe\x1b[2J burst"))
	for name, test := range map[string]struct {
		path  string
		stdin io.Reader
		want  string
	}{
		"not there":   {absent, nil, "hyper2kvm: manifest not found: " + absent + "\n"},
		"a directory": {directory, nil, "hyper2kvm: reading the manifest: read " + directory + ": is a directory\n"},
		"invalid": {
			broken, nil,
			broken + ":3:22: source.type: unsupported source type \"qcow3\": did you mean \"qcow2\"? (use one of vmdk, vmx, ova, ovf, vhd, vhdx, qcow2, raw)\n" +
				broken + ":4:13: output.directory: missing required field\n" +
				broken + ":4:14: output.directry: unknown field: did you mean \"directory\"?\n",
		},
		"empty standard input":  {"-", strings.NewReader(""), "standard input: the manifest is empty\n"},
		"broken standard input": {"-", failing, "hyper2kvm: reading the manifest: the pipe\ufffd[2J burst\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r recorder
			code, stdout, stderr := run(t, r.engine, test.stdin, "--manifest", test.path)
			if code != ExitInvalid || stdout != "" || r.calls != 0 {
				t.Errorf("exit code %d, stdout %q, %d migrations", code, stdout, r.calls)
			}
			if diff := cmp.Diff(test.want, stderr); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInvalidManifestAsEvents(t *testing.T) {
	t.Parallel()
	var r recorder
	code, stdout, stderr := run(t, r.engine, strings.NewReader("{}"), "--manifest", "-", "--events")
	if code != ExitInvalid || stderr != "" || r.calls != 0 {
		t.Errorf("exit code %d, stderr %q, %d migrations", code, stderr, r.calls)
	}
	events := decodeEvents(t, stdout)
	if diff := cmp.Diff([]string{"error", "finished"}, types(events)); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
	result := events[1].Report
	if result == nil || result.Pipeline.Success || len(result.Errors) != 1 || !strings.Contains(result.Errors[0].Message, "source: missing required field") {
		t.Errorf("the last event's report: %+v", result)
	}
}

func TestArgumentsOverrideOptions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options string
		args    []string
		want    manifest.Options
	}{
		"the manifest's":  {`{"dry_run": true, "verbose": 2}`, nil, manifest.Options{DryRun: true, Verbose: 2}},
		"verbose":         {`{"verbose": 0}`, []string{"-v"}, manifest.Options{Verbose: 2}},
		"very verbose":    {`{}`, []string{"-vv"}, manifest.Options{Verbose: 2}},
		"quiet":           {`{"verbose": 2}`, []string{"-q"}, manifest.Options{Verbose: 0}},
		"dry run":         {`{}`, []string{"--dry-run"}, manifest.Options{DryRun: true, Verbose: 1}},
		"no dry run":      {`{"dry_run": true}`, []string{"--dry-run=false"}, manifest.Options{Verbose: 1}},
		"nothing at all":  {`{}`, nil, manifest.Options{Verbose: 1}},
		"events as given": {`{"dry_run": true}`, []string{"--events"}, manifest.Options{DryRun: true, Verbose: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r recorder
			code, _, stderr := run(t, r.engine, nil, append(test.args, "--manifest", manifestFile(t, test.options))...)
			if code != ExitSuccess || r.calls != 1 {
				t.Fatalf("exit code %d, %d migrations, stderr %q", code, r.calls, stderr)
			}
			test.want.Report = manifest.DefaultOptions().Report
			if diff := cmp.Diff(test.want, r.manifest.Options); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEngineOptions(t *testing.T) {
	t.Parallel()
	var r recorder
	run(t, r.engine, nil, "--manifest", manifestFile(t, `{}`), "--acceleration", "tcg", "--work-directory", "/fast", "--host-id", "pool-1")
	if r.options.Acceleration != "tcg" || r.options.WorkDirectory != "/fast" || r.options.HostID != "pool-1" {
		t.Errorf("the engine got %+v", r.options)
	}
	run(t, r.engine, nil, "--manifest", manifestFile(t, `{}`))
	if r.options.Acceleration != "auto" || r.options.WorkDirectory != "" || r.options.HostID != "" {
		t.Errorf("by default the engine got %+v", r.options)
	}
}

// TestRelativePaths: what is recorded beside the image is read in other directories.
func TestRelativePaths(t *testing.T) {
	t.Parallel()
	var r recorder
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := run(t, r.engine, strings.NewReader(manifestText("out", `{}`)), "--manifest", "-"); code != ExitSuccess {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	if got, want := r.manifest.Output.Directory, filepath.Join(here, "out"); got != want {
		t.Errorf("the engine got the output directory %q, want %q", got, want)
	}
}

// TestSkipFinished is how a job that is run again runs the command.
func TestSkipFinished(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		finished []string
		args     []string
		calls    int
	}{
		"not asked for":   {[]string{"/out/a.qcow2"}, nil, 1},
		"nothing is done": {nil, []string{"--skip-finished"}, 1},
		"all is done":     {[]string{"/out/a.qcow2", "/out/a-disk2.qcow2"}, []string{"--skip-finished"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r recorder
			var out bytes.Buffer
			c := &Command{Engine: r.engine, Finished: func(*manifest.Manifest) []string { return test.finished }, Stdout: &out, Stderr: io.Discard}
			if code := c.Run(t.Context(), append(test.args, "--manifest", manifestFile(t, `{}`))); code != ExitSuccess || r.calls != test.calls {
				t.Errorf("exit code %d, %d migrations", code, r.calls)
			}
			const said = "has made /out/a.qcow2, /out/a-disk2.qcow2. Nothing was done.\n"
			if got := strings.HasSuffix(out.String(), said); got != (test.calls == 0) {
				t.Errorf("it says %q", out.String())
			}
		})
	}
}

func TestManifestFromStandardInput(t *testing.T) {
	t.Parallel()
	var r recorder
	code, _, stderr := run(t, r.engine, strings.NewReader(manifestText("/out", `{}`)), "--manifest", "-")
	if code != ExitSuccess || r.manifest.Output.Directory != "/out" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	code, _, stderr = run(t, r.engine, strings.NewReader(manifestText("/out", `{}`)+"{}"), "--manifest", "-")
	if code != ExitInvalid || !strings.HasPrefix(stderr, "standard input:8:1: there is more") {
		t.Errorf("with something behind it: exit code %d, stderr %q", code, stderr)
	}
}

// TestStdinCloseCancels is how the Terraform provider runs the command.
func TestStdinCloseCancels(t *testing.T) {
	t.Parallel()
	stdin, caller := io.Pipe()
	running := make(chan struct{})
	engine := func(ctx context.Context, _ *manifest.Manifest, _ pipeline.Options) (*report.Report, error) {
		close(running)
		<-ctx.Done()
		result := report.New()
		result.Pipeline.Cancelled = true
		result.Finish()
		return result, context.Cause(ctx)
	}
	go func() {
		// The manifest is read although the pipe stays open behind it.
		_, _ = io.WriteString(caller, manifestText("/out", `{}`))
		<-running
		_ = caller.Close()
	}()
	code, stdout, stderr := run(t, engine, stdin, "--manifest", "-", "--events", "--cancel-on-stdin-close")
	if code != ExitCancelled || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	events := decodeEvents(t, stdout)
	last := events[len(events)-1]
	if last.Type != report.EventFinished || last.Success || last.Report == nil || !last.Report.Pipeline.Cancelled {
		t.Errorf("the last event: %+v", last)
	}
}

func TestStdinCloseCancelsBrokenManifest(t *testing.T) {
	t.Parallel()
	var r recorder
	code, _, stderr := run(t, r.engine, strings.NewReader(`{"version": "1.0",`), "--manifest", "-", "--cancel-on-stdin-close")
	if want := "standard input:1:19: the manifest ends before its JSON is complete\n"; code != ExitInvalid || stderr != want {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk broke")
	for name, test := range map[string]struct {
		engine Engine
		cancel bool
		want   int
	}{
		"success": {func(context.Context, *manifest.Manifest, pipeline.Options) (*report.Report, error) {
			return &report.Report{Pipeline: report.Pipeline{Success: true}}, nil
		}, false, ExitSuccess},
		"failure": {func(context.Context, *manifest.Manifest, pipeline.Options) (*report.Report, error) {
			return &report.Report{}, broken
		}, false, ExitFailed},
		"error after success": {func(context.Context, *manifest.Manifest, pipeline.Options) (*report.Report, error) {
			return &report.Report{Pipeline: report.Pipeline{Success: true}}, broken
		}, false, ExitFailed},
		"report of a failure without an error": {func(context.Context, *manifest.Manifest, pipeline.Options) (*report.Report, error) {
			return &report.Report{}, nil
		}, false, ExitFailed},
		"no report": {func(context.Context, *manifest.Manifest, pipeline.Options) (*report.Report, error) {
			return nil, broken
		}, false, ExitFailed},
		"cancelled": {func(ctx context.Context, _ *manifest.Manifest, _ pipeline.Options) (*report.Report, error) {
			return &report.Report{Pipeline: report.Pipeline{Cancelled: true}}, ctx.Err()
		}, true, ExitCancelled},
		"cancelled without report": {func(ctx context.Context, _ *manifest.Manifest, _ pipeline.Options) (*report.Report, error) {
			return nil, ctx.Err()
		}, true, ExitCancelled},
		"cancelled too late": {func(context.Context, *manifest.Manifest, pipeline.Options) (*report.Report, error) {
			return &report.Report{Pipeline: report.Pipeline{Success: true}}, nil
		}, true, ExitSuccess},
	} {
		for _, events := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, events=%v", name, events), func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.cancel {
					cancel()
				}
				code, stdout, stderr := runUnder(ctx, test.engine, nil, "--manifest", manifestFile(t, `{}`), fmt.Sprintf("--events=%v", events))
				if code != test.want {
					t.Errorf("exit code %d, want %d; stdout %q, stderr %q", code, test.want, stdout, stderr)
				}
				if events {
					all := decodeEvents(t, stdout)
					last := all[len(all)-1]
					if last.Type != report.EventFinished || last.Report == nil || last.Success != (code == ExitSuccess) {
						t.Errorf("the last event: %+v", last)
					}
				}
			})
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	engine := func(_ context.Context, _ *manifest.Manifest, o pipeline.Options) (*report.Report, error) {
		result := report.New()
		for _, kind := range []string{
			report.EventStageStarted, report.EventProgress, report.EventWarning, report.EventLog, report.EventStageFinished,
			report.EventFinished, // the command says that itself, once
		} {
			o.Notify(report.Event{Type: kind, Time: report.Now(), Stage: report.StageFix, Message: "a\nb"})
		}
		result.Finish()
		return result, nil
	}
	// Quiet is for people: a program gets every event.
	code, stdout, stderr := run(t, engine, nil, "--manifest", manifestFile(t, `{}`), "--events", "-q")
	if code != ExitSuccess || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	want := []string{"stage_started", "progress", "warning", "log", "stage_finished", "finished"}
	if diff := cmp.Diff(want, types(decodeEvents(t, stdout))); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestEventsSurviveBrokenResult is for a stage whose result is no JSON.
func TestEventsSurviveBrokenResult(t *testing.T) {
	t.Parallel()
	engine := func(context.Context, *manifest.Manifest, pipeline.Options) (*report.Report, error) {
		return &report.Report{Pipeline: report.Pipeline{Stages: report.Stages{{Name: "fix", Result: json.RawMessage("{")}}}}, nil
	}
	_, stdout, _ := run(t, engine, nil, "--manifest", manifestFile(t, `{}`), "--events")
	if events := decodeEvents(t, stdout); len(events) != 1 || !strings.Contains(events[0].Message, "could not be encoded") {
		t.Errorf("events: %q", stdout)
	}
}

func TestNotifyFromSeveralGoroutines(t *testing.T) {
	t.Parallel()
	const senders, each = 8, 50
	engine := func(_ context.Context, _ *manifest.Manifest, o pipeline.Options) (*report.Report, error) {
		done := make(chan struct{})
		for range senders {
			go func() {
				for range each {
					o.Notify(report.Event{Type: report.EventLog, Time: report.Now()})
				}
				done <- struct{}{}
			}()
		}
		for range senders {
			<-done
		}
		result := report.New()
		result.Finish()
		return result, nil
	}
	_, stdout, _ := run(t, engine, nil, "--manifest", manifestFile(t, `{}`), "--events")
	if got := len(decodeEvents(t, stdout)); got != senders*each+1 {
		t.Errorf("%d events, want %d", got, senders*each+1)
	}
}

func TestClosedOutputsDoNotMatter(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"--events", "-v", "-q"} {
		var r recorder
		c := &Command{Engine: r.engine, Stdout: closed{}, Stderr: closed{}}
		if code := c.Run(t.Context(), []string{"--manifest", manifestFile(t, `{}`), arg}); code != ExitSuccess || r.calls != 1 {
			t.Errorf("%s: exit code %d, %d migrations", arg, code, r.calls)
		}
	}
}

// closed is a pipe that nobody reads.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func decodeEvents(t *testing.T, text string) []report.Event {
	t.Helper()
	var events []report.Event
	for line := range strings.Lines(text) {
		var e report.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if !strings.HasSuffix(line, "\n") || e.Time.Before(time.Now().Add(-time.Hour)) {
			t.Errorf("no whole event: %q", line)
		}
		events = append(events, e)
	}
	return events
}

func types(events []report.Event) []string {
	var found []string
	for _, e := range events {
		found = append(found, e.Type)
	}
	return found
}

func TestWanted(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]bool{
		"":                                    false,
		"terraform-provider-hyper2kvm":        false,
		"/x/terraform-provider-hyper2kvm_v1":  false,
		"terraform-provider-hyper2kvm -debug": false,
		"terraform-provider-hyper2kvm --manifest -": true,
		"terraform-provider-hyper2kvm --help":       true,
		"/usr/bin/hyper2kvm":                        true,
		"hyper2kvm.exe":                             true,
		"hyper2kvm -debug":                          true,
	} {
		if got := Wanted(strings.Fields(args)); got != want {
			t.Errorf("Wanted(%q) = %v", args, got)
		}
	}
	if !WantsDebug([]string{"p", "-debug"}) || WantsDebug([]string{"p"}) || slices.ContainsFunc([][]string{{"p", "-debug", "x"}, {"p", "debug"}}, WantsDebug) {
		t.Error("WantsDebug is wrong about -debug")
	}
}

// fullDisk takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }
