package provider

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// What the fix stage ends with counts for more than what inspection hoped for.
func TestGuestHardware(t *testing.T) {
	t.Parallel()
	inspected := report.Inspection{Guest: report.Guest{DiskBus: "virtio", NICModel: "virtio"}}
	for name, test := range map[string]struct {
		fixed     report.FixResult
		disk, nic string
	}{
		"as inspected":       {report.FixResult{}, "virtio", "virtio"},
		"not what was hoped": {report.FixResult{DiskBus: "sata", NICModel: "e1000"}, "sata", "e1000"},
		"disk alone":         {report.FixResult{DiskBus: "scsi"}, "scsi", "virtio"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rep := report.New()
			if err := rep.StageSucceeded(1, inspected); err != nil {
				t.Fatal(err)
			}
			if err := rep.StageSucceeded(1, test.fixed); err != nil {
				t.Fatal(err)
			}
			guest, err := newGuestModel(rep)
			if err != nil || *guest.DiskBus != test.disk || *guest.NICModel != test.nic {
				t.Errorf("%v and %v, %v", guest.DiskBus, guest.NICModel, err)
			}
		})
	}
}

func TestBootModel(t *testing.T) {
	t.Parallel()
	rep := report.New()
	if none, err := newBootModel(rep); none != nil || err != nil {
		t.Errorf("of a guest that was not booted: %+v, %v", none, err)
	}
	err := rep.StageFailedWith(1, "dead", report.Validation{Boot: &report.Boot{
		Verdict: report.BootDead, State: "panic", Reason: "Kernel panic", Seconds: 3.2, LogPath: "/images/report.boot.log",
		Frames: []report.BootFrames{{Addresses: []string{"192.0.2.10"}}, {Card: 1, Addresses: []string{"198.51.100.7", "fe80::1"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := newBootModel(rep)
	if err != nil {
		t.Fatal(err)
	}
	reason, log := "Kernel panic", "/images/report.boot.log"
	want := &bootModel{
		Verdict: "dead", State: "panic", Reason: &reason, Seconds: 3.2, LogPath: &log, Addresses: []string{"192.0.2.10", "198.51.100.7", "fe80::1"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	host := "web01"
	rep = report.New()
	err = rep.StageSucceeded(1, report.Validation{Boot: &report.Boot{
		Verdict: report.BootBooted, State: "login", Seconds: 34, Frames: []report.BootFrames{{Addresses: []string{"192.0.2.10"}}},
		Guest: &report.BootGuest{
			Hostname: host, FailedUnits: []string{"data.mount"},
			Cards: []report.BootCard{{Name: "ens192", Addresses: []string{"10.0.0.5/24"}}, {Name: "ens224", Addresses: []string{"fd00::5/64"}}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err = newBootModel(rep); err != nil {
		t.Fatal(err)
	}
	want = &bootModel{Verdict: "booted", State: "login", Seconds: 34, Hostname: &host, Addresses: []string{"10.0.0.5", "fd00::5"}, FailedUnits: []string{"data.mount"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of a guest with a probe (-want +got):\n%s", diff)
	}
}
