package pipeline

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func TestMeterNeverFalls(t *testing.T) {
	t.Parallel()
	var m meter
	want := func(stage, total float64) {
		t.Helper()
		if m.stage != stage || m.total != total {
			t.Errorf("the stage is at %v and all at %v, want %v and %v", m.stage, m.total, stage, total)
		}
	}
	m.start(1, 3)
	want(0, 0)
	m.advance(50)
	want(50, 12.5)
	m.advance(20)
	want(50, 12.5)
	m.advance(-1)
	want(50, 12.5)
	m.finish()
	want(100, 25)
	m.start(3)
	want(0, 25)
	m.advance(100) // not ended yet
	want(almost, 25+75*almost/100.0)
	m.finish()
	want(100, 100)
}

// What is still to be done is shared out anew when more is known of it.
func TestMeterSharesOutWhatIsLeft(t *testing.T) {
	t.Parallel()
	var m meter
	m.start(1, 1)
	m.finish()
	m.start(1, 4)
	m.finish()
	if m.total != 60 {
		t.Errorf("all is at %v, want 60", m.total)
	}
}

func TestCosts(t *testing.T) {
	t.Parallel()
	stages := []string{report.StageLoadManifest, report.StageInspect, report.StageFix, report.StageConvert, report.StageValidate}
	cost := func(change func(*manifest.Manifest)) []float64 {
		m := &manifest.Manifest{Source: manifest.Source{Path: t.TempDir()}} // of some size
		change(m)
		return costs(m, sourceSize(m, nil), stages)
	}
	plain := cost(func(*manifest.Manifest) {})
	for _, test := range []struct {
		name, stage string
		change      func(*manifest.Manifest)
	}{
		{"a checksum is read", report.StageLoadManifest, func(m *manifest.Manifest) { m.Source.Checksum = "sha256:" }},
		{"tools are removed", report.StageFix, func(m *manifest.Manifest) { m.Pipeline.Fix.RemoveVMwareTools = true }},
		{"images are rebuilt", report.StageFix, func(m *manifest.Manifest) { m.Pipeline.Fix.Initramfs = manifest.InitramfsRebuild }},
		{"the image is compressed", report.StageConvert, func(m *manifest.Manifest) { m.Pipeline.Convert.Compress = true }},
	} {
		changed := cost(test.change)
		for n, stage := range stages {
			if stage == test.stage && changed[n] <= plain[n] || stage != test.stage && changed[n] != plain[n] {
				t.Errorf("%s: the cost of %s goes from %v to %v", test.name, stage, plain[n], changed[n])
			}
		}
	}
	// The launch belongs to the first stage that needs the appliance.
	if alone := costs(&manifest.Manifest{}, sourceSize(&manifest.Manifest{}, nil), stages[2:]); alone[0] <= plain[2] {
		t.Errorf("fix alone costs %v, and after inspect %v", alone[0], plain[2])
	}
}
