package page

import (
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/stats"
)

func (m measured) scaling(d *document) {
	section := m[results.Scaling]
	if section == nil {
		return
	}
	ways := section.Ways()
	d.printf(`## Size of the Disk

The guest with a third partition that makes its disk larger, and on which data lies, half of it text and half of it such that nothing can compress
it. The source is a monolithicSparse VMDK. Ways: %s.

![Time by live data](%s)

![Time by virtual size](%s)

`, strings.Join(ways, ", "), livePlot, virtualPlot)
	head := append([]string{"disk"}, ways...)
	var rows [][]string
	for _, name := range section.Cases() {
		row := []string{name}
		for _, way := range ways {
			row = append(row, spread(stats.Of(results.Values(section.Of(name, way), results.Seconds))))
		}
		image := stats.Of(results.Values(section.Of(name, results.Ours), size)).Median
		rows = append(rows, append(row, spread(stats.Of(results.Values(section.Of(name, results.Ours), stage("convert")))), mebibytes(image)))
	}
	d.table(append(head, "our stage `convert`", "image"), rows)
}

func (m measured) parallel(d *document) {
	section := m[results.Parallel]
	if section == nil {
		return
	}
	d.printf("## Several at Once\n\nMigrations of the small guest that start at the same moment.\n\n")
	var rows [][]string
	for _, count := range section.Cases() {
		samples := section.Of(count, results.Ours)
		var each []float64
		perHour := func(s results.Sample) float64 { return 3600 * float64(len(s.Each)) / s.Seconds }
		for _, s := range samples {
			each = append(each, s.Each...)
		}
		rows = append(rows, []string{
			count, spread(stats.Of(results.Values(samples, results.Seconds))), spread(stats.Of(each)),
			seconds(stats.Of(results.Values(samples, perHour)).Median),
		})
	}
	d.table([]string{"at once", "seconds until all are done", "seconds of each", "migrations an hour"}, rows)
}
