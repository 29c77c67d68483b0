package page

import (
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/stats"
)

// The targets.
const (
	mostWhole    = 0.067 // times virt-v2v
	mostInspect  = 2.0   // seconds, without the launch
	mostAlone    = 1.0   // seconds
	mostFour     = 2.1   // times as long as two
	mostEmpty    = 3.0   // seconds more
	mostFix      = 5.0   // seconds
	mostOverhead = 1.0   // seconds
	mostConvert  = 1.05  // times qemu-img
	mostLaunch   = 0.85  // times guestfish run
	mostFirstTry = 3.0   // seconds more
	mostNextTry  = 0.3   // seconds more

	mostConvertMost = 1.10 // times qemu-img, of the disk with the most data
	mostMemory      = 100e6
)

// The guests, as they are named in the results.
const (
	flagship      = "debian12-bios-sda1"
	withoutVirtio = "debian12-bios-no-virtio"
	mostLive      = "8.0 GiB live"
)

// target is one row: value must not be above most.
type target struct {
	name        string
	value, most float64
	format      func(float64) string
}

func (t target) row() []string {
	verdict := "yes"
	if t.value > t.most {
		verdict = fmt.Sprintf("**no**, %.0f %% over", 100*(t.value/t.most-1))
	}
	return []string{t.name, t.format(t.most), t.format(t.value), verdict}
}

// targets compares medians with what was aimed at.
func (m measured) targets(d *document) {
	var rows [][]string
	for _, t := range m.listTargets() {
		rows = append(rows, t.row())
	}
	if len(rows) == 0 {
		return
	}
	d.printf("## Targets\n\n")
	d.table([]string{"target (medians)", "at most", "measured", "met"}, rows)
}

func (m measured) listTargets() []target {
	var targets []target
	add := func(name string, s stats.Summary, most float64, format func(float64) string) {
		if s.Count > 0 {
			targets = append(targets, target{name, s.Median, most, format})
		}
	}
	inSeconds := func(value float64) string { return seconds(value) + " s" }
	add("a whole migration, beside virt-v2v's time", m.ratio(results.Compare, flagship, results.Ours, results.VirtV2V, results.Seconds), mostWhole, factor)
	add("`inspect` without the launch", stats.Of(results.Values(m[results.Stages].Of(flagship, results.Ours), inspectWithoutLaunch)), mostInspect, inSeconds)
	add("an inspection alone, without an appliance", stats.Of(results.Values(m[results.Inspection].Of(flagship, results.Ours), results.Seconds)), mostAlone, inSeconds)
	add("the launch, beside `guestfish run` on an empty disk", m.launchRatio(), mostLaunch, factor)
	add("a KVM that does not work, the first time", m.launchMore(results.FirstTry), mostFirstTry, inSeconds)
	add("a KVM that does not work, later", m.launchMore(results.NextTry), mostNextTry, inSeconds)
	add("`fix` of a guest whose initramfs lacks virtio", stats.Of(results.Values(m[results.Stages].Of(withoutVirtio, results.Ours), stage("fix"))), mostFix, inSeconds)
	for _, name := range m[results.Stages].Cases() {
		add("the engine's own overhead, "+name, stats.Of(results.Values(m[results.Stages].Of(name, results.Ours), results.Overhead)), mostOverhead, inSeconds)
	}
	for _, name := range m[results.Convert].Cases() {
		most := mostConvert
		if strings.HasSuffix(name, mostLive) {
			most = mostConvertMost
		}
		add("`convert` beside qemu-img and sync, "+name, m.convertRatio(name), most, factor)
	}
	for _, kind := range m[results.Compress].Cases() {
		add("compressed with "+kind+", beside qemu-img's time", m.ratio(results.Compress, kind, results.Ours, results.QEMUImg, results.Seconds), 1, factor)
		add("compressed with "+kind+", beside qemu-img's size", m.ratio(results.Compress, kind, results.Ours, results.QEMUImg, size), 1, sizeFactor)
	}
	add("four migrations at once, beside two", m.fourBesideTwo(), mostFour, factor)
	add("50 GiB, nearly empty, more than 3 GiB", m.largerEmpty(), mostEmpty, inSeconds)
	if peak := m.peaks()[engine]; peak.bytes > 0 {
		targets = append(targets, target{"peak memory of the engine, in all that was measured", float64(peak.bytes), mostMemory, megabytes})
	}
	return targets
}

// ratio is of one way to another, round by round.
func (m measured) ratio(section, name, way, other string, of func(results.Sample) float64) stats.Summary {
	return stats.Ratios(results.ByRound(m[section].Of(name, way), of), results.ByRound(m[section].Of(name, other), of))
}

// convertRatio compares copying with qemu-img and sync.
func (m measured) convertRatio(name string) stats.Summary {
	section := m[results.Convert]
	return stats.Ratios(
		results.ByRound(section.Of(name, results.Ours), untilOnDisk),
		results.ByRound(section.Of(name, results.QEMUImg), results.Seconds))
}

// largerEmpty is how many seconds more a disk of 50 GiB takes than one of 3 GiB with the
// same data.
func (m measured) largerEmpty() stats.Summary {
	large, small := map[int]float64{}, map[int]float64{}
	if section := m[results.Scaling]; section != nil {
		for _, s := range section.Samples {
			switch {
			case s.Way != results.Ours:
			case s.VirtualBytes == 50<<30:
				large[s.Round] = s.Seconds
			case s.VirtualBytes == 3<<30:
				small[s.Round] = s.Seconds
			}
		}
	}
	return stats.Differences(large, small)
}

// stage reads the seconds of one stage.
func stage(name string) func(results.Sample) float64 {
	return func(s results.Sample) float64 { return s.Stages[name] }
}

func size(s results.Sample) float64 { return float64(s.Bytes) }

func sizeFactor(value float64) string { return fmt.Sprintf("%.3f ×", value) }

func megabytes(bytes float64) string { return fmt.Sprintf("%.0f MB", bytes/1e6) }
