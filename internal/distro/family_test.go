package distro

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestDetect(t *testing.T) {
	t.Parallel()
	tests := []struct {
		distro string
		files  map[string]string
		want   Family
	}{
		{"rocky", nil, RHEL},
		{"", map[string]string{"/etc/os-release": "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n"}, SUSE},
		{"", map[string]string{"/etc/os-release": "ID=zorin\nID_LIKE=\"ubuntu debian\"\n"}, Debian},
		{"unknown", map[string]string{"/usr/lib/os-release": "ID=fedora\n"}, Fedora},
		{"", map[string]string{"/etc/redhat-release": "CentOS release 6.10\n"}, RHEL},
		{"", map[string]string{"/etc/debian_version": "7.1\n"}, Debian},
		{"", map[string]string{"/etc/os-release": "# ID=fedora\nID = 'Raspbian' \n"}, Debian},
		{"", map[string]string{"/etc/os-release": "ID=x\nID_LIKE=\"y rhel\"\n"}, RHEL},
		{"", nil, Unknown},
	}
	for _, tt := range tests {
		if got := Detect(tt.distro, guesttest.New(t, tt.files)); got != tt.want {
			t.Errorf("%q with %v = %q, want %q", tt.distro, tt.files, got, tt.want)
		}
	}
}
