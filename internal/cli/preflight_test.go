package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Each manifest gets its line, also one that lacks what is not known yet.
func TestAnswerPreflights(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	c := &Command{
		Stdin:  strings.NewReader(`{"source": {"type": "raw", "path": "a"}}` + "\n" + `{"source": {"path": ""}}` + "\n"),
		Stdout: &out, Stderr: &errs,
		Preflight: func(ctx context.Context, m *manifest.Manifest, o EngineOptions) []report.Problem {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("a preflight may take for ever")
			}
			if m.Source.Path == "" {
				return nil
			}
			return []report.Problem{{Attribute: "source", Message: m.Source.Path + " on " + o.Acceleration + " in " + o.WorkDirectory}}
		},
	}
	if code := c.Run(t.Context(), []string{"--preflight", "--acceleration", "tcg", "--work-directory", "/w"}); code != ExitSuccess {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
	const want = `[{"attribute":"source","message":"a on tcg in /w"}]` + "\n[]\n"
	if out.String() != want {
		t.Errorf("answers:\n%swant:\n%s", out.String(), want)
	}
}
