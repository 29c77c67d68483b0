package pipeline_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/artifact"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testmount"
)

// at calls do when the run gives the first event of that type in that stage.
func at(event, stage string, do func()) pipeline.Options {
	done := false
	return pipeline.Options{Notify: func(e report.Event) {
		if !done && e.Type == event && e.Stage == stage {
			done = true
			do()
		}
	}}
}

// hidden is the hidden directory of the only run in a directory.
func hidden(t *testing.T, directory string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(directory, ".hyper2kvm-*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("hidden directories: %v, %v", found, err)
	}
	return found[0]
}

// What cannot be removed after the migration is a warning that names it, in the
// report, too, and the next migration removes it.
func TestCleanupThatFailsIsAWarning(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		directory func(t *testing.T) string
		// hold keeps something in the hidden directory until it is released.
		hold func(t *testing.T, hidden string) (release func())
	}{
		"a file that is open": {testmount.Bindfs, func(t *testing.T, hidden string) func() {
			file, err := os.Create(filepath.Join(hidden, "work", "open"))
			if err != nil {
				t.Fatal(err)
			}
			return func() {
				if err := file.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}},
		"a mount": {func(t *testing.T) string { return t.TempDir() }, func(t *testing.T, hidden string) func() {
			at := filepath.Join(hidden, "work", "mount")
			if err := os.Mkdir(at, 0o700); err != nil {
				t.Fatal(err)
			}
			return testmount.TmpfsAt(t, at, "size=1m")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := test.directory(t)
			if os.Geteuid() != 0 {
				t.Skip("needs root, to mount a file system")
			}
			m := conversion(smallVMDK(t), directory)
			var left string
			var release func()
			r, err := pipeline.Run(t.Context(), m, at(report.EventStageStarted, report.StageConvert, func() {
				left = hidden(t, directory)
				release = test.hold(t, left)
			}))
			if err != nil || !r.Pipeline.Success || len(r.Artifacts) != 1 || r.Summary.TotalWarnings != 1 {
				t.Fatalf("%v, %+v", err, r)
			}
			written, err := report.Read(m.ReportPath())
			if err != nil || !written.Pipeline.Success || len(written.Warnings) != 1 {
				t.Fatalf("the report that was written: %+v, %v", written, err)
			}
			if w := written.Warnings[0]; !strings.Contains(w.Message, left) || w.Remedy == "" {
				t.Errorf("the warning is %q, %q", w.Message, w.Remedy)
			}
			for _, path := range []string{m.OutputPath(), m.ReportPath()} {
				if status := artifact.Check(path, artifact.Identity{}); status.State != artifact.StateOwned {
					t.Errorf("%s is %s (%s)", path, status.State, status.Reason)
				}
			}
			release()
			again := conversion(m.Source.Path, directory)
			again.Output.Filename, again.Options.Report.Path = "again.qcow2", "again.json"
			if r, err := pipeline.Run(t.Context(), again, pipeline.Options{}); err != nil {
				t.Fatal(err)
			} else if len(r.Warnings) > 0 && !strings.Contains(r.Warnings[0].Message, left) {
				t.Errorf("warnings: %+v", r.Warnings)
			}
			for _, name := range listing(directory) {
				if strings.HasPrefix(name, ".hyper2kvm-") || name == "progress.json" {
					t.Errorf("%s was left behind", name)
				}
			}
		})
	}
}

// What cannot be made final is taken back, and the report does not say that it
// is there.
func TestPublishingThatCannotBeMadeFinal(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	m := conversion(smallVMDK(t), directory)
	r, err := pipeline.Run(t.Context(), m, at(report.EventStageFinished, report.StageValidate, func() {
		if _, err := os.Stat(m.OutputPath()); err != nil {
			t.Errorf("nothing is published yet: %v", err)
		}
		journal := filepath.Join(hidden(t, directory), "journal")
		if err := os.Remove(journal); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(journal, "in", "the", "way"), 0o700); err != nil {
			t.Fatal(err)
		}
	}))
	if err == nil || r.Pipeline.Success || len(r.Artifacts) != 0 {
		t.Fatalf("%v, %+v", err, r)
	}
	checkReportFile(t, m.ReportPath(), false)
	if visible := slices.DeleteFunc(listing(directory), func(n string) bool { return strings.HasPrefix(n, ".hyper2kvm-") || strings.Contains(n, "/") }); !slices.Equal(visible, []string{"report.json"}) {
		t.Errorf("left: %q", visible)
	}
}

// A file system that becomes read-only while it is published to leaves what
// cannot be taken back, says so, and the next migration takes it back.
func TestPublishingOnAFileSystemThatBecomesReadOnly(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	m := conversion(smallVMDK(t), directory)
	var writable func()
	r, err := pipeline.Run(t.Context(), m, at(report.EventStageFinished, report.StageValidate, func() {
		writable = testmount.ReadOnly(t, directory)
	}))
	if err == nil || r.Pipeline.Success || len(r.Artifacts) != 1 || r.Artifacts[0].Path != m.OutputPath() {
		t.Fatalf("%v, %+v", err, r)
	}
	if !strings.Contains(err.Error(), "taking back "+m.OutputPath()) || !strings.Contains(err.Error(), "read-only file system") {
		t.Errorf("the error is %v", err)
	}
	writable()
	if r, err = pipeline.Run(t.Context(), m, pipeline.Options{}); err != nil || !r.Pipeline.Success {
		t.Errorf("the next run ends with %v", err)
	}
	if left := listing(directory); !slices.Equal(left, []string{".guest.qcow2.hyper2kvm.json", ".report.json.hyper2kvm.json", "guest.qcow2", "report.json"}) {
		t.Errorf("left: %q", left)
	}
}

// Who could not read the source reads nothing of it in the image, the report,
// their records or the progress file, also where these replace files that
// everybody could read.
func TestRunGuardsWhatItWrites(t *testing.T) {
	t.Parallel()
	const another = 54321
	for name, test := range map[string]struct {
		mode  fs.FileMode
		group int
		want  fs.FileMode
	}{
		"all":                      {0o644, -1, 0o644},
		"the owner":                {0o600, -1, 0o600},
		"the group":                {0o640, -1, 0o640},
		"another group":            {0o640, another, 0o600},
		"another group, and all":   {0o644, another, 0o644},
		"all but a group":          {0o604, another, 0o600},
		"nobody may write to it":   {0o444, -1, 0o644},
		"for programs":             {0o755, -1, 0o644},
		"another group may write":  {0o664, another, 0o644},
		"its owner may not either": {0o040, another, 0o600},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			m := conversion(smallVMDK(t), directory)
			if os.Geteuid() != 0 && (test.group != -1 || test.mode&0o400 == 0) {
				t.Skip("needs root, for a source of another group")
			}
			if err := os.Chown(m.SourcePath(), -1, test.group); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(m.SourcePath(), test.mode); err != nil {
				t.Fatal(err)
			}
			failed, err := report.New().Indented()
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(m.ReportPath(), failed, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(m.ReportPath(), 0o666); err != nil {
				t.Fatal(err)
			}
			var progress fs.FileMode
			if _, err := pipeline.Run(t.Context(), m, at(report.EventStageStarted, report.StageConvert, func() {
				info, err := os.Stat(filepath.Join(directory, "progress.json"))
				if err != nil {
					t.Fatal(err)
				}
				progress = info.Mode().Perm()
			})); err != nil {
				t.Fatal(err)
			}
			modes := map[string]fs.FileMode{"progress.json": progress}
			for _, name := range listing(directory) {
				info, err := os.Stat(filepath.Join(directory, name))
				if err != nil {
					t.Fatal(err)
				}
				modes[name] = info.Mode().Perm()
			}
			if len(modes) != 5 {
				t.Errorf("files: %v", modes)
			}
			for name, mode := range modes {
				if mode != test.want&^umask(t) {
					t.Errorf("%s has the mode %04o, want %04o", name, mode, test.want)
				}
			}
		})
	}
}

// The mode and the owner of the manifest are the images', and theirs alone; without
// a mode the source bounds it as ever.
func TestRunHandsImagesOver(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mode, owner string
		want        fs.FileMode
		uid, gid    uint32
	}{
		"mode alone":     {"0640", "", 0o640, uint32(os.Geteuid()), uint32(os.Getegid())},
		"mode and owner": {"660", "12345:54321", 0o660, 12345, 54321},
		"group alone":    {"0640", ":54321", 0o640, uint32(os.Geteuid()), 54321},
		"owner alone":    {"", "12345", 0o600, 12345, uint32(os.Getegid())},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.owner != "" && os.Geteuid() != 0 {
				t.Skip("only root gives files away")
			}
			m := conversion(smallVMDK(t), t.TempDir())
			m.Output.Mode, m.Output.Owner = test.mode, test.owner
			if err := os.Chmod(m.SourcePath(), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := pipeline.Run(t.Context(), m, pipeline.Options{}); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(m.OutputPath())
			if err != nil {
				t.Fatal(err)
			}
			status, ok := info.Sys().(*syscall.Stat_t)
			if !ok || info.Mode().Perm() != test.want || status.Uid != test.uid || status.Gid != test.gid {
				t.Errorf("the image has the mode %04o and belongs to %d:%d, want %04o and %d:%d", info.Mode().Perm(), status.Uid, status.Gid, test.want, test.uid, test.gid)
			}
			if report, err := os.Stat(m.ReportPath()); err != nil || report.Mode().Perm() != 0o600 {
				t.Errorf("the report: %v, %v", report, err)
			}
		})
	}
}

// A report on a source that could not be opened is for who ran the migration.
func TestRunGuardsTheReportOfAFailure(t *testing.T) {
	t.Parallel()
	m := conversion(smallVMDK(t), t.TempDir())
	m.Source.Path += ".gone"
	if _, err := pipeline.Run(t.Context(), m, pipeline.Options{}); err == nil {
		t.Fatal("a missing source was accepted")
	}
	info, err := os.Stat(m.ReportPath())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// umask is this process's, as a new file shows.
func umask(t *testing.T) fs.FileMode {
	t.Helper()
	path := filepath.Join(t.TempDir(), "new")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return 0o666 &^ info.Mode().Perm()
}
