package bootloader

import (
	"errors"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Findings of one file may ask for different decisions, and have ids for them.
func TestKindsOfFindings(t *testing.T) {
	t.Parallel()
	gone := errors.New("there is no such disk")
	for what, test := range map[string]struct {
		finding finding
		want    report.ConcernID
	}{
		"a name that stays":    {finding{param: "root", spec: "/dev/sda9", err: gone}, report.ConcernEarlyDevice},
		"another system's":     {finding{param: "root", spec: "/dev/sda9", err: gone, otherOS: true}, report.ConcernBootOtherSystem},
		"an unknown variable":  {finding{param: "root", spec: "$x", err: errUnknownVariable, otherOS: true}, report.ConcernEarlyDevice},
		"a root for another":   {finding{param: "root", spec: "/dev/dm-0", name: "UUID=x"}, report.ConcernRootAssumed},
		"a file that is wrong": {finding{err: errors.New("no shell"), otherOS: true}, report.ConcernFileNotEdited},
	} {
		if got := test.finding.kind(report.ConcernEarlyDevice); got != test.want {
			t.Errorf("%s: %s, want %s", what, got, test.want)
		}
	}
}
