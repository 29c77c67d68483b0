package pipeline

import (
	"context"
	"net/netip"
	"regexp"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// RunWithGuest is Run with a guest that becomes outcome when it is booted.
func RunWithGuest(ctx context.Context, m *manifest.Manifest, o Options, outcome boot.Outcome) (*report.Report, error) {
	j := newJob(m, o)
	j.host.lacks = func(boot.Firmware) error { return nil }
	j.host.boot = func(context.Context, boot.Machine, boot.Watching) (boot.Outcome, error) { return outcome, nil }
	return j.run(ctx)
}

// RunLaunching is Run on a host whose appliance does not come up: launch says how.
func RunLaunching(ctx context.Context, m *manifest.Manifest, o Options, launch func(context.Context) error) (*report.Report, error) {
	j := newJob(m, o)
	j.host.check = func(context.Context, appliance.Acceleration) []error { return nil }
	j.host.launch = func(ctx context.Context, _ []appliance.Drive, _ appliance.Options) (*appliance.Session, error) {
		return nil, launch(ctx)
	}
	return j.run(ctx)
}

// RunAwaiting is Run, whose boot goes on after the login prompt until the console
// has the line: what a test guest tells of itself.
func RunAwaiting(ctx context.Context, m *manifest.Manifest, o Options, line *regexp.Regexp) (*report.Report, error) {
	j := newJob(m, o)
	watch := j.host.boot
	j.host.boot = func(ctx context.Context, started boot.Machine, watching boot.Watching) (boot.Outcome, error) {
		watching.Await = line
		return watch(ctx, started, watching)
	}
	return j.run(ctx)
}

// DeadGuest is of which everything can be told that a report has.
var DeadGuest = boot.Outcome{
	Verdict: boot.Dead, State: boot.StateEmergency, Reason: "[FAILED] Failed to mount srv.mount - /srv.", Duration: 34 * time.Second,
	Evidence: []boot.Evidence{{Source: "console", Seconds: 0.7, Seen: "the first text"}},
	Console:  "[FAILED] Failed to mount srv.mount - /srv.\nYou are in emergency mode.\n",
	Screen:   boot.Screen{Text: "You are in emergency mode.\n", Picture: blankScreen()},
	Speakers: []boot.Speaker{{MAC: "52:54:00:12:34:56", Addresses: []string{"192.0.2.10"}}}, Accelerator: "tcg",
}

// LiveGuest is one that comes up and tells of itself.
var LiveGuest = boot.Outcome{
	Verdict: boot.Booted, State: boot.StateProbe, Duration: 34 * time.Second, Accelerator: "tcg",
	Evidence: []boot.Evidence{{Source: "probe", Seconds: 34, Seen: "degraded"}},
	Facts: &boot.Facts{
		Boot: boot.ProgressDegraded, Hostname: "web01", Kernel: "6.1.0-18-amd64", SELinux: "disabled", Seconds: 31.5,
		Cards:  []boot.Card{{Name: "ens192", Physical: true, MAC: "52:54:00:12:34:56", Up: true, Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.5/24")}}},
		Routes: []boot.Route{{Card: "ens192", Gateway: netip.MustParseAddr("10.0.0.1")}},
		Mounts: []boot.Mount{{Path: "/", Type: "ext4", Source: "/dev/vda1"}, {Path: "/proc", Type: "proc", Source: "proc"}},
		Swaps:  []string{"/dev/vda5"}, Failed: []string{"srv.mount"},
	},
}
