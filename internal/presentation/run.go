// Package presentation shows the report of a migration to people: as text, and as
// one page of HTML that needs nothing beside itself.
package presentation

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// run is a report with the results of its stages.
type run struct {
	*report.Report
	Load       report.LoadResult
	Inspection report.Inspection
	Fix        report.FixResult
	Conversion report.Conversion
	Validation report.Validation
	// Concerns are the warnings and concerns, those that weigh most first.
	Concerns []report.Concern
	// Old is the old machine, nil where nothing described it.
	Old *report.Machine
}

func decode(r *report.Report) (run, error) {
	decoded := run{Report: r, Concerns: concerns(r)}
	var err error
	read(r, &decoded.Load, &err)
	read(r, &decoded.Inspection, &err)
	read(r, &decoded.Fix, &err)
	read(r, &decoded.Conversion, &err)
	read(r, &decoded.Validation, &err)
	decoded.Old = cmp.Or(decoded.Load.Machine, decoded.Inspection.Machine)
	return decoded, err
}

// read reads the result of one stage, unless reading has failed before.
func read[T report.StageResult](r *report.Report, into *T, err *error) {
	if *err == nil {
		*into, *err = report.ResultOf[T](r)
	}
}

// concerns are the report's, and the warnings that are no concern of it.
func concerns(r *report.Report) []report.Concern {
	all := slices.Clone(r.Concerns)
	for _, warning := range r.Warnings {
		if !slices.ContainsFunc(all, func(c report.Concern) bool { return c.Stage == warning.Stage && c.Assessment == warning.Message }) {
			all = append(all, report.Concern{Category: report.Warned, Assessment: warning.Message, Remedy: warning.Remedy, Stage: warning.Stage})
		}
	}
	slices.SortStableFunc(all, func(a, b report.Concern) int { return a.Category.Compare(b.Category) })
	return all
}

// Title is what the migration is called: by its manifest, or by its source.
func (r run) Title() string {
	return cmp.Or(r.Load.Name, filepath.Base(cmp.Or(r.Load.Source, r.Inspection.Source.Path, "migration")))
}

// Outcome says in some words how the run ended.
func (r run) Outcome() string {
	switch {
	case r.Pipeline.Cancelled:
		return "cancelled"
	case !r.Pipeline.Success:
		for _, stage := range r.Pipeline.Stages {
			if !stage.Success {
				return "failed in " + stage.Name
			}
		}
		return "failed"
	case r.Pipeline.DryRun:
		return "dry run succeeded, no image was written"
	default:
		return "succeeded"
	}
}

// Changes are all that was done to the guest.
func (r run) Changes() []report.Change {
	changes := slices.Clone(r.Fix.Changes)
	if r.Fix.Configuration != nil {
		changes = append(changes, r.Fix.Configuration.Changes...)
	}
	return changes
}

// System is the guest's operating system as far as it is known.
func (r run) System() string {
	guest := r.Inspection.Guest
	return cmp.Or(guest.ProductName, strings.TrimSpace(guest.Distro+" "+guest.Version), guest.Type)
}

// BootLine is what became of the guest's boot, or empty if it was not booted.
func BootLine(became *report.Boot) string {
	if became == nil {
		return ""
	}
	if became.Verdict != report.BootBooted {
		return fmt.Sprintf("boot: %s after %.0f s: %s", became.Verdict, became.Seconds, became.Reason)
	}
	line := fmt.Sprintf("booted in %.0f s", became.Seconds)
	if became.Guest != nil {
		return line + ": " + guestLine(*became.Guest)
	}
	var addresses []string
	for _, frames := range became.Frames {
		addresses = append(addresses, frames.Addresses...)
	}
	if len(addresses) > 0 {
		line += ", seen as " + strings.Join(addresses, " ")
	}
	return line
}

// guestLine is what a guest that came up has said of itself.
func guestLine(g report.BootGuest) string {
	var words []string
	if g.Hostname != "" {
		words = append(words, g.Hostname)
	}
	for _, card := range g.Cards {
		if len(card.Addresses) > 0 {
			words = append(words, card.Name+" "+strings.Join(card.Addresses, " "))
		}
	}
	switch {
	case g.Progress == "done": // no systemd
	case len(g.FailedUnits) == 0:
		words = append(words, "no failed units")
	default:
		words = append(words, "failed: "+strings.Join(g.FailedUnits, " "))
	}
	return strings.Join(words, ", ")
}

// content is what lies on a disk: its file systems, or its partitions where none
// of them was told.
func content(disk report.InspectedDisk) []string {
	var lines []string
	for _, found := range disk.Filesystems {
		line := found.Kind
		if found.Partition > 0 {
			line += fmt.Sprintf(" %d", found.Partition)
		}
		line += ": " + found.Type + ", " + report.HumanSize(found.SizeBytes)
		if found.Label != "" {
			line += ", label " + found.Label
		}
		lines = append(lines, line)
	}
	if len(lines) > 0 {
		return lines
	}
	for _, partition := range disk.Partitions {
		lines = append(lines, fmt.Sprintf("partition %d: %s", partition.Number, report.HumanSize(partition.Size)))
	}
	return lines
}

// virtio says where the drivers of a kernel are, in the order of their names.
func virtio(kernel report.Kernel) string {
	places := map[string][]string{}
	for driver, place := range kernel.Virtio {
		places[place] = append(places[place], driver)
	}
	var told []string
	for _, place := range []string{report.PlaceBuiltin, report.PlaceInitramfs, report.PlaceModule, report.PlaceLegacy, report.PlaceMissing} {
		if drivers := places[place]; len(drivers) > 0 {
			slices.Sort(drivers)
			told = append(told, place+": "+strings.Join(drivers, " "))
		}
	}
	return strings.Join(told, "; ")
}

// nics are the network cards of the new machine.
func nics(machine *report.Hardware) []string {
	var cards []string
	for _, card := range machine.NICs {
		text := card.Model
		if card.MAC != "" {
			text += " " + card.MAC
		}
		if card.Network != "" {
			text += " on " + card.Network
		}
		cards = append(cards, text)
	}
	return cards
}

// fact is a named value, for people.
type fact struct{ Name, Value string }

// said is what the guest has said of itself when it was up.
func said(guest *report.BootGuest) []fact {
	if guest == nil {
		return nil
	}
	facts := []fact{{"state", guest.Progress}, {"host name", guest.Hostname}, {"kernel", guest.Kernel}, {"SELinux", guest.SELinux}}
	for _, card := range guest.Cards {
		if card.Device {
			facts = append(facts, fact{"card", strings.TrimSpace(card.Name + " " + strings.Join(card.Addresses, " "))})
		}
	}
	for _, route := range guest.Routes {
		facts = append(facts, fact{"route", strings.TrimSpace("default by " + route.Card + " " + route.Gateway)})
	}
	for _, mount := range guest.Mounts {
		facts = append(facts, fact{"mount", mount.Path + " (" + mount.Type + ", " + mount.Source + ")"})
	}
	for _, swap := range guest.Swaps {
		facts = append(facts, fact{"swap", swap})
	}
	for _, unit := range guest.FailedUnits {
		facts = append(facts, fact{"failed", unit})
	}
	return slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" })
}
