package network

import (
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// TestOrderOfKernelNames: several cards that the kernel names keep their names only where
// it finds them in the order of these.
func TestOrderOfKernelNames(t *testing.T) {
	t.Parallel()
	files := func(first, second string) map[string]string {
		return map[string]string{newSystemd: "", interfaces: "auto " + first + " " + second + "\niface " + first + " inet dhcp\niface " + second + " inet dhcp\n"}
	}
	described := func(first, second string) []report.NIC {
		return []report.NIC{{MAC: macB, GuestName: second}, {MAC: macA, GuestName: first}}
	}
	for _, tt := range []struct {
		first, second, want string
		none                bool
	}{
		{first: "eth0", second: "eth1", want: ": eth0=" + macA + ", eth1=" + macB + " ("},
		{first: "eth10", second: "eth9", want: ": eth9=" + macB + ", eth10=" + macA + " ("},
		{first: "ens192", second: "eth0", want: ": eth0=" + macB + " ("},
		{first: "ens192", second: "ens224", none: true},
	} {
		e := edittest.Of(t, guesttest.New(t, files(tt.first, tt.second)))
		if err := Fix(e, described(tt.first, tt.second)); err != nil {
			t.Fatal(err)
		}
		_, warnings := e.Take()
		i := slices.IndexFunc(warnings, func(w report.Warning) bool { return w.ID == report.ConcernCardMAC })
		if i < 0 || strings.Contains(warnings[i].Remedy, "in this order") == tt.none || !strings.Contains(warnings[i].Remedy, tt.want) {
			t.Errorf("%s and %s: %+v, want %q", tt.first, tt.second, warnings, tt.want)
		}
	}
}
