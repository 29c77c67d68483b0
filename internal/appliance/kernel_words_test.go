//go:build cgo && linux

package appliance

import (
	"runtime"
	"testing"
)

// TestKernelWords leaves ACPI on where several processors are found by it, and under
// KVM, where its programs cost nothing.
func TestKernelWords(t *testing.T) {
	t.Parallel()
	emulated := ""
	if runtime.GOARCH == "amd64" {
		emulated = "acpi=off"
	}
	for name, test := range map[string]struct {
		accel      Acceleration
		processors int
		trace      bool
		want       string
	}{
		"emulated":                         {AccelTCG, 1, false, emulated},
		"emulated and traced":              {AccelTCG, 1, true, emulated},
		"emulated with several processors": {AccelTCG, 2, false, ""},
		"KVM":                              {AccelKVM, 2, false, "loglevel=6"},
		"KVM with one processor":           {AccelKVM, 1, false, "loglevel=6"},
		"KVM and traced":                   {AccelKVM, 2, true, ""},
	} {
		if got := kernelWords(test.accel, test.processors, test.trace); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
