package report_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func TestEmptyListsAreLists(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*report.Report{"New": report.New(), "zero": {}} {
		encoded, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`"stages":{}`, `"artifacts":[]`, `"warnings":[]`, `"errors":[]`} {
			if !strings.Contains(string(encoded), want) {
				t.Errorf("%s: %s is not in %s", name, want, encoded)
			}
		}
	}
}

func TestStagesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	stages := report.Stages{{Name: "validate"}, {Name: "a"}, {Name: "load_manifest"}, {Name: "fix"}}
	encoded, err := json.Marshal(stages)
	if err != nil {
		t.Fatal(err)
	}
	var back report.Stages
	if err := json.Unmarshal(encoded, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(stages, back); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
}

func TestStagesDecode(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]report.Stages{
		`{}`:                       {},
		`null`:                     {},
		`{"fix":{"success":true}}`: {{Name: "fix", Success: true}},
		`[]`:                       nil,
		`7`:                        nil,
		`{"fix":7}`:                nil,
	} {
		var got report.Stages
		err := json.Unmarshal([]byte(input), &got)
		if (err != nil) != (want == nil) {
			t.Errorf("%s: error %v", input, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", input, diff)
		}
	}
}

// TestEventRoundTrip is for the parent process, which reads what the child wrote.
func TestEventRoundTrip(t *testing.T) {
	t.Parallel()
	event := report.Event{Type: report.EventFinished, Time: at(t, "2026-01-21T18:23:32.808096"), Success: true, Report: success(t)}
	encoded, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(encoded), "\n") {
		t.Error("an event takes more than one line")
	}
	var back report.Event
	if err := json.Unmarshal(encoded, &back); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(back)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(encoded), string(again)); diff != "" {
		t.Errorf("event (-first +second):\n%s", diff)
	}
}

func TestHumanSize(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[int64]string{
		0: "0 B", 512: "512 B", 1023: "1023 B", 1024: "1.00 KiB", 1536: "1.50 KiB",
		1<<20 - 1: "1.00 MiB", 1 << 20: "1.00 MiB", 10 << 30: "10.00 GiB", 5 << 40: "5.00 TiB",
		1<<63 - 1: "8.00 EiB", -2048: "-2.00 KiB",
	} {
		if got := report.HumanSize(bytes); got != want {
			t.Errorf("HumanSize(%d) = %q, want %q", bytes, got, want)
		}
	}
}
