package page

import (
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/stats"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/effort"
)

func (m measured) effort(d *document) {
	section := m[results.Effort]
	if section == nil {
		return
	}
	d.printf(`## What Is Done

Counted, not timed: calls of libguestfs by each stage, the programs that were started, and what all of them, the appliance's QEMU included, read and
wrote by system calls, which the page cache does not change. A test of the project (` + "`TestAccEffort`" + `) fails where these grow.

`)
	cases := section.Cases()
	var counted []*effort.Effort
	for _, name := range cases {
		counted = append(counted, section.Of(name, results.Ours)[0].Effort)
	}
	row := func(name string, of func(*effort.Effort) string) []string {
		cells := []string{name}
		for _, e := range counted {
			cells = append(cells, of(e))
		}
		return cells
	}
	var rows [][]string
	for _, stage := range stageNames {
		calls := func(e *effort.Effort) string { return fmt.Sprint(e.Calls.Total(stage)) }
		if total(counted, stage) > 0 {
			rows = append(rows, row("calls of libguestfs in `"+stage+"`", calls))
		}
	}
	rows = append(rows,
		row("programs started", func(e *effort.Effort) string { return fmt.Sprint(e.Started()) }),
		row("read", func(e *effort.Effort) string { return mebibytes(float64(e.Read)) }),
		row("written", func(e *effort.Effort) string { return mebibytes(float64(e.Written)) }))
	d.table(append([]string{"what"}, cases...), rows)
	d.printf("Of %s: ", cases[0])
	for _, stage := range stageNames {
		if counted[0].Calls.Total(stage) > 0 {
			d.printf("`%s` %s. ", stage, effort.List(counted[0].Calls[stage]))
		}
	}
	d.printf("Programs: %s.\n\n", effort.List(counted[0].Programs))
}

// total is how many calls a stage has made in all.
func total(counted []*effort.Effort, stage string) int {
	sum := 0
	for _, e := range counted {
		sum += e.Calls.Total(stage)
	}
	return sum
}

func (m measured) options(d *document) {
	section := m[results.Options]
	if section == nil {
		return
	}
	d.printf(`## What Is Asked For

Whole migrations of the same guest, in turn: as usual, without the checks of its file systems before and after the fixes, into a compressed
image, and with a boot of the image until the guest is up.

`)
	var rows [][]string
	for _, way := range section.Ways() {
		samples := section.Of(flagship, way)
		rows = append(rows, []string{
			way, spread(stats.Of(results.Values(samples, results.Seconds))),
			factors(m.ratio(results.Options, flagship, way, results.Usual, results.Seconds)),
			spread(stats.Of(results.Values(samples, stage("inspect")))), spread(stats.Of(results.Values(samples, stage("fix")))),
			spread(stats.Of(results.Values(samples, stage("convert")))), spread(stats.Of(results.Values(samples, stage("validate")))),
		})
	}
	d.table([]string{"migration", "seconds", "beside the usual", "`inspect`", "`fix`", "`convert`", "`validate`"}, rows)
}

func (m measured) inspection(d *document) {
	section := m[results.Inspection]
	if section == nil {
		return
	}
	d.printf("## An Inspection Alone\n\nWhich guest it is, and its kernels. No appliance is started for it.\n\n")
	var rows [][]string
	for _, name := range section.Cases() {
		rows = append(rows, []string{name, spread(stats.Of(results.Values(section.Of(name, results.Ours), results.Seconds)))})
	}
	d.table([]string{"guest", "seconds"}, rows)
}
