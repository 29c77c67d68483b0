package boot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// firmwarePairs are where distributions put OVMF: code and variable template.
var firmwarePairs = [][2]string{
	{"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
	{"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
	{"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},
}

// findUEFI returns the firmware's code and the template of its variable store.
func findUEFI() (code, template string, err error) {
	for _, pair := range firmwarePairs {
		_, codeErr := os.Stat(pair[0])
		_, templateErr := os.Stat(pair[1])
		if codeErr == nil && templateErr == nil {
			return pair[0], pair[1], nil
		}
	}
	return "", "", remedy.With(errors.New("this host has no UEFI firmware for QEMU"),
		"install it (Debian, Ubuntu: ovmf; Fedora, RHEL: edk2-ovmf)")
}

// prepareUEFI gives the machine an empty variable store, as a new virtual
// machine has.
func prepareUEFI(folder string) (code, variables string, err error) {
	code, template, err := findUEFI()
	if err != nil {
		return "", "", err
	}
	empty, err := os.ReadFile(template)
	if err != nil {
		return "", "", fmt.Errorf("reading the UEFI variable store: %w", err)
	}
	variables = filepath.Join(folder, "variables.fd")
	if err := os.WriteFile(variables, empty, 0o600); err != nil {
		return "", "", fmt.Errorf("copying the UEFI variable store: %w", err)
	}
	return code, variables, nil
}
