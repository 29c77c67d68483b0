package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func concernIDs(r *report.Report) []report.ConcernID {
	var ids []report.ConcernID
	for _, concern := range r.Concerns {
		ids = append(ids, concern.ID)
	}
	return ids
}

// What the old machine has and the new one will not is found, and told as a warning
// where it weighs.
func TestFindInMachine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		machine  report.Machine
		want     []report.ConcernID
		warnings int
	}{
		"nothing":   {report.Machine{VCPUs: 2, Firmware: "uefi"}, nil, 0},
		"suspended": {report.Machine{Suspended: true}, []report.ConcernID{report.ConcernSuspended}, 1},
		"TPM":       {report.Machine{TPM: true, SecureBoot: true}, []report.ConcernID{report.ConcernTPM, report.ConcernSecureBoot}, 2},
		"comforts": {
			report.Machine{USB: true, CPUHotPlug: true, CPUAffinity: "0", NUMAAffinity: "1"},
			[]report.ConcernID{report.ConcernAffinity, report.ConcernNUMA, report.ConcernHotPlug, report.ConcernUSB}, 0,
		},
		"a dongle":   {report.Machine{Passthrough: []report.Passthrough{{Kind: report.PassthroughUSB, Name: "x"}}}, []report.ConcernID{report.ConcernPassthrough}, 1},
		"a graphics": {report.Machine{Passthrough: []report.Passthrough{{Kind: report.PassthroughPCI, Name: "pciPassthru0"}}}, []report.ConcernID{report.ConcernPassthrough}, 1},
		"a card":     {report.Machine{Passthrough: []report.Passthrough{{Kind: report.PassthroughSRIOV, Name: "x"}}}, []report.ConcernID{report.ConcernSRIOV}, 1},
		"disks": {
			report.Machine{Disks: []report.MachineDisk{
				{File: "a-000001.vmdk", Snapshot: true}, {File: "b.vmdk", Independent: true}, {File: "c.vmdk", Independent: true, Discarding: true}, {File: "d.vmdk", Shared: true},
			}},
			[]report.ConcernID{report.ConcernIndependentDisk, report.ConcernDiscardingDisk, report.ConcernSharedDisk, report.ConcernSnapshot}, 2,
		},
	} {
		say := newReporter()
		say.begin(report.StageLoadManifest, []float64{1})
		findInMachine(say, &test.machine)
		if got := concernIDs(say.report); !slices.Equal(got, test.want) || len(say.report.Warnings) != test.warnings {
			t.Errorf("%s: %v and %d warnings, want %v and %d", name, got, len(say.report.Warnings), test.want, test.warnings)
		}
	}
}

func TestFindInGuest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		guest report.Guest
		want  []report.ConcernID
	}{
		"Linux":           {report.Guest{Type: "linux", Hostname: "web"}, nil},
		"no name":         {report.Guest{Type: "linux"}, []report.ConcernID{report.ConcernHostnameEmpty}},
		"a default":       {report.Guest{Type: "linux", Hostname: "localhost.localdomain"}, []report.ConcernID{report.ConcernHostnameDefault}},
		"the short one":   {report.Guest{Type: "linux", Hostname: "Localhost"}, []report.ConcernID{report.ConcernHostnameDefault}},
		"only like one":   {report.Guest{Type: "linux", Hostname: "localhost-web"}, nil},
		"Windows":         {report.Guest{Type: "windows"}, nil},
		"FreeBSD":         {report.Guest{Type: "freebsd"}, []report.ConcernID{report.ConcernOS}},
		"not looked into": {report.Guest{}, nil},
	} {
		say := newReporter()
		say.begin(report.StageInspect, []float64{1})
		findInGuest(say, test.guest)
		if got := concernIDs(say.report); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// Each warning is a concern of its kind.
func TestWarningsAreConcerns(t *testing.T) {
	t.Parallel()
	say := newReporter()
	say.begin(report.StageFix, []float64{1})
	say.findAll([]report.Warning{{ID: report.ConcernOldCard, Message: "a"}, {ID: report.ConcernUsers, Message: "b", Remedy: "do"}})
	if got, want := concernIDs(say.report), []report.ConcernID{report.ConcernOldCard, report.ConcernUsers}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if c := say.report.Concerns[1]; c.Assessment != "b" || c.Remedy != "do" || c.Stage != report.StageFix || len(say.report.Warnings) != 2 {
		t.Errorf("%+v, warnings %v", c, say.report.Warnings)
	}
}

// A failure is of the kind that says most of it, whatever wraps it.
func TestConcernOf(t *testing.T) {
	t.Parallel()
	for want, err := range map[report.ConcernID]error{
		report.ConcernHibernated: fmt.Errorf("mounting: %w", appliance.HibernatedIn("/dev/sda2")),
		report.ConcernMenuStarts: fmt.Errorf("fix: %w", report.Concerning(report.ConcernMenuStarts, errors.New("no entry starts"))),
		"":                       errors.New("something else"),
	} {
		if got := concernOf(err); got != want {
			t.Errorf("%v is of the kind %q, want %q", err, got, want)
		}
	}
}
