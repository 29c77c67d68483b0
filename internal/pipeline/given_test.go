package pipeline

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/manifest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/source"
)

// The cards of the manifest are those of the fixes, of the new machine and of the
// boot proof, for a mere disk and against a description.
func TestGivenCardsAreThoseOfTheMachine(t *testing.T) {
	t.Parallel()
	m := &manifest.Manifest{Source: manifest.Source{NICs: []manifest.NIC{
		{MAC: "00:50:56:00:00:0B", Name: "ens224", Network: "Storage"}, {MAC: "00:50:56:00:00:0a", Addresses: []string{"192.0.2.10"}},
	}}}
	described := &report.Machine{NICs: []report.NIC{{MAC: "00:50:56:00:00:0a", Slot: 192, Network: "LAN"}}}
	for name, test := range map[string]struct {
		machine *report.Machine
		network string
		slot    int
	}{"a mere disk": {nil, "", 0}, "a description": {described, "LAN", 192}} {
		o := opened{source: &source.Source{Machine: test.machine, Disks: []source.Disk{{Name: "a"}}}, givenNICs: givenNICs(m)}
		want := []report.NIC{
			{MAC: "00:50:56:00:00:0b", GuestName: "ens224", Network: "Storage"},
			{MAC: "00:50:56:00:00:0a", Addresses: []string{"192.0.2.10"}, Network: test.network, Slot: test.slot},
		}
		if diff := cmp.Diff(want, (mounted{examined: examined{opened: o}}).target().NICs); diff != "" {
			t.Errorf("%s: the fixes have (-want +got)\n%s", name, diff)
		}
		needed := neededMachine(o, report.Guest{DiskBus: "virtio", NICModel: "virtio"}, 0, nil)
		cards := []report.HardwareNIC{
			{Model: "virtio", MAC: "00:50:56:00:00:0b", Network: "Storage"}, {Model: "virtio", MAC: "00:50:56:00:00:0a", Network: test.network},
		}
		if diff := cmp.Diff(cards, needed.NICs); diff != "" {
			t.Errorf("%s: the machine has (-want +got)\n%s", name, diff)
		}
		for _, known := range []*report.Hardware{nil, needed} {
			proved := targetOf(o, known, inspected{}, fixed{}).nics
			if diff := cmp.Diff([]boot.NIC{{Model: "virtio", MAC: "00:50:56:00:00:0b"}, {Model: "virtio", MAC: "00:50:56:00:00:0a"}}, proved); diff != "" {
				t.Errorf("%s: the boot proof has (-want +got)\n%s", name, diff)
			}
		}
	}
}

func TestChooseByRoot(t *testing.T) {
	t.Parallel()
	systems := []guest.OS{{Root: "/dev/sda1", Product: "Debian 12"}, {Root: "/dev/sdb1", Product: "Rocky 9"}}
	on := system{devices: guest.Devices{{Name: "/dev/sda1", UUID: "a"}, {Name: "/dev/sdb1", Disk: 1, UUID: "b"}}}
	choosing := func(root string) (guest.OS, []report.Message, error) {
		j := newJob(&manifest.Manifest{Source: manifest.Source{Root: root}}, Options{})
		found, err := choose(j, systems, on, func() ([]guest.Menu, error) { return nil, nil })
		return found, j.say.report.Warnings, err
	}
	if found, warned, err := choosing("UUID=b"); err != nil || found.Root != "/dev/sdb1" || len(warned) != 0 {
		t.Errorf("%+v, %v, %v", found, warned, err)
	}
	if found, warned, err := choosing(""); err != nil || found.Root != "/dev/sda1" || len(warned) != 1 || !strings.Contains(warned[0].Remedy, "source.root") {
		t.Errorf("%+v, %v, %v", found, warned, err)
	}
	_, _, err := choosing("/dev/sdc1")
	if !errors.As(err, new(*rootError)) || !strings.Contains(err.Error(), "Debian 12 on /dev/sda1, Rocky 9 on /dev/sdb1") || remedy.Of(err) == "" {
		t.Errorf("%v (%s)", err, remedy.Of(err))
	}
}

// An error that policies know by an id is among the concerns of the failed run.
func TestErrorsAreConcerns(t *testing.T) {
	t.Parallel()
	j := newJob(&manifest.Manifest{}, Options{})
	j.recordFailure(fmt.Errorf("source.path: %w", report.Concerning(report.ConcernRDM, remedy.With(errors.New("a disk of the host"), "copy it"))))
	j.recordFailure(errors.New("something else"))
	want := []report.Concern{{
		ID: "vmware.disk.rdm.detected", Category: report.Critical, Label: "Disk that is a device of the old host", Assessment: "source.path: a disk of the host", Remedy: "copy it",
	}}
	if diff := cmp.Diff(want, j.say.report.Concerns); diff != "" || len(j.say.report.Errors) != 2 {
		t.Errorf("%d errors, concerns (-want +got)\n%s", len(j.say.report.Errors), diff)
	}
}

// An inspection fails for a root that is none, where it would else only warn that
// the guest was not looked into.
func TestInspectionOfAnotherRoot(t *testing.T) {
	t.Parallel()
	j := inspectionJob(t, nil)
	j.manifest.Source.Root = "/dev/sdz9"
	if _, err := j.run(t.Context()); err == nil || !strings.Contains(err.Error(), "source.root: /dev/sdz9 is not the root of one operating system") {
		t.Errorf("error %v", err)
	}
	j = inspectionJob(t, nil)
	j.manifest.Source.Root = "/dev/sda2"
	if _, err := j.run(t.Context()); err != nil {
		t.Errorf("the root that is there: %v", err)
	}
}
