package page

import (
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/stats"
)

// levels are those of compress_level.
const levels = 9

func (m measured) compress(d *document) {
	section := m[results.Compress]
	if section == nil {
		return
	}
	d.printf(`## Compressed Images

The trimmed overlay of the same guest is converted in turn by hyper2kvm with the default level and by ` + "`qemu-img convert -c -m 16`" + `. Every image
passes ` + "`qemu-img check`" + ` and equals the overlay (` + "`qemu-img compare`" + `). Our times are those of the whole command, which waits
until the image is on the disk.

`)
	var rows [][]string
	for _, kind := range section.Cases() {
		for _, way := range []string{results.Ours, results.QEMUImg} {
			samples := section.Of(kind, way)
			rows = append(rows, []string{
				kind + ", " + way, spread(stats.Of(results.Values(samples, results.Seconds))),
				factors(m.ratio(results.Compress, kind, way, results.Ours, results.Seconds)),
				mebibytes(stats.Of(results.Values(samples, size)).Median),
			})
		}
	}
	d.table([]string{"compression", "seconds", "beside hyper2kvm", "image"}, rows)
	d.printf("Each `compress_level`, once:\n\n![Levels of compression](%s)\n\n", levelsPlot)
	rows = nil
	for level := 1; level <= levels; level++ {
		row := []string{fmt.Sprint(level)}
		for _, kind := range section.Cases() {
			samples := section.Of(kind, results.LevelWay(level))
			row = append(row, spread(stats.Of(results.Values(samples, results.Seconds))), mebibytes(stats.Of(results.Values(samples, size)).Median))
		}
		rows = append(rows, row)
	}
	head := []string{"level"}
	for _, kind := range section.Cases() {
		head = append(head, kind+", seconds", kind+", image")
	}
	d.table(head, rows)
}
