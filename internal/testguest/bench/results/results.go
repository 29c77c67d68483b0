// Package results keeps what was measured, one JSON file for each section of
// the benchmark.
package results

import (
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/watch"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/effort"
)

// The sections, in the order in which they are measured.
const (
	Compare    = "compare"
	Stages     = "stages"
	Launches   = "launch"
	Effort     = "effort"
	Inspection = "inspection"
	Options    = "options"
	Convert    = "convert"
	Compress   = "compress"
	Scaling    = "scaling"
	Parallel   = "parallel"
)

// Sections lists them.
var Sections = []string{Compare, Stages, Launches, Effort, Inspection, Options, Convert, Compress, Scaling, Parallel}

// The ways to treat a disk that are compared.
const (
	Ours    = "hyper2kvm"
	VirtV2V = "virt-v2v"
	QEMUImg = "qemu-img"
)

// What a migration is asked for beside the usual: the ways of the section Options.
const (
	Usual    = "as usual"
	NoFsck   = "without checks of file systems"
	Smaller  = "compressed"
	BootsToo = "with a boot"
)

// How an appliance is started beside ours: the ways of the section Launches.
const (
	Guestfish = "guestfish run"
	// On a host whose KVM can be opened and runs nothing.
	FirstTry = "hyper2kvm, KVM tried for the first time"
	NextTry  = "hyper2kvm, KVM tried before"
)

// Key names one measurement.
type Key struct {
	// Case is what was treated: a guest, or the properties of a disk.
	Case string `json:"case"`
	Way  string `json:"way"`
	// Round counts from 1.
	Round int `json:"round"`
}

// Sample is one measurement.
type Sample struct {
	Key
	// Seconds is the wall time of the whole command.
	Seconds float64 `json:"seconds"`
	// Bytes is the size of the image that it wrote.
	Bytes int64 `json:"bytes,omitempty"`
	// VirtualBytes and LiveBytes describe the disk where its size matters.
	VirtualBytes int64 `json:"virtual_bytes,omitempty"`
	LiveBytes    int64 `json:"live_bytes,omitempty"`
	// Stages are the seconds that the report has for each stage.
	Stages map[string]float64 `json:"stages,omitempty"`
	// Steps are what the events tell, in order.
	Steps []Step `json:"steps,omitempty"`
	// Each is the wall time, in seconds, of each of several commands at once.
	Each []float64 `json:"each,omitempty"`
	// Effort is what was done, counted; nil where it was not.
	Effort  *effort.Effort `json:"effort,omitempty"`
	Watched watch.Record   `json:"watched"`
}

// Step is what a stage did between two of its events. Its name is the first
// one's message, "" until there is one.
type Step struct {
	Stage   string  `json:"stage"`
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// Launch is the step in which the appliance is started.
const Launch = "launching the appliance"

// StepTime is how long a stage's step of a name took, in seconds.
func StepTime(stage, name string) func(Sample) float64 {
	return func(s Sample) float64 {
		total := 0.0
		for _, step := range s.Steps {
			if step.Stage == stage && step.Name == name {
				total += step.Seconds
			}
		}
		return total
	}
}

// Section is all measurements of one kind.
type Section struct {
	Name    string   `json:"name"`
	Machine Machine  `json:"machine"`
	Rounds  int      `json:"rounds"`
	Minutes float64  `json:"minutes"` // that measuring took, preparations included
	Samples []Sample `json:"samples"`
}

// Has says that a measurement was made.
func (s *Section) Has(key Key) bool {
	for _, sample := range s.Samples {
		if sample.Key == key {
			return true
		}
	}
	return false
}

// Of lists the measurements of one case and way.
func (s *Section) Of(name, way string) []Sample {
	if s == nil {
		return nil
	}
	var found []Sample
	for _, sample := range s.Samples {
		if sample.Case == name && sample.Way == way {
			found = append(found, sample)
		}
	}
	return found
}

// Cases lists what was treated, in the order of the measurements.
func (s *Section) Cases() []string { return s.distinct(func(k Key) string { return k.Case }) }

// Ways lists how it was treated, in the order of the measurements.
func (s *Section) Ways() []string { return s.distinct(func(k Key) string { return k.Way }) }

func (s *Section) distinct(of func(Key) string) []string {
	if s == nil {
		return nil
	}
	var found []string
	seen := map[string]bool{}
	for _, sample := range s.Samples {
		if name := of(sample.Key); !seen[name] {
			seen[name] = true
			found = append(found, name)
		}
	}
	return found
}

// Values reads one number of each measurement.
func Values(samples []Sample, of func(Sample) float64) []float64 {
	var values []float64
	for _, s := range samples {
		values = append(values, of(s))
	}
	return values
}

// ByRound reads one number of each measurement, by its round.
func ByRound(samples []Sample, of func(Sample) float64) map[int]float64 {
	values := map[int]float64{}
	for _, s := range samples {
		values[s.Round] = of(s)
	}
	return values
}

// Seconds is the wall time of a measurement.
func Seconds(s Sample) float64 { return s.Seconds }

// Overhead is the most, in seconds, that the engine itself can have cost: the
// time in which no other process ran, and its processor time beside others.
func Overhead(s Sample) float64 { return s.Watched.Alone + s.Watched.Beside }

// LevelWay is our way with a level of compression.
func LevelWay(level int) string { return fmt.Sprintf("%s, level %d", Ours, level) }
