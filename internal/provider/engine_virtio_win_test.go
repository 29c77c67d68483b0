package provider

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// TestDriversOfTheProvider: they are those of migrations that name none.
func TestDriversOfTheProvider(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ own, provider, want string }{
		"none": {}, "the provider's": {provider: "/iso/../virtio-win.iso", want: "/virtio-win.iso"},
		"its own": {own: "/own.iso", provider: "/virtio-win.iso", want: "/own.iso"},
	} {
		m := &manifest.Manifest{Pipeline: manifest.DefaultPipeline()}
		m.Pipeline.Fix.VirtioWin = test.own
		got := newEngine("", settings{concurrent: 1, lockDirectory: t.TempDir(), virtioWin: test.provider}).complete(m)
		if got.Pipeline.Fix.VirtioWin != test.want || m.Pipeline.Fix.VirtioWin != test.own {
			t.Errorf("%s: the engine is given %q, and the resource keeps %q; want %q and %q", name, got.Pipeline.Fix.VirtioWin,
				m.Pipeline.Fix.VirtioWin, test.want, test.own)
		}
	}
}

// TestDriversOfTheProviderAtPlan: a plan foresees what the migration is given.
func TestDriversOfTheProviderAtPlan(t *testing.T) {
	t.Parallel()
	absent := filepath.Join(t.TempDir(), "virtio-win.iso")
	p := fakeProvider(t)
	var asked []string
	p.preflightCheck = func(ctx context.Context, about manifest.Question) (report.Foreseen, error) {
		asked = append(asked, about.Pipeline.Fix.VirtioWin)
		return fakePreflight(ctx, about)
	}
	s := newServer(t, p, fmt.Sprintf(`{"virtio_win": %q}`, absent))
	resp, planned := s.plan(instance{}, configuration(sourceFile(t), t.TempDir(), ""))
	wantText(t, strings.Join(texts(resp.Diagnostics), "\n"), "WARNING", absent)
	if len(asked) != 1 || asked[0] != absent {
		t.Errorf("it was foreseen for the drivers %q, want those of the provider", asked)
	}
	if own := at(t, planned, "pipeline.fix.virtio_win"); own != nil {
		t.Errorf("the plan has the drivers %v as the resource's own", own)
	}
}
