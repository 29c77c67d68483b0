package cli

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/pipeline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Each manifest gets its line, also one that lacks what is not known yet.
func TestAnswerPreflights(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	c := &Command{
		Stdin:  strings.NewReader(`{"source": {"type": "raw", "path": "a"}}` + "\n" + `{"source": {"path": ""}}` + "\n"),
		Stdout: &out, Stderr: &errs,
		Preflight: func(ctx context.Context, m *manifest.Manifest, o pipeline.Options) report.Foreseen {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("a preflight may take for ever")
			}
			if m.Source.Path == "" {
				return report.Foreseen{}
			}
			return report.Foreseen{Problems: []report.Problem{{Attribute: "source", Message: m.Source.Path + " on " + string(o.Acceleration) + " in " + o.WorkDirectory}}}
		},
	}
	if code := c.Run(t.Context(), []string{"--preflight", "--acceleration", "tcg", "--work-directory", "/w"}); code != ExitSuccess {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
	const want = `{"problems":[{"attribute":"source","message":"a on tcg in /w"}]}` + "\n{}\n"
	if out.String() != want {
		t.Errorf("answers:\n%swant:\n%s", out.String(), want)
	}
}

// A plan of many sources that are slow to read does not take long for each, but
// where a replacement would delete an image.
func TestPreflightsShareTheirTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var took []time.Duration
		var out, errs bytes.Buffer
		c := &Command{
			Stdin:  strings.NewReader(strings.Repeat(`{}`, 6) + `{"freed": ["old.qcow2"]}`),
			Stdout: &out, Stderr: &errs,
			Preflight: func(ctx context.Context, _ *manifest.Manifest, _ pipeline.Options) report.Foreseen {
				started := time.Now()
				<-ctx.Done()
				took = append(took, time.Since(started))
				return report.Foreseen{}
			},
		}
		if code := c.Run(t.Context(), []string{"--preflight"}); code != ExitSuccess {
			t.Errorf("exit code %d: %s", code, errs.String())
		}
		if want := []time.Duration{preflightTime, preflightTime, preflightTime, preflightTime, preflightLeast, preflightLeast, preflightTime}; !slices.Equal(took, want) {
			t.Errorf("they took %v, want %v", took, want)
		}
	})
}
