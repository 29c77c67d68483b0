package boot

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// flash is what UEFI firmware lies in: its code, and its variable store or the template
// of that, each with its format as QEMU calls it.
type flash struct {
	code, codeFormat           string
	variables, variablesFormat string
}

// flashOfDistributions are where distributions put OVMF that have no descriptors.
var flashOfDistributions = []flash{
	{"/usr/share/OVMF/OVMF_CODE_4M.fd", "raw", "/usr/share/OVMF/OVMF_VARS_4M.fd", "raw"},
	{"/usr/share/OVMF/OVMF_CODE.fd", "raw", "/usr/share/OVMF/OVMF_VARS.fd", "raw"},
	{"/usr/share/edk2/ovmf/OVMF_CODE.fd", "raw", "/usr/share/edk2/ovmf/OVMF_VARS.fd", "raw"},
}

// descriptorDirectories are where QEMU's firmware is described: what has the name of
// another in a directory before it takes that one's place (docs/interop/firmware.json).
func descriptorDirectories() []string {
	directories := []string{"/etc/qemu/firmware", "/usr/share/qemu/firmware"}
	if own, err := os.UserConfigDir(); err == nil {
		directories = append([]string{filepath.Join(own, "qemu/firmware")}, directories...)
	}
	return directories
}

// findUEFI returns the firmware's code and the template of its variable store.
func findUEFI() (flash, error) { return findFlash(descriptorDirectories(), flashOfDistributions) }

func findFlash(directories []string, known []flash) (flash, error) {
	for _, f := range append(describedFlash(directories), known...) {
		_, codeErr := os.Stat(f.code)
		_, templateErr := os.Stat(f.variables)
		if codeErr == nil && templateErr == nil {
			return f, nil
		}
	}
	return flash{}, remedy.With(errors.New("this host has no UEFI firmware for QEMU"),
		"install it (Debian, Ubuntu: ovmf; Fedora, RHEL: edk2-ovmf)")
}

// describedFlash are the firmwares that descriptors tell of and that the machines of this
// package can have, by their priority. A descriptor that cannot be read is none.
func describedFlash(directories []string) (found []flash) {
	files := map[string]string{}
	var names []string
	for _, directory := range directories {
		described, _ := filepath.Glob(filepath.Join(directory, "*.json"))
		for _, file := range described {
			if name := filepath.Base(file); files[name] == "" {
				files[name] = file
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	for _, name := range names {
		text, err := os.ReadFile(files[name])
		if err != nil {
			continue
		}
		var d descriptor
		if json.Unmarshal(text, &d) == nil && d.serves() {
			found = append(found, d.flash())
		}
	}
	return found
}

// descriptor is what is read of docs/interop/firmware.json.
type descriptor struct {
	InterfaceTypes []string `json:"interface-types"`
	Mapping        struct {
		Device     string         `json:"device"`
		Mode       string         `json:"mode"`
		Executable describedImage `json:"executable"`
		Template   describedImage `json:"nvram-template"`
	} `json:"mapping"`
	Targets []struct {
		Architecture string   `json:"architecture"`
		Machines     []string `json:"machines"`
	} `json:"targets"`
	Features []string `json:"features"`
}

type describedImage struct {
	Filename string `json:"filename"`
	Format   string `json:"format"`
}

// notServed are features of firmware for machines of other kinds: those with System
// Management Mode, with keys of Secure Boot enrolled, and with encrypted memory.
var notServed = []string{"requires-smm", "enrolled-keys", "amd-sev-es", "amd-sev-snp", "intel-tdx"}

// serves reports whether the machines of this package can have the firmware.
func (d descriptor) serves() bool {
	for _, target := range d.Targets {
		isQ35 := func(machine string) bool {
			return strings.HasPrefix(machine, "pc-q35-") || machine == "q35" || machine == "*"
		}
		if target.Architecture == "x86_64" && slices.ContainsFunc(target.Machines, isQ35) {
			return slices.Contains(d.InterfaceTypes, "uefi") &&
				d.Mapping.Device == "flash" && (d.Mapping.Mode == "" || d.Mapping.Mode == "split") &&
				filepath.IsAbs(d.Mapping.Executable.Filename) && filepath.IsAbs(d.Mapping.Template.Filename) &&
				isFlashFormat(d.Mapping.Executable.Format) && isFlashFormat(d.Mapping.Template.Format) &&
				!slices.ContainsFunc(d.Features, func(feature string) bool { return slices.Contains(notServed, feature) })
		}
	}
	return false
}

func isFlashFormat(format string) bool { return format == "raw" || format == "qcow2" }

func (d descriptor) flash() flash {
	m := d.Mapping
	return flash{m.Executable.Filename, m.Executable.Format, m.Template.Filename, m.Template.Format}
}

// prepareUEFI gives the machine an empty variable store, as a new virtual
// machine has.
func prepareUEFI(folder string) (flash, error) {
	f, err := findUEFI()
	if err != nil {
		return flash{}, err
	}
	empty, err := os.ReadFile(f.variables)
	if err != nil {
		return flash{}, fmt.Errorf("reading the UEFI variable store: %w", err)
	}
	f.variables = filepath.Join(folder, "variables.fd")
	if err := os.WriteFile(f.variables, empty, 0o600); err != nil {
		return flash{}, fmt.Errorf("copying the UEFI variable store: %w", err)
	}
	return f, nil
}
