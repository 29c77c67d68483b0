package pipeline

import (
	"os"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// almost is the most that something which still goes on has reached, in
// percent: 100 is what has ended well.
const almost = 99

// meter tells how far the running stage and the whole run are, in percent.
// Neither number ever falls.
type meter struct {
	stage, total float64
	// from and to are the part of the whole that the running stage takes.
	from, to float64
}

// start begins a stage. costs are what it and each stage after it are expected
// to take, in any unit: what is left of the whole is shared out by them, so that
// each start knows all that is known by then.
func (m *meter) start(costs ...float64) {
	sum := 0.0
	for _, cost := range costs {
		sum += cost
	}
	m.stage, m.from = 0, m.total
	m.to = m.from + (100-m.from)*costs[0]/sum
}

// advance moves on within the stage.
func (m *meter) advance(percent float64) {
	m.stage = max(m.stage, min(percent, almost))
	m.total = max(m.total, m.from+(m.to-m.from)*m.stage/100)
}

// finish ends the stage.
func (m *meter) finish() { m.stage, m.total = 100, m.to }

// costs are the seconds that the stages take on a small host without KVM. The
// launch of the appliance is in whichever stage needs it first. size is that of
// the source, in bytes. Only how they compare counts, and a wrong one makes the
// progress uneven and nothing else.
func costs(m *manifest.Manifest, size int64, stages []string) []float64 {
	const (
		loading, launching, inspecting, fixing, removing, rebuilding, booting = 0.1, 11, 6, 3, 5, 150, 60

		hashed, copied, deflated, zstd, checked = 400e6, 500e6, 60e6, 150e6, 4e9 // bytes in a second
	)
	data := float64(size)
	var costs []float64
	launched := false
	for _, stage := range stages {
		cost := 0.0
		if (stage == report.StageInspect || stage == report.StageFix) && !launched {
			cost, launched = launching, true
		}
		switch stage {
		case report.StageLoadManifest:
			cost += loading
			if m.Source.Checksum != "" {
				cost += data / hashed
			}
		case report.StageInspect:
			cost += inspecting
		case report.StageFix:
			cost += fixing
			if m.Pipeline.Fix.RemoveVMwareTools {
				cost += removing
			}
			if m.Pipeline.Fix.Initramfs == manifest.InitramfsRebuild {
				cost += rebuilding
			}
		case report.StageConvert:
			rate := copied
			switch options := m.Pipeline.Convert; {
			case options.Compress && options.CompressionType == manifest.CompressionZstd:
				rate = zstd
			case options.Compress:
				rate = deflated
			}
			cost += 5*loading + data/rate
		case report.StageValidate:
			cost += loading + data/checked
			if m.Pipeline.Validate.Boot.Enabled {
				cost += booting
			}
		}
		costs = append(costs, cost)
	}
	return costs
}

// sourceSize is the size of what is copied, in bytes, as far as it is known: the
// files are none before the source was opened.
func sourceSize(m *manifest.Manifest, files []source.File) (size int64) {
	if len(files) == 0 {
		if info, err := os.Stat(m.SourcePath()); err == nil {
			return info.Size()
		}
		return 0
	}
	for _, file := range files {
		size += file.Size
	}
	return size
}
