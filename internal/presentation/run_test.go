package presentation

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func TestBootLine(t *testing.T) {
	t.Parallel()
	for want, became := range map[string]*report.Boot{
		"":               nil,
		"booted in 34 s": {Verdict: report.BootBooted, Seconds: 34.2},
		"booted in 34 s, seen as 192.0.2.10 fe80::1": {
			Verdict: report.BootBooted, Seconds: 34.2, Frames: []report.BootFrames{{Addresses: []string{"192.0.2.10", "fe80::1"}}},
		},
		"booted in 34 s: web01, ens192 10.0.0.5/24 fd00::5/64, no failed units": {Verdict: report.BootBooted, Seconds: 34.2, Guest: &report.BootGuest{
			Hostname: "web01", Progress: "running", Cards: []report.BootCard{{Name: "ens192", Addresses: []string{"10.0.0.5/24", "fd00::5/64"}}, {Name: "ens224"}},
		}},
		"booted in 34 s: web01, failed: a.service b.mount": {Verdict: report.BootBooted, Seconds: 34.2, Guest: &report.BootGuest{
			Hostname: "web01", Progress: "degraded", FailedUnits: []string{"a.service", "b.mount"},
		}},
		"booted in 34 s: alpine":             {Verdict: report.BootBooted, Seconds: 34.2, Guest: &report.BootGuest{Hostname: "alpine", Progress: "done"}},
		"boot: dead after 3 s: Kernel panic": {Verdict: report.BootDead, Seconds: 3.1, Reason: "Kernel panic"},
	} {
		if got := BootLine(became); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
