package report_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func TestFinish(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		record  func(*report.Report)
		success bool
		summary report.Summary
	}{
		"nothing recorded": {record: func(*report.Report) {}, success: true},
		"a warning": {
			record: func(r *report.Report) {
				mustSucceed(t, r, report.Inspection{})
				r.Warn(report.StageInspect, "slow", "wait")
			},
			success: true,
			summary: report.Summary{TotalStages: 1, SuccessfulStages: 1, TotalWarnings: 1},
		},
		"an artifact": {
			record: func(r *report.Report) {
				mustSucceed(t, r, report.Conversion{})
				r.AddArtifact(report.Artifact{Path: "/a.qcow2"})
			},
			success: true,
			summary: report.Summary{TotalStages: 1, SuccessfulStages: 1, TotalArtifacts: 1},
		},
		"a failed stage": {
			record: func(r *report.Report) {
				mustSucceed(t, r, report.Inspection{})
				r.StageFailed(report.StageFix, 1, "no space")
				r.Fail(report.StageFix, "no space", "")
			},
			summary: report.Summary{TotalStages: 2, SuccessfulStages: 1, FailedStages: 1, TotalErrors: 1},
		},
		"an error outside any stage": {
			record:  func(r *report.Report) { r.Fail(report.StageFix, "cleaning up", "") },
			summary: report.Summary{TotalErrors: 1},
		},
		"cancelled": {
			record: func(r *report.Report) { r.Pipeline.Cancelled = true },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := report.New()
			test.record(r)
			r.Finish()
			if r.Pipeline.Success != test.success {
				t.Errorf("success = %v, want %v", r.Pipeline.Success, test.success)
			}
			if diff := cmp.Diff(test.summary, r.Summary); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFinishMeasures(t *testing.T) {
	t.Parallel()
	r := report.New()
	r.Timestamp.Time = r.Timestamp.Add(-90 * time.Second)
	r.Finish()
	if got := r.Pipeline.DurationSeconds; got < 90 || got > 100 {
		t.Errorf("duration_seconds = %v, want 90 and a little", got)
	}
}

func TestStageSucceeded(t *testing.T) {
	t.Parallel()
	r := report.New()
	mustSucceed(t, r, report.Validation{Images: []report.ValidatedImage{{Path: "/<a>"}}})
	want := report.Stages{{
		Name: "validate", Success: true, Duration: 1.235,
		Result: json.RawMessage(`{"images":[{"path":"/<a>","format":"","virtual_size":0}]}`),
	}}
	if diff := cmp.Diff(want, r.Pipeline.Stages); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
	if err := r.StageSucceeded(1, unencodable{Go: func() {}}); err == nil {
		t.Error("no error for a result that cannot be encoded")
	}
	if len(r.Pipeline.Stages) != 1 {
		t.Error("a stage whose result cannot be encoded was recorded")
	}
}

// unencodable is a result that JSON has no form for.
type unencodable struct {
	report.Conversion
	Go func()
}

func mustSucceed(t *testing.T, r *report.Report, result report.StageResult) {
	t.Helper()
	if err := r.StageSucceeded(1.2349, result); err != nil {
		t.Fatal(err)
	}
}
