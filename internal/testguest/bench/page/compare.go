package page

import (
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/stats"
)

func (m measured) compare(d *document) {
	section := m[results.Compare]
	if section == nil {
		return
	}
	d.printf(`## A Whole Migration

One small guest (Debian 12, a streamOptimized VMDK of 3 GiB) is migrated in turn by hyper2kvm, by virt-v2v and, which leaves it unbootable, by
a bare `+"`qemu-img convert -W -m 16`"+`. The ratio is of the two times of each round.

![Whole migrations](%s)

`, comparePlot)
	var rows [][]string
	for _, way := range section.Ways() {
		samples := section.Of(flagship, way)
		rows = append(rows, []string{
			way, spread(stats.Of(results.Values(samples, results.Seconds))),
			factors(m.ratio(results.Compare, flagship, way, results.Ours, results.Seconds)),
			mebibytes(stats.Of(results.Values(samples, size)).Median),
		})
	}
	d.table([]string{"way", "seconds", "beside hyper2kvm", "image"}, rows)
}

func (m measured) convert(d *document) {
	section := m[results.Convert]
	if section == nil {
		return
	}
	d.printf(`## Copying

The same trimmed overlay is converted in turn by a run that only converts and by ` + "`qemu-img convert -W -m 16`, followed by `sync`" + ` of the
image: both wait until it is on the disk. Ours are the stages ` + "`convert` and `validate`" + `, which also check that there is room and that the
source did not change, and give the image its name. The whole command reads the manifest before.

`)
	var rows [][]string
	for _, name := range section.Cases() {
		ours, theirs := section.Of(name, results.Ours), section.Of(name, results.QEMUImg)
		rows = append(rows, []string{
			name, spread(stats.Of(results.Values(ours, untilOnDisk))), spread(stats.Of(results.Values(theirs, results.Seconds))),
			percents(m.convertRatio(name)), spread(stats.Of(results.Values(ours, results.Seconds))),
			mebibytes(stats.Of(results.Values(ours, size)).Median),
		})
	}
	d.table([]string{"disk", "`convert` and `validate`", "qemu-img and sync", "difference", "whole command", "image"}, rows)
}

// untilOnDisk is how long the stages take that copy and wait for the disk, in seconds.
func untilOnDisk(s results.Sample) float64 { return s.Stages["convert"] + s.Stages["validate"] }
