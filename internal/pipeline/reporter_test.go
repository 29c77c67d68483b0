package pipeline

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// TestCategoryDecidesOnWarnings: a concern is a warning, too, unless its category is
// information, whoever finds it.
func TestCategoryDecidesOnWarnings(t *testing.T) {
	t.Parallel()
	for _, kind := range report.ConcernKinds {
		for way, tell := range map[string]func(r *reporter){
			"find":    func(r *reporter) { r.find(kind.ID, "found", "mend it") },
			"findAll": func(r *reporter) { r.findAll([]report.Warning{{ID: kind.ID, Message: "found", Remedy: "mend it"}}) },
		} {
			say := newReporter()
			events := 0
			say.listen(func(e report.Event) {
				if e.Type == report.EventWarning && e.Message == "found" && e.Remedy == "mend it" {
					events++
				}
			})
			tell(say)
			want := 1
			if kind.Category == report.Information {
				want = 0
			}
			if c := say.report.Concerns; len(c) != 1 || c[0].ID != kind.ID || c[0].Category != kind.Category {
				t.Errorf("%s of %s: concerns %+v", way, kind.ID, c)
			}
			if len(say.report.Warnings) != want || events != want {
				t.Errorf("%s of %s: %d warnings and %d events, want %d", way, kind.ID, len(say.report.Warnings), events, want)
			}
		}
	}
}
