package machine

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

func TestCorrectNICs(t *testing.T) {
	t.Parallel()
	described := []report.NIC{{Name: "ethernet0", MAC: "00:50:56:00:00:01", Network: "VM Network", Slot: 192}, {Name: "ethernet1", MAC: "00:50:56:00:00:02", Model: "e1000"}}
	for name, test := range map[string]struct{ described, given, want []report.NIC }{
		"none given":     {described, nil, described},
		"none described": {nil, []report.NIC{{MAC: "00-50-56-00-00-0A", GuestName: "ens192"}}, []report.NIC{{MAC: "00:50:56:00:00:0a", GuestName: "ens192"}}},
		"other order, one replaced": {
			described,
			[]report.NIC{{MAC: "00:50:56:00:00:03"}, {MAC: "0050.5600.0001", GuestName: "lan", Addresses: []string{"192.0.2.1"}}},
			[]report.NIC{{MAC: "00:50:56:00:00:03"}, {
				Name: "ethernet0", MAC: "00:50:56:00:00:01", Network: "VM Network", Slot: 192, GuestName: "lan", Addresses: []string{"192.0.2.1"},
			}},
		},
		"another network": {
			described, []report.NIC{{MAC: "00:50:56:00:00:01", Network: "DMZ"}},
			[]report.NIC{{Name: "ethernet0", MAC: "00:50:56:00:00:01", Network: "DMZ", Slot: 192}},
		},
	} {
		if diff := cmp.Diff(test.want, CorrectNICs(test.described, test.given)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}
