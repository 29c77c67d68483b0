package fix

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/drivers"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/firmware"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/layout"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/network"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/preflight"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/services"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/storage"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// kindWindows is the type, and the family, of Windows guests.
const kindWindows = "windows"

// WindowsBackups is where the values that were changed are kept in a Windows guest.
const WindowsBackups = "/ProgramData/hyper2kvm/backup"

// windows is the wing of Windows guests. A hive is written once.
func (r *run) windows() (steps []step, end func() error) {
	w := &windowsRun{run: r}
	return []step{
		{"check the guest", 3, nil, simple(w.check)},
		{"drivers", 5, func(o Options) bool { return o.VirtioWin != "" }, simple(w.copyDrivers)},
		{"registry", 5, nil, simple(w.editSystem)},
		{"network", 1, nil, simple(w.tellAddresses)},
		{"UEFI fallback loader", 1, func(Options) bool { return r.Firmware == guest.FirmwareUEFI }, simple(w.fixFirmware)},
	}, w.closeDrivers
}

// windowsRun is a run over a Windows guest.
type windowsRun struct {
	*run
	layout    layout.Layout
	virtioWin *drivers.Tree   // nil where there is none
	drivers   *drivers.Choice // the same
	cards     []network.Card  // with addresses that stay behind
}

// requiredWindowsSpace is what a Windows needs to start at all, and more than what is
// written here, in bytes.
const requiredWindowsSpace = 100 << 20

// check refuses a guest that must not be changed.
func (w *windowsRun) check() error {
	err := preflight.Check(preflight.Guest{OS: w.OS, Devices: w.Devices, Disks: w.Disks, Unclean: w.Unclean, Editor: w.Editor})
	if err != nil {
		return err
	}
	if w.layout, err = layout.Find(w.Editor); err != nil {
		return err
	}
	if err := w.Editor.CheckSpace([]edit.RequiredSpace{{Path: "/", Bytes: requiredWindowsSpace}}); err != nil {
		return remedy.With(err, "make room on the system drive of the guest and take its disk again")
	}
	return w.chooseDrivers()
}

// editSystem prepares Windows for the new machine's devices: those that drivers were
// chosen for, or else those that it has drivers of its own for, a SATA disk and an
// e1000e network card.
func (w *windowsRun) editSystem() error {
	description := "start from a SATA disk"
	if w.drivers != nil {
		description = "start from a virtio disk"
	}
	if w.options.RemoveVMwareTools {
		description += ", without VMware's tools"
	}
	tools := false
	err := w.Editor.EditHive(edit.Hive{Path: w.layout.System, Name: "SYSTEM", Loaded: `HKEY_LOCAL_MACHINE\SYSTEM`}, description, func(e *registry.Edited) error {
		system, err := registry.ReadSystem(e)
		if err != nil {
			return err
		}
		if err := w.prepareDisk(e, system); err != nil {
			return err
		}
		if w.options.RemoveVMwareTools {
			if tools, err = services.DisableTools(e, system); err != nil {
				return err
			}
		}
		if err := services.StopAtCrash(e, system); err != nil {
			return err
		}
		w.cards, err = network.Read(e, system, w.NICs)
		return err
	})
	if errors.Is(err, storage.ErrNoSATA) {
		return remedy.With(err, "disable pipeline.fix, and attach the image as you know that it boots")
	}
	if err != nil {
		return preflight.Explain(err)
	}
	w.result.DiskBus, w.result.NICModel = "sata", "e1000e"
	if w.drivers != nil {
		w.result.DiskBus, w.result.NICModel = blockDrivers[w.options.BlockDriver].bus, "virtio"
	} else {
		w.Editor.Warn(report.ConcernHardware, "Windows starts from a SATA disk and an e1000e network card, which are emulated and slower than virtio devices",
			"name virtio-win in pipeline.fix.virtio_win, or install its drivers in Windows when that runs")
	}
	switch {
	case !w.options.RemoveVMwareTools:
	case tools:
		w.Editor.Warn(report.ConcernVMwareTools, "VMware's tools were disabled and stay installed: their uninstaller runs in Windows alone",
			"uninstall them in Windows (Settings, Apps) when it runs on the new machine")
	default:
		w.Editor.Warn(report.ConcernNoVMwareTools, "Could not remove VMware tools: no service of them was found", "set pipeline.fix.remove_vmware_tools to false for this guest")
	}
	return nil
}

// tellAddresses tells of static addresses, which Windows keeps for the card that had
// them.
func (w *windowsRun) tellAddresses() error {
	if len(w.cards) == 0 {
		return nil
	}
	var described []string
	for _, card := range w.cards {
		described = append(described, card.String())
	}
	first := w.cards[0]
	set := fmt.Sprintf("set them in Windows when it runs on the new machine, such as with: netsh interface ipv4 set address name=\"Ethernet\" static %s %s",
		first.Addresses[0].IP, first.Addresses[0].Mask)
	if len(first.Gateways) > 0 {
		set += " " + first.Gateways[0]
	}
	w.Editor.Warn(report.ConcernCardUnknown, "static addresses stay with the cards of the old machine, and the new cards ask by DHCP: "+strings.Join(described, "; "), set)
	return nil
}

func (w *windowsRun) fixFirmware() error {
	esp := ""
	for _, mount := range w.Editor.Mounts() {
		if mount.Path == guest.WindowsESP {
			esp = mount.Path
		}
	}
	if esp != "" {
		if err := firmware.FixStore(w.Editor, esp); err != nil {
			return err
		}
	}
	return firmware.FixFallbackLoader(w.Editor, esp, w.OS.Arch)
}
