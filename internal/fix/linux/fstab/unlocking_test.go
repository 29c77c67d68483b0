package fstab

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// TestUnlockingNeeds: what opens an encrypted device may be left on the old machine.
func TestUnlockingNeeds(t *testing.T) {
	t.Parallel()
	names := testNames // without a locked device, below which a name may be
	names.Devices = slices.DeleteFunc(slices.Clone(names.Devices), func(d guest.Device) bool { return d.FSType == guest.FSTypeLUKS })
	for line, told := range map[string]string{
		"r UUID=root-uuid none luks\n":                                          "",
		"r UUID=root-uuid /dev/urandom swap\n":                                  "",
		"r UUID=root-uuid /etc/key luks\n":                                      "",
		"r UUID=gone none luks,noauto\n":                                        "",
		"r UUID=root-uuid /key:UUID=root-uuid luks\n":                           "",
		"r UUID=root-uuid /key:/dev/sda1 luks\n":                                "/dev/sda1",
		"r UUID=root-uuid /dev/sda3 luks\n":                                     "/dev/sda3",
		"r UUID=root-uuid none luks,header=/dev/sda3\n":                         "/dev/sda3",
		"r UUID=root-uuid none luks,x-systemd.requires=dev-sdb1.device\n":       "dev-sdb1.device",
		"r UUID=gone none luks\n":                                               "UUID=gone",
		"r /dev/mapper/gone none luks\n":                                        "/dev/mapper/gone",
		"r UUID=root-uuid none tpm2-device=auto\n":                              "TPM",
		"r UUID=root-uuid none fido2-device=auto\n":                             "the token of fido2-device",
		"r UUID=root-uuid none pkcs11-uri=pkcs11:token=t;pin-value=4711\n":      "the token of pkcs11-uri",
		"r UUID=root-uuid /dev/disk/by-id/usb-x-part1:/key luks,keyscript=/x\n": "usb-x-part1",
	} {
		got, notes := editCrypttab(line, ModeStabilizeAll, names)
		if got != line || told == "" && len(notes) > 0 || told != "" && (len(notes) != 1 || !strings.Contains(notes[0].Message, told)) {
			t.Errorf("%q became %q with %v, want %q told", line, got, notes, told)
		}
		if strings.Contains(fmt.Sprint(notes), "4711") {
			t.Errorf("a PIN is told: %v", notes)
		}
	}
	for _, option := range []string{"requires", "after", "wanted-by"} {
		if _, notes := editFstab("UUID=root-uuid / ext4 x-systemd."+option+"=dev-sdb1.device 0 1\n", ModeStabilizeAll, testNames); len(notes) != 1 {
			t.Errorf("%s: %v", option, notes)
		}
		if _, notes := editFstab("UUID=root-uuid / ext4 x-systemd."+option+`=dev-disk-by\x2did-ata\x2dVMware_1\x2dpart1.device 0 1`+"\n", ModeStabilizeAll, testNames); len(notes) != 1 {
			t.Errorf("%s of an escaped name: %v", option, notes)
		}
	}
}
