package report_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func at(t *testing.T, text string) report.Time {
	t.Helper()
	var parsed report.Time
	if err := json.Unmarshal([]byte(`"`+text+`"`), &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed
}

func success(t *testing.T) *report.Report {
	r := &report.Report{
		Version:   report.Version,
		Timestamp: at(t, "2026-01-21T18:23:32.808096"),
		Pipeline: report.Pipeline{Success: true, DurationSeconds: 245.67, Stages: report.Stages{
			{Name: report.StageLoadManifest, Success: true, Duration: 0.01},
			{Name: report.StageInspect, Success: true, Duration: 2.34},
			{Name: report.StageFix, Success: true, Duration: 120.45, Result: json.RawMessage(`{"diff":"-/dev/sda1 <old> & \"new\""}`)},
			{Name: report.StageConvert, Success: true, Duration: 118.32},
			{Name: report.StageValidate, Success: true, Duration: 4.55},
		}},
		Summary: report.Summary{TotalStages: 5, SuccessfulStages: 5, TotalArtifacts: 1},
	}
	r.AddArtifact(report.Artifact{
		Type: report.ArtifactConvertedImage, Path: "/data/output/webserver/webserver.qcow2",
		Format: "qcow2", SizeBytes: 10737418240,
	})
	return r
}

func failure(t *testing.T) *report.Report {
	return &report.Report{
		Version:   report.Version,
		Timestamp: at(t, "2026-01-21T18:23:32.808096"),
		Pipeline: report.Pipeline{DurationSeconds: 12.58, Stages: report.Stages{
			{Name: report.StageLoadManifest, Success: true, Duration: 0.01},
			{Name: report.StageConvert, Duration: 10.23, Error: "insufficient disk space"},
		}},
		Warnings: []report.Message{{
			Stage: report.StageFix, Message: "could not remove VMware tools: package not found",
			Timestamp: at(t, "2026-01-21T18:25:15.123456"),
		}},
		Errors: []report.Message{{
			Stage: report.StageConvert, Message: "insufficient disk space",
			Remedy: "free space, or choose another output.directory", Timestamp: at(t, "2026-01-21T18:27:32.654321"),
		}},
		Summary: report.Summary{TotalStages: 2, SuccessfulStages: 1, FailedStages: 1, TotalWarnings: 1, TotalErrors: 1},
	}
}

// TestWriteFile holds the file to the schema's shape byte for byte, and reads
// it back to the same value.
func TestWriteFile(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*report.Report{"success": success(t), "failure": failure(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "report.json")
			if err := r.WriteFile(path, nil); err != nil {
				t.Fatal(err)
			}
			written, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			golden, err := os.ReadFile(filepath.Join("testdata", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(golden), string(written)); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
			var back report.Report
			if err := json.Unmarshal(written, &back); err != nil {
				t.Fatal(err)
			}
			again := filepath.Join(t.TempDir(), "report.json")
			if err := back.WriteFile(again, nil); err != nil {
				t.Fatal(err)
			}
			rewritten, err := os.ReadFile(again)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(written), string(rewritten)); diff != "" {
				t.Errorf("read back and written again (-first +second):\n%s", diff)
			}
		})
	}
}

func TestWriteFileReplacesWhole(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "report.json")
	if err := os.WriteFile(path, []byte("older"), 0o600); err != nil {
		t.Fatal(err)
	}
	// A second name keeps the older file: the new one must be another file, or
	// a reader could see a half of it.
	kept := filepath.Join(directory, "kept.json")
	if err := os.Link(path, kept); err != nil {
		t.Fatal(err)
	}
	if err := report.New().WriteFile(path, nil); err != nil {
		t.Fatal(err)
	}
	if older, _ := os.ReadFile(kept); string(older) != "older" {
		t.Errorf("the older report was written to in place: %q", older)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, want 0644", info.Mode().Perm())
	}
	assertEntries(t, directory, "kept.json", "report.json")
}

func TestWriteFileLeavesNothingOnFailure(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "report.json")
	// A directory of that name with something in it cannot be replaced.
	if err := os.MkdirAll(filepath.Join(path, "occupied"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := report.New().WriteFile(path, nil); err == nil {
		t.Error("no error for a path that is a directory")
	}
	assertEntries(t, directory, "report.json")

	if err := report.New().WriteFile(filepath.Join(directory, "absent", "report.json"), nil); err == nil {
		t.Error("no error for a directory that does not exist")
	}
}

func TestWriteFileRefusesBrokenResult(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	r := report.New()
	r.Pipeline.Stages = report.Stages{{Name: report.StageFix, Result: json.RawMessage("{")}}
	if err := r.WriteFile(filepath.Join(directory, "report.json"), nil); err == nil {
		t.Error("no error for a stage result that is no JSON")
	}
	assertEntries(t, directory)
}

func assertEntries(t *testing.T, directory string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
}

func TestTimeHasMicroseconds(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 3600)
	encoded, err := json.Marshal(report.Time{Time: time.Date(2026, 1, 21, 19, 23, 32, 808096000, zone)})
	if err != nil {
		t.Fatal(err)
	}
	if want := `"2026-01-21T18:23:32.808096"`; string(encoded) != want {
		t.Errorf("got %s, want %s", encoded, want)
	}
	var back report.Time
	for _, bad := range []string{`"2026-01-21"`, `7`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("no error for the timestamp %s", bad)
		}
	}
}
