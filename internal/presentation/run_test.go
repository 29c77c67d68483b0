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
		"boot: dead after 3 s: Kernel panic": {Verdict: report.BootDead, Seconds: 3.1, Reason: "Kernel panic"},
	} {
		if got := BootLine(became); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
