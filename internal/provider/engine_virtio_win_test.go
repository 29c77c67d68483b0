package provider

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
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
