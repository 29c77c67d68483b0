package page

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/stats"
)

// entry is what is remembered of this build, by what there is of it.
func (m measured) entry(now time.Time) results.Entry {
	machine, others := m.machine()
	own := measured{}
	for name, section := range m {
		if !slices.Contains(others, name) {
			own[name] = section
		}
	}
	seconds := func(section string, of func(results.Sample) float64) float64 {
		return stats.Of(results.Values(own[section].Of(flagship, results.Ours), of)).Median
	}
	e := results.Entry{
		Date: now.UTC().Format(time.DateOnly), Commit: machine.Commit, EngineDigest: machine.EngineDigest,
		CPU: machine.CPU, Cores: machine.Cores, Acceleration: machine.Acceleration, VirtV2V: machine.Versions["virt-v2v"],
		Whole:       seconds(results.Compare, results.Seconds),
		BesideV2V:   own.ratio(results.Compare, flagship, results.Ours, results.VirtV2V, results.Seconds).Median,
		Launch:      seconds(results.Stages, results.StepTime("inspect", results.Launch)),
		Inspect:     seconds(results.Stages, inspectWithoutLaunch),
		Fix:         seconds(results.Stages, stage("fix")),
		Convert:     seconds(results.Stages, stage("convert")),
		Inspection:  seconds(results.Inspection, results.Seconds),
		FourAtOnce:  own.fourBesideTwo().Median,
		EngineBytes: own.peaks()[engine].bytes,
	}
	for _, s := range own[results.Effort].Of(flagship, results.Ours) {
		for _, stage := range stageNames {
			e.Calls += s.Effort.Calls.Total(stage)
		}
		e.Programs = s.Effort.Started()
	}
	return e
}

// inspectWithoutLaunch is the stage's time but for the start of the appliance, in
// seconds.
func inspectWithoutLaunch(s results.Sample) float64 {
	return s.Stages["inspect"] - results.StepTime("inspect", results.Launch)(s)
}

// fourBesideTwo is how many times longer four migrations at once take than two.
func (m measured) fourBesideTwo() stats.Summary {
	section := m[results.Parallel]
	return stats.Ratios(results.ByRound(section.Of("4", results.Ours), results.Seconds), results.ByRound(section.Of("2", results.Ours), results.Seconds))
}

// writeHistory shows the builds that were measured before, the last one first.
func writeHistory(d *document, history []results.Entry) {
	if len(history) == 0 {
		return
	}
	d.printf(`## Earlier Builds

Medians of the same guest, each build on the machine that it was measured on: only those of one kind of machine compare. What was not measured
has a dash.

`)
	number := func(value float64, format func(float64) string) string {
		if value == 0 {
			return "–"
		}
		return format(value)
	}
	count := func(value float64) string { return fmt.Sprintf("%.0f", value) }
	var rows [][]string
	for _, e := range slices.Backward(history) {
		rows = append(rows, []string{
			e.Date + ", " + e.Commit, fmt.Sprintf("%s, %d processors, %s", e.CPU, e.Cores, strings.ToUpper(e.Acceleration)),
			number(e.Whole, seconds), number(e.BesideV2V, factor), number(e.Launch, seconds), number(e.Inspect, seconds), number(e.Fix, seconds),
			number(e.Convert, seconds), number(e.Inspection, seconds), number(e.FourAtOnce, factor), number(float64(e.EngineBytes), megabytes),
			number(float64(e.Calls), count), number(float64(e.Programs), count),
		})
	}
	d.table([]string{
		"build", "machine", "whole migration", "beside virt-v2v", "launch", "`inspect` without it", "`fix`", "`convert`", "inspection alone",
		"four at once beside two", "engine's memory", "calls", "programs",
	}, rows)
}
