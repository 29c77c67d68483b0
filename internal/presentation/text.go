package presentation

import (
	"fmt"
	"math"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// barWidth is the width of the longest stage's bar, in columns.
const barWidth = 32

// Text is the report for a terminal or a mail. Nothing in it can steer a terminal.
func Text(r *report.Report) (string, error) {
	decoded, err := decode(r)
	if err != nil {
		return "", err
	}
	var out page
	out.head(decoded)
	out.stages(r.Pipeline)
	out.messages(decoded)
	out.machine(decoded)
	out.disks(decoded)
	out.changes(decoded)
	out.boot(decoded.Validation.Boot)
	return Printable(out.String()), nil
}

// page is a text whose indents tell what belongs to what.
type page struct{ strings.Builder }

func (p *page) section(title string) { p.WriteString("\n" + title + "\n") }

// line writes one line. What its arguments hold cannot begin another.
func (p *page) line(indent int, format string, arguments ...any) {
	text := fmt.Sprintf(format, arguments...)
	text = strings.Repeat("  ", indent) + strings.ReplaceAll(text, "\n", " ")
	p.WriteString(strings.TrimRight(text, " \t") + "\n")
}

// block writes a text that may have several lines.
func (p *page) block(indent int, prefix, text string) {
	for n, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		if n == 1 {
			prefix = strings.Repeat(" ", min(len(prefix), 2))
		}
		p.line(indent, "%s%s", prefix, line)
	}
}

// field writes a value with its name, unless it is empty.
func (p *page) field(name, value string) {
	if value != "" {
		p.line(1, "%-12s%s", name, value)
	}
}

func (p *page) head(r run) {
	p.line(0, "%s: %s after %s", r.Title(), r.Outcome(), Seconds(r.Pipeline.DurationSeconds))
	p.field("started", r.Timestamp.UTC().Format("2006-01-02 15:04:05 UTC"))
	p.field("source", r.Load.Source)
	for _, made := range r.Artifacts {
		p.line(1, "%-12s%s (%s, %s)", artifactNames[made.Type], made.Path, made.Format, made.SizeHuman)
	}
	p.field("boot", strings.TrimPrefix(BootLine(r.Validation.Boot), "boot: "))
}

// artifactNames are what people call the files of a run.
var artifactNames = map[string]string{
	report.ArtifactConvertedImage: "image",
	report.ArtifactFixedOverlay:   "overlay",
	report.ArtifactBootLog:        "boot log",
	report.ArtifactBootScreenshot: "picture",
}

func (p *page) stages(pipeline report.Pipeline) {
	if len(pipeline.Stages) == 0 {
		return
	}
	p.section("Stages")
	longest := 0.0
	for _, stage := range pipeline.Stages {
		longest = max(longest, stage.Duration)
	}
	for _, stage := range pipeline.Stages {
		ending := ""
		if !stage.Success {
			ending = "  failed"
		}
		width := 0
		if longest > 0 {
			width = int(math.Round(stage.Duration / longest * barWidth))
		}
		p.line(1, "%-14s%-*s %12s%s", stage.Name, barWidth, strings.Repeat("#", max(width, 1)), Seconds(stage.Duration), ending)
	}
}

func (p *page) messages(r run) {
	if len(r.Errors) > 0 {
		p.section("Errors")
	}
	for _, failure := range r.Errors {
		p.message("error", failure.Stage, failure.Message, failure.Remedy)
	}
	if len(r.Concerns) > 0 {
		p.section("Warnings and concerns")
	}
	for _, concern := range r.Concerns {
		p.message(string(concern.Category), concern.Stage, concern.Assessment, concern.Remedy)
	}
}

func (p *page) message(kind, stage, message, remedy string) {
	p.block(1, kind+": "+stage+": ", message)
	if remedy != "" {
		p.block(2, "what to do: ", remedy)
	}
}

func (p *page) machine(r run) {
	machine := r.NewMachine
	if machine == nil {
		return
	}
	p.section("New machine")
	p.field("system", r.System())
	p.field("host name", r.Inspection.Guest.Hostname)
	p.field("machine", fmt.Sprintf("%s, %s, %s", machine.Arch, machine.MachineType, machine.Firmware))
	p.field("processors", fmt.Sprintf("%d %s", machine.VCPUs, machine.CPULevel))
	p.field("memory", fmt.Sprintf("%d MiB", machine.MemoryMiB))
	for _, card := range nics(machine) {
		p.field("network", card)
	}
	for _, kernel := range r.Fix.Kernels {
		p.field("kernel", strings.TrimSuffix(kernel.Version+", "+virtio(kernel), ", "))
	}
}

func (p *page) disks(r run) {
	if len(r.Inspection.Disks) == 0 {
		return
	}
	p.section("Disks")
	for n, disk := range r.Inspection.Disks {
		boots := ""
		if n == r.Inspection.BootDisk {
			boots = ", boot disk"
		}
		p.line(1, "%s (%s, %s%s)", disk.Name, disk.Format, report.HumanSize(disk.VirtualSize), boots)
		for _, found := range content(disk) {
			p.line(2, "%s", found)
		}
	}
}

func (p *page) changes(r run) {
	changes := r.Changes()
	if len(changes) == 0 {
		return
	}
	p.section("Changes to the guest")
	for _, change := range changes {
		p.line(1, "%-9s%s: %s", change.Action, change.Path, change.Description)
		if change.Diff != "" {
			p.block(3, "", change.Diff)
		}
	}
}

func (p *page) boot(became *report.Boot) {
	if became == nil {
		return
	}
	p.section("Boot")
	p.line(1, "%s: %s after %s", became.Verdict, became.State, Seconds(became.Seconds))
	p.field("reason", became.Reason)
	for _, seen := range became.Evidence {
		p.line(1, "%8.1f s  %-8s  %s", seen.Seconds, seen.Source, seen.Seen)
	}
	for _, told := range said(became.Guest) {
		p.field(told.Name, told.Value)
	}
	for _, differing := range became.Differences {
		p.block(1, "not as configured: ", differing)
	}
	for _, lines := range []struct {
		name  string
		lines []string
	}{{"console", became.Console}, {"screen", became.Screen}} {
		if len(lines.lines) > 0 {
			p.line(1, "the last on its %s:", lines.name)
		}
		for _, line := range lines.lines {
			p.line(2, "%s", line)
		}
	}
}
