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
				mustSucceed(t, r, report.StageInspect, nil)
				r.Warn(report.StageInspect, "slow", "wait")
			},
			success: true,
			summary: report.Summary{TotalStages: 1, SuccessfulStages: 1, TotalWarnings: 1},
		},
		"an artifact": {
			record: func(r *report.Report) {
				mustSucceed(t, r, report.StageConvert, map[string]int{"images": 1})
				r.AddArtifact(report.Artifact{Path: "/a.qcow2"})
			},
			success: true,
			summary: report.Summary{TotalStages: 1, SuccessfulStages: 1, TotalArtifacts: 1},
		},
		"a failed stage": {
			record: func(r *report.Report) {
				mustSucceed(t, r, report.StageInspect, nil)
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
	mustSucceed(t, r, report.StageFix, map[string]string{"diff": "<a>"})
	want := report.Stages{{Name: "fix", Success: true, Duration: 1.235, Result: json.RawMessage(`{"diff":"<a>"}`)}}
	if diff := cmp.Diff(want, r.Pipeline.Stages); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
	if err := r.StageSucceeded(report.StageConvert, 1, func() {}); err == nil {
		t.Error("no error for a result that cannot be encoded")
	}
	if len(r.Pipeline.Stages) != 1 {
		t.Error("a stage whose result cannot be encoded was recorded")
	}
}

func mustSucceed(t *testing.T, r *report.Report, stage string, result any) {
	t.Helper()
	if err := r.StageSucceeded(stage, 1.2349, result); err != nil {
		t.Fatal(err)
	}
}
