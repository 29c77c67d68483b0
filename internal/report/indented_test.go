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

// TestIndented holds the file to the schema's shape byte for byte, and reads
// it back to the same value.
func TestIndented(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*report.Report{"success": success(t), "failure": failure(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			written, err := r.Indented()
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
			rewritten, err := back.Indented()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(written), string(rewritten)); diff != "" {
				t.Errorf("read back and written again (-first +second):\n%s", diff)
			}
		})
	}
}

func TestIndentedRefusesBrokenResult(t *testing.T) {
	t.Parallel()
	r := report.New()
	r.Pipeline.Stages = report.Stages{{Name: report.StageFix, Result: json.RawMessage("{")}}
	if _, err := r.Indented(); err == nil {
		t.Error("no error for a stage result that is no JSON")
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
