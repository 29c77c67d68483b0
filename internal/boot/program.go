package boot

import (
	"errors"
	"os"
	"os/exec"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// programs are the names of QEMU for x86-64. RHEL has its own, outside PATH.
var programs = []string{"qemu-system-x86_64", "/usr/libexec/qemu-kvm"}

// Program returns the path of the QEMU that boots guests.
func Program() (string, error) {
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", remedy.With(errors.New("this host has no QEMU for x86-64 to boot the guest with"),
		"install it (Debian, Ubuntu: qemu-system-x86; Fedora, RHEL: qemu-kvm)")
}

// Lacks says what this host lacks to boot guests with the firmware. It makes
// nothing and starts nothing.
func Lacks(firmware Firmware) error {
	if _, err := Program(); err != nil {
		return err
	}
	if firmware == UEFI {
		_, err := findUEFI()
		return err
	}
	return nil
}

// environment is what QEMU gets to see of this process' own.
func environment(folder string) []string {
	// Changes to disks that are thrown away lie in TMPDIR: with the folder, all
	// of them go.
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=" + folder, "TMPDIR=" + folder}
}
