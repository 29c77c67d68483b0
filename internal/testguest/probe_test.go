package testguest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseProbe(t *testing.T) {
	t.Parallel()
	console := `
web01 login: testguest-probe: BEGIN
testguest-probe: hostname web01
testguest-probe: kernel 6.1.0-50-cloud-amd64
testguest-probe: system degraded
testguest-probe: failed networking.service
[   31.415926] a kernel message
testguest-probe: address lo               UNKNOWN        127.0.0.1/8 ::1/128 
testguest-probe: address ens192           UP             192.0.2.10/24 
testguest-probe: route default via 192.0.2.2 dev ens192 
testguest-probe: mount / /dev/vda2[/@] btrfs
testguest-probe: swap /dev/vda5                               partition	390140		0		-2
testguest-probe: cmdline BOOT_IMAGE=/boot/vmlinuz root=UUID=1 ro
testguest-probe: END
testguest-probe: BEGIN
testguest-probe: hostname unfinished
`
	want := Probe{
		Hostname: "web01", Kernel: "6.1.0-50-cloud-amd64", System: "degraded",
		Failed: []string{"networking.service"},
		Addresses: []Address{
			{Interface: "lo", State: "UNKNOWN", Addresses: []string{"127.0.0.1/8", "::1/128"}},
			{Interface: "ens192", State: "UP", Addresses: []string{"192.0.2.10/24"}},
		},
		Routes:  []string{"default via 192.0.2.2 dev ens192"},
		Mounts:  []ProbeMount{{Target: "/", Source: "/dev/vda2[/@]", Type: "btrfs"}},
		Swaps:   []string{"/dev/vda5"},
		Cmdline: "BOOT_IMAGE=/boot/vmlinuz root=UUID=1 ro",
	}
	got, ok := ParseProbe(console)
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("found %t, probe (-want +got):\n%s", ok, diff)
	}
	if m, ok := got.Mount("/"); !ok || m.Type != "btrfs" {
		t.Errorf("mount of /: %v, %t", m, ok)
	}
	if a, ok := got.Interface("ens192"); !ok || a.State != "UP" {
		t.Errorf("interface ens192: %v, %t", a, ok)
	}
	if _, ok := ParseProbe("web01 login: "); ok {
		t.Error("found a probe where there is none")
	}
}
