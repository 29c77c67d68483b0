//go:build cgo && linux

package appliance

import "runtime"

const (
	// kernelNotices lets the kernel say a few words on the console, of which
	// libguestfs lets it say none: the first as soon as it runs.
	kernelNotices = "loglevel=6"
	// withoutACPI spares an emulated kernel the tables' programs, a quarter of all
	// that it does until the appliance is up (internal/adr/0055). Other tables
	// describe the same machine.
	withoutACPI = "acpi=off"
)

// kernelWords are what the appliance's kernel is told beside libguestfs' own words.
func kernelWords(accel Acceleration, processors int, trace bool) string {
	switch {
	case accel == AccelKVM && !trace:
		return kernelNotices
	case accel == AccelTCG && processors == 1 && runtime.GOARCH == "amd64":
		return withoutACPI
	}
	return ""
}
