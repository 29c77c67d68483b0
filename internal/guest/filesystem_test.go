package guest

import "testing"

func TestHibernation(t *testing.T) {
	t.Parallel()
	if area := (Devices{{Name: "/dev/sda5", FSType: "swap"}}).Hibernated(); area != "" {
		t.Errorf("%s is in use, not suspended", area)
	}
	if area := (Devices{{Name: "/dev/sda1", FSType: "ext4"}, {Name: "/dev/sda5", FSType: "swsuspend"}}).Hibernated(); area != "/dev/sda5" {
		t.Errorf("suspended to %q", area)
	}
}
