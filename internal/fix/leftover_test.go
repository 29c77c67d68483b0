package fix

import (
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/fstab"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// TestRunTellsWhatIsLeft: after all steps the card that keeps its name is no
// finding, nor is the address that a file was freed of; what nothing keeps is one.
func TestRunTellsWhatIsLeft(t *testing.T) {
	t.Parallel()
	target := testTarget(t, map[string]string{
		"/etc/fstab": "UUID=root-uuid / ext4 defaults 0 1\n",
		"/usr/lib/systemd/libsystemd-shared-252.so": "",
		"/etc/netplan/a.yaml":                       "network:\n  ethernets:\n    lan:\n      match: {macaddress: 00:50:56:00:00:01}\n      set-name: ens192\n      dhcp4: true\n",
		"/etc/nftables.conf":                        "iifname \"ens192\" accept\niifname \"ens224\" drop\n",
		"/etc/sysctl.d/a.conf":                      "net.ipv4.conf.ens192.rp_filter=1\n",
		"/etc/udev/rules.d/70-x.rules":              "SUBSYSTEM==\"net\", ATTR{address}==\"52:00:00:00:00:09\", RUN+=\"/x\"\n",
		"/etc/modules-load.d/vm.conf":               "vmw_balloon\n",
		"/etc/systemd/system/x.service":             "[Unit]\nBindsTo=dev-sda3.device sys-subsystem-net-devices-ens192.device\n",
	})
	target.NICs = []report.NIC{{Name: "Network adapter 1", MAC: "52:00:00:00:00:09"}}
	_, warnings, err := Run(t.Context(), target, Options{FstabMode: fstab.ModeStabilizeAll})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"/etc/nftables.conf line 2: ens224", "/etc/udev/rules.d/70-x.rules line 1: 52:00:00:00:00:09", "/etc/modules-load.d/vm.conf line 1: vmw_balloon",
		"/etc/systemd/system/x.service line 2: dev-sda3.device",
	} {
		i := slices.IndexFunc(warnings, func(w report.Warning) bool { return strings.HasPrefix(w.Message, want) })
		if i < 0 {
			t.Errorf("no warning begins with %q: %v", want, warnings)
			continue
		}
		warnings = slices.Delete(warnings, i, i+1)
	}
	for _, w := range warnings {
		if strings.Contains(w.Message, "ens192") || strings.Contains(w.Message, "00:50:56") || strings.Contains(w.Message, " line ") {
			t.Errorf("told of what is as it should be: %v", w)
		}
	}
}
