package machine_test

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/machine"
)

func TestIsWindows(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"windows9_64Guest": true, "windows2019srv-64": true, "winNetStandardGuest": true, "winxppro": true, "Microsoft Windows 10 (64-bit)": true,
		"debian12_64Guest": false, "darwin19_64Guest": false, "": false, "otherGuest": false,
	} {
		if got := machine.IsWindows(name); got != want {
			t.Errorf("%q is a Windows: %v", name, got)
		}
	}
}
