package page

import (
	"fmt"
	"slices"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/stats"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/watch"
)

// stageNames are the stages in their order.
var stageNames = []string{"load_manifest", "inspect", "fix", "convert", "validate"}

func (m measured) stages(d *document) {
	section := m[results.Stages]
	if section == nil {
		return
	}
	d.printf(`## Where the Time Goes

Of the same guest, and of one whose initramfs lacks the virtio drivers, which ` + "`fix`" + ` adds. Below each stage are its steps, as the events (` + "`--events`" + `)
tell them; those that take less than a twentieth of a second are left out.

`)
	cases := section.Cases()
	row := func(name string, of func(results.Sample) float64) []string {
		cells := []string{name}
		for _, guest := range cases {
			cells = append(cells, spread(stats.Of(results.Values(section.Of(guest, results.Ours), of))))
		}
		return cells
	}
	var rows [][]string
	for _, name := range stageNames {
		rows = append(rows, row("`"+name+"`", stage(name)))
		for _, step := range steps(section, name) {
			label := step
			if step == "" {
				label = "everything else"
			}
			rows = append(rows, row("– "+label, results.StepTime(name, step)))
		}
	}
	rows = append(rows, row("whole command", results.Seconds), row("engine's overhead, at most", results.Overhead),
		row("– nothing but the engine runs", func(s results.Sample) float64 { return s.Watched.Alone }),
		row("– its processor time beside others", func(s results.Sample) float64 { return s.Watched.Beside }))
	d.table(append([]string{"part"}, cases...), rows)
	m.processes(d, section)
}

// shortStep is what is not worth a line, in seconds.
const shortStep = 0.05

// steps lists the steps of a stage. One alone is the stage itself.
func steps(section *results.Section, stage string) []string {
	var found []string
	for _, s := range section.Samples {
		for _, step := range s.Steps {
			if step.Stage == stage && step.Seconds >= shortStep && !slices.Contains(found, step.Name) {
				found = append(found, step.Name)
			}
		}
	}
	if len(found) < 2 {
		return nil
	}
	return found
}

// processes lists what one migration starts.
func (m measured) processes(d *document, section *results.Section) {
	samples := section.Of(flagship, results.Ours)
	if len(samples) == 0 {
		return
	}
	slices.SortFunc(samples, func(a, b results.Sample) int { return int(1000 * (a.Seconds - b.Seconds)) })
	middle := samples[(len(samples)-1)/2]
	d.printf("The processes of the migration of %s that took %s s:\n\n", flagship, seconds(middle.Seconds))
	var rows [][]string
	for _, kind := range kinds(middle.Watched) {
		count, wall, cpu := middle.Watched.Lifetime(kind)
		rows = append(rows, []string{processName(kind), fmt.Sprint(count), seconds(wall), seconds(cpu), mebibytes(float64(middle.Watched.Peaks()[kind]))})
	}
	d.table([]string{"program", "runs", "seconds in all", "processor seconds", "peak memory of one"}, rows)
}

// kinds lists the kinds of processes in the order in which they were started.
func kinds(record watch.Record) []string {
	var found []string
	for _, p := range record.Processes {
		if !slices.Contains(found, p.Kind) {
			found = append(found, p.Kind)
		}
	}
	return found
}
