package page

import (
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/watch"
)

// engine is the engine's program.
const engine = "terraform-provider-hyper2kvm"

// peak is the most memory that a process of one kind had, and where.
type peak struct {
	bytes int64
	where string
}

// peaks gathers the largest peak of each kind of process.
func (m measured) peaks() map[string]peak {
	peaks := map[string]peak{}
	for _, name := range results.Sections {
		if m[name] == nil {
			continue
		}
		for _, s := range m[name].Samples {
			for kind, bytes := range s.Watched.Peaks() {
				if kind == watch.Appliance {
					kind += " of " + appliancesOwner(s)
				}
				if bytes > peaks[kind].bytes {
					peaks[kind] = peak{bytes, name + ": " + s.Case + ", " + s.Way}
				}
			}
		}
	}
	return peaks
}

func appliancesOwner(s results.Sample) string {
	if s.Way == results.VirtV2V {
		return results.VirtV2V
	}
	return results.Ours
}

// told are the programs that the page lists.
var told = []string{engine, watch.Appliance, "qemu-img", "qemu-nbd", "virt-v2v", "nbdkit", "nbdcopy"}

func (m measured) memory(d *document) {
	peaks := m.peaks()
	var rows [][]string
	var listed []string
	for kind := range peaks {
		if slices.ContainsFunc(told, func(name string) bool { return strings.HasPrefix(kind, name) }) {
			listed = append(listed, kind)
		}
	}
	slices.SortFunc(listed, func(a, b string) int { return order(a) - order(b) })
	for _, kind := range listed {
		rows = append(rows, []string{processName(kind), megabytes(float64(peaks[kind].bytes)), peaks[kind].where})
	}
	d.printf("## Memory\n\nThe most that was resident (`VmHWM`) of one process of each kind, in all that was measured.\n\n")
	d.table([]string{"program", "peak", "in"}, rows)
}

// order is a kind's place in told; ours comes before virt-v2v's.
func order(kind string) int {
	for n, name := range told {
		if strings.HasPrefix(kind, name) {
			return 2*n + strings.Count(kind, " of "+results.VirtV2V)
		}
	}
	return 2 * len(told)
}

// processName is what people call a kind of process.
func processName(kind string) string {
	switch kind {
	case engine:
		return "hyper2kvm (the engine)"
	case watch.Fork:
		return "forks of the engine"
	}
	return strings.Replace(kind, watch.Appliance, "qemu-system (the appliance)", 1)
}
