package page

import (
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/results"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest/bench/stats"
)

var launchTime = results.StepTime("inspect", results.Launch)

func (m measured) launches(d *document) {
	section := m[results.Launches]
	if section == nil {
		return
	}
	d.printf(`## The Launch

Our appliance, with the disk of the same guest, beside ` + "`guestfish run`" + ` with an empty disk, which also shuts its appliance down. Where KVM can
be opened and does not run a kernel, the first run finds out, and the next ones know it: their lines show what that costs.

`)
	var rows [][]string
	for _, way := range section.Ways() {
		launch := launchTime
		if way == results.Guestfish {
			launch = results.Seconds
		}
		samples := section.Of(flagship, way)
		rows = append(rows, []string{way, spread(stats.Of(results.Values(samples, launch))), spread(stats.Of(results.Values(samples, results.Seconds)))})
	}
	d.table([]string{"way", "launch", "whole command"}, rows)
}

// launchRatio compares our launch with guestfish's.
func (m measured) launchRatio() stats.Summary {
	section := m[results.Launches]
	return stats.Ratios(
		results.ByRound(section.Of(flagship, results.Ours), launchTime),
		results.ByRound(section.Of(flagship, results.Guestfish), results.Seconds))
}

// launchMore is how many seconds more a command takes that has tried KVM.
func (m measured) launchMore(way string) stats.Summary {
	section := m[results.Launches]
	return stats.Differences(
		results.ByRound(section.Of(flagship, way), results.Seconds),
		results.ByRound(section.Of(flagship, results.Ours), results.Seconds))
}
