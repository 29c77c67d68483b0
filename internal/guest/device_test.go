package guest

import "testing"

func TestHasUUIDAlone(t *testing.T) {
	t.Parallel()
	devices := Devices{{Name: "/dev/sda1", UUID: "1"}, {Name: "/dev/sda2", UUID: "2"}, {Name: "/dev/vg/snapshot", UUID: "2"}, {Name: "/dev/sda3"}}
	for n, want := range []bool{true, false, false, false} {
		if got := devices.HasUUIDAlone(devices[n]); got != want {
			t.Errorf("%s: %t", devices[n].Name, got)
		}
	}
}
