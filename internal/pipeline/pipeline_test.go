package pipeline_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func requireQEMUImg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("needs qemu-img (Debian: qemu-utils)")
	}
}

// conversion is a manifest that needs no appliance: convert and validate alone.
func conversion(source, directory string) *manifest.Manifest {
	m := migration(source, directory)
	m.Pipeline.Inspect.Enabled = false
	m.Pipeline.Fix.Enabled = false
	return m
}

// smallVMDK makes a VMDK of 8 MiB with a few bytes of content.
func smallVMDK(t *testing.T) string {
	t.Helper()
	requireQEMUImg(t)
	directory := t.TempDir()
	raw, vmdk := filepath.Join(directory, "disk.raw"), filepath.Join(directory, "disk.vmdk")
	content := make([]byte, 8<<20)
	copy(content[1<<20:], "the content of a small disk")
	if err := os.WriteFile(raw, content, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized", raw, vmdk).CombinedOutput()
	if err != nil {
		t.Fatalf("qemu-img: %v: %s", err, out)
	}
	return vmdk
}

func TestRunConverts(t *testing.T) {
	t.Parallel()
	for _, format := range manifest.OutputFormats {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			source, directory := smallVMDK(t), filepath.Join(t.TempDir(), "made", "on", "demand")
			m := conversion(source, directory)
			m.Output.Format, m.Output.Filename = format, "disk."+string(format)
			before := digest(t, source)

			var events []report.Event
			r, err := pipeline.Run(t.Context(), m, pipeline.Options{Notify: func(e report.Event) { events = append(events, e) }})
			if err != nil {
				t.Fatal(err)
			}
			if after := digest(t, source); after != before {
				t.Error("the source changed")
			}
			out, err := exec.Command("qemu-img", "compare", "-f", "vmdk", "-F", string(format), source, m.OutputPath()).CombinedOutput()
			if err != nil {
				t.Errorf("the image differs from its source: %v: %s", err, out)
			}
			if len(r.Artifacts) != 1 || r.Artifacts[0].Path != m.OutputPath() || r.Artifacts[0].VirtualSize != 8<<20 {
				t.Errorf("artifacts: %+v", r.Artifacts)
			}
			checkReportFile(t, m.ReportPath(), true)
			if last := events[len(events)-1]; last.Type != report.EventFinished || last.Report == nil || !last.Success {
				t.Errorf("the last event is %+v", last)
			}
			checkProgress(t, events)
		})
	}
}

// checkProgress proves that neither a stage's progress nor that of all ever
// falls, and that 100 is the end.
func checkProgress(t *testing.T, events []report.Event) {
	t.Helper()
	reached := map[string]float64{}
	total := 0.0
	for _, e := range events {
		if e.TotalPercent < total {
			t.Errorf("progress of all fell from %.1f to %.1f", total, e.TotalPercent)
		}
		if total == 100 && e.Type != report.EventStageFinished && e.Type != report.EventFinished {
			t.Errorf("all was done before %+v", e)
		}
		total = e.TotalPercent
		if e.Type != report.EventProgress {
			continue
		}
		if reached[e.Stage] == 100 {
			t.Errorf("%s was done before %+v", e.Stage, e)
		}
		if e.Percent < reached[e.Stage] {
			t.Errorf("progress of %s fell from %.1f to %.1f", e.Stage, reached[e.Stage], e.Percent)
		}
		reached[e.Stage] = e.Percent
	}
	if reached[report.StageConvert] != 100 {
		t.Errorf("convert ended at %.1f %%", reached[report.StageConvert])
	}
	if total != 100 {
		t.Errorf("all ended at %.1f %%", total)
	}
}

func checkReportFile(t *testing.T, path string, success bool) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r report.Report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if r.Pipeline.Success != success || (len(r.Errors) == 0) != success {
		t.Errorf("the report says success=%v with errors %+v", r.Pipeline.Success, r.Errors)
	}
}

func TestRunRefusesBeforeAnyWork(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(t *testing.T, m *manifest.Manifest)
		want  string
	}{
		"missing source": {
			func(_ *testing.T, m *manifest.Manifest) { m.Source.Path += ".gone" },
			"source.path",
		},
		"source of another type": {
			func(_ *testing.T, m *manifest.Manifest) { m.Source.Type = manifest.SourceQCOW2 },
			"source.type",
		},
		"source that is no disk image": {
			func(t *testing.T, m *manifest.Manifest) {
				m.Source.Path = filepath.Join(t.TempDir(), "letter.vmdk")
				write(t, m.Source.Path, "Dear Sir or Madam,\n")
			},
			"source.path",
		},
		"existing output": {
			func(t *testing.T, m *manifest.Manifest) { write(t, m.OutputPath(), "precious") },
			"exists",
		},
		"output directory below a file": {
			func(t *testing.T, m *manifest.Manifest) {
				m.Output.Directory = filepath.Join(t.TempDir(), "file", "below")
				write(t, filepath.Dir(m.Output.Directory), "")
			},
			"output",
		},
		"output directory that is a file": {
			func(t *testing.T, m *manifest.Manifest) {
				m.Output.Directory = filepath.Join(t.TempDir(), "file")
				write(t, m.Output.Directory, "")
			},
			"output: ",
		},
		"report over another file": {
			func(t *testing.T, m *manifest.Manifest) { write(t, m.ReportPath(), "precious") },
			"is not a report",
		},
		"report over another file, and no source": {
			func(t *testing.T, m *manifest.Manifest) {
				write(t, m.ReportPath(), "precious")
				m.Source.Path += ".gone"
			},
			"source.path",
		},
		"report through a link": {
			func(t *testing.T, m *manifest.Manifest) {
				write(t, filepath.Join(m.Output.Directory, "diary"), "precious")
				if err := os.Symlink("diary", m.ReportPath()); err != nil {
					t.Fatal(err)
				}
			},
			"is not a report",
		},
		"configuration that no stage injects": {
			func(_ *testing.T, m *manifest.Manifest) {
				m.Configuration = &manifest.Configuration{Hostname: &manifest.Hostname{Hostname: "web01"}}
			},
			"pipeline.fix",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := conversion(smallVMDK(t), t.TempDir())
			c.spoil(t, m)
			before := listing(m.Output.Directory)

			r, err := pipeline.Run(t.Context(), m, pipeline.Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, expected one with %q", err, c.want)
			}
			var failure *pipeline.Error
			if !errors.As(err, &failure) || failure.Stage != report.StageLoadManifest {
				t.Errorf("the error does not name the stage load_manifest: %#v", failure)
			}
			if len(r.Pipeline.Stages) != 1 || r.Pipeline.Success {
				t.Errorf("stages ran after the failure: %+v", r.Pipeline.Stages)
			}
			after := slices.DeleteFunc(listing(m.Output.Directory), func(n string) bool {
				return n == "report.json" && !slices.Contains(before, n)
			})
			if !slices.Equal(before, after) {
				t.Errorf("files before: %q, after: %q", before, after)
			}
			for _, path := range before {
				if text, _ := os.ReadFile(filepath.Join(m.Output.Directory, path)); string(text) != "precious" {
					t.Errorf("%s was changed to %.40q", path, text)
				}
			}
		})
	}
}

func TestRunCancelled(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{report.StageLoadManifest, report.StageConvert, report.StageValidate} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			m := conversion(smallVMDK(t), t.TempDir())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r, err := pipeline.Run(ctx, m, pipeline.Options{Notify: func(e report.Event) {
				if e.Type == report.EventStageStarted && e.Stage == stage {
					cancel()
				}
			}})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("error is %v", err)
			}
			if !r.Pipeline.Cancelled || r.Pipeline.Success {
				t.Errorf("the report says cancelled=%v success=%v", r.Pipeline.Cancelled, r.Pipeline.Success)
			}
			for _, name := range listing(m.Output.Directory) {
				if name != "report.json" {
					t.Errorf("%s was left behind", name)
				}
			}
		})
	}
}

func TestRunWithoutReport(t *testing.T) {
	t.Parallel()
	m := conversion(smallVMDK(t), t.TempDir())
	m.Options.Report.Enabled = false
	if _, err := pipeline.Run(t.Context(), m, pipeline.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range listing(m.Output.Directory) {
		if strings.HasSuffix(name, "report.json") {
			t.Errorf("%s was written", name)
		}
	}
}

func TestRunRepeatedAfterFailure(t *testing.T) {
	t.Parallel()
	m := conversion(smallVMDK(t), t.TempDir())
	write(t, m.OutputPath(), "in the way")
	if _, err := pipeline.Run(t.Context(), m, pipeline.Options{}); err == nil {
		t.Fatal("an existing output was accepted")
	}
	checkReportFile(t, m.ReportPath(), false)
	if err := os.Remove(m.OutputPath()); err != nil {
		t.Fatal(err)
	}
	if _, err := pipeline.Run(t.Context(), m, pipeline.Options{}); err != nil {
		t.Fatalf("the report of the failed run is in the way: %v", err)
	}
	checkReportFile(t, m.ReportPath(), true)
}

// TestRunKeepsOtherReports proves that no run, however it ends, touches the
// report on an image that exists.
func TestRunKeepsOtherReports(t *testing.T) {
	t.Parallel()
	first := conversion(smallVMDK(t), t.TempDir())
	if _, err := pipeline.Run(t.Context(), first, pipeline.Options{}); err != nil {
		t.Fatal(err)
	}
	before := digest(t, first.ReportPath())
	for name, spoil := range map[string]func(m *manifest.Manifest){
		"the same again":       func(*manifest.Manifest) {},
		"another image":        func(m *manifest.Manifest) { m.Output.Filename = "other.qcow2" },
		"a missing source":     func(m *manifest.Manifest) { m.Source.Path += ".gone" },
		"a dry run":            func(m *manifest.Manifest) { m.Options.DryRun = true },
		"overwrite that fails": func(m *manifest.Manifest) { m.Output.Overwrite = true; m.Source.Type = manifest.SourceQCOW2 },
	} {
		m := conversion(first.Source.Path, first.Output.Directory)
		spoil(m)
		if _, err := pipeline.Run(t.Context(), m, pipeline.Options{}); err == nil {
			t.Errorf("%s was accepted", name)
		}
		if digest(t, first.ReportPath()) != before {
			t.Fatalf("%s replaced the report", name)
		}
	}
	again := conversion(first.Source.Path, first.Output.Directory)
	again.Output.Overwrite = true
	if _, err := pipeline.Run(t.Context(), again, pipeline.Options{}); err != nil {
		t.Errorf("overwrite was refused: %v", err)
	}
}

// The report on an image that is gone is replaced with the image.
func TestRunReplacesAnImageThatIsGone(t *testing.T) {
	t.Parallel()
	m := conversion(smallVMDK(t), t.TempDir())
	for range 2 {
		if _, err := pipeline.Run(t.Context(), m, pipeline.Options{}); err != nil {
			t.Fatal(err)
		}
		checkReportFile(t, m.ReportPath(), true)
		if err := os.Remove(m.OutputPath()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRunMakesReportDirectory(t *testing.T) {
	t.Parallel()
	m := conversion(smallVMDK(t), t.TempDir())
	m.Options.Report.Path = "reports/web.json"
	if _, err := pipeline.Run(t.Context(), m, pipeline.Options{}); err != nil {
		t.Fatal(err)
	}
	checkReportFile(t, filepath.Join(m.Output.Directory, "reports", "web.json"), true)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// listing names what is in a directory, hidden files too; nothing where there
// is no directory.
func listing(directory string) []string {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// The second of two runs to the same path ends at once and leaves the first,
// its report included, alone.
func TestRunBesideAnother(t *testing.T) {
	t.Parallel()
	source, directory := smallVMDK(t), t.TempDir()
	m := conversion(source, directory)
	var second error
	_, err := pipeline.Run(t.Context(), m, pipeline.Options{Notify: func(e report.Event) {
		if e.Type == report.EventStageStarted && e.Stage == report.StageConvert {
			_, second = pipeline.Run(t.Context(), conversion(source, directory), pipeline.Options{})
			if _, err := os.Stat(m.ReportPath()); err == nil {
				t.Error("the second run wrote the first one's report")
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if second == nil || !strings.Contains(second.Error(), "is being written by another migration (process ") {
		t.Errorf("the second run: %v", second)
	}
}

func TestRunCanBeFollowedByAFile(t *testing.T) {
	t.Parallel()
	source, directory := smallVMDK(t), t.TempDir()
	var seen []byte
	_, err := pipeline.Run(t.Context(), conversion(source, directory), pipeline.Options{Notify: func(e report.Event) {
		if e.Type == report.EventStageFinished && e.Stage == report.StageConvert {
			seen, _ = os.ReadFile(filepath.Join(directory, "progress.json"))
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	var stages []string
	last := -1.0
	for line := range strings.Lines(string(seen)) {
		var e report.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		switch e.Type {
		case report.EventStageStarted:
			stages, last = append(stages, e.Stage), 0
		case report.EventProgress:
			if e.Percent < last {
				t.Errorf("the progress falls from %v to %v", last, e.Percent)
			}
			last = e.Percent
		}
	}
	if !slices.Equal(stages, []string{"load_manifest", "convert"}) || last != 100 {
		t.Errorf("stages %q, at %v %%: %s", stages, last, seen)
	}
	if _, err := os.Stat(filepath.Join(directory, "progress.json")); !os.IsNotExist(err) {
		t.Errorf("the file stays: %v", err)
	}
}

// Reading a large file for its checksum takes minutes, which can be followed.
func TestRunTellsHowFarTheChecksumIs(t *testing.T) {
	t.Parallel()
	requireQEMUImg(t)
	file := filepath.Join(t.TempDir(), "disk.raw")
	content := make([]byte, 8<<20)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	m := conversion(file, t.TempDir())
	m.Source.Type = manifest.SourceRaw
	m.Source.Checksum = fmt.Sprintf("sha256:%x", sha256.Sum256(content))
	var events []report.Event
	_, err := pipeline.Run(t.Context(), m, pipeline.Options{Notify: func(e report.Event) { events = append(events, e) }})
	if err != nil {
		t.Fatal(err)
	}
	checkProgress(t, events)
	if !slices.ContainsFunc(events, func(e report.Event) bool {
		return e.Stage == report.StageLoadManifest && e.Percent == 50 && e.TotalPercent > 0 && e.TotalPercent < 50
	}) {
		t.Errorf("no event tells of half the file: %+v", events)
	}
}

// A run may write its report, or its image, where other runs tell how far they are.
func TestRunLeavesItsOutputsNamesAlone(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*manifest.Manifest){
		"the report": func(m *manifest.Manifest) { m.Options.Report.Path = "progress.json" },
		"the image":  func(m *manifest.Manifest) { m.Output.Filename = "progress.json" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := conversion(smallVMDK(t), t.TempDir())
			change(m)
			r, err := pipeline.Run(t.Context(), m, pipeline.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !r.WrittenTo(m.ReportPath()) {
				t.Errorf("%s is not the run's report", m.ReportPath())
			}
			if info, err := os.Stat(m.OutputPath()); err != nil || info.Size() != r.Artifacts[0].SizeBytes {
				t.Errorf("%s is not the image: %v", m.OutputPath(), err)
			}
		})
	}
}
