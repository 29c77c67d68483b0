package fix

import (
	"errors"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/drivers"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/firmware"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/firstboot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/hostname"
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
		{"check the guest", 5, nil, simple(w.check)},
		{"drivers", 5, func(o Options) bool { return o.VirtioWin != "" }, simple(w.copyDrivers)},
		{"first boot", 2, nil, simple(w.writeFirstBoot)},
		{"registry", 5, nil, simple(w.editSystem)},
		{"network", 1, nil, simple(w.tellAddresses)},
		{"UEFI fallback loader", 1, func(Options) bool { return r.Firmware == guest.FirmwareUEFI }, simple(w.fixFirmware)},
		{"boot sector", 1, func(Options) bool { return r.Firmware == guest.FirmwareBIOS }, simple(w.checkBootSector)},
	}, w.closeDrivers
}

// windowsRun is a run over a Windows guest.
type windowsRun struct {
	*run
	layout    layout.Layout
	software  registry.Software
	tools     []string        // the product codes of VMware's tools that are to go
	virtioWin *drivers.Tree   // nil where there is none
	drivers   *drivers.Choice // the same
	cards     []network.Card  // with addresses that stay behind
	firstBoot firstboot.Plan
	hasTools  bool // of VMware
	// refusesScripts says that its policy lets PowerShell run no script that is not signed.
	refusesScripts bool
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
	if err := w.readSoftware(); err != nil {
		return err
	}
	if err := w.chooseDrivers(); err != nil {
		return err
	}
	// What cannot be made is known before anything is.
	return explainHive(w.Editor.ReadHive(w.layout.System, func(hive *registry.Hive) error {
		system, err := registry.ReadSystem(hive)
		if err != nil {
			return err
		}
		cards, err := network.Read(hive, system, w.NICs)
		if err != nil {
			return err
		}
		if err := w.planFirstBoot(cards); err != nil {
			return err
		}
		return w.prepare(registry.Edit(hive))
	}))
}

// readSoftware reads what the hive SOFTWARE tells.
func (w *windowsRun) readSoftware() error {
	return w.Editor.ReadHive(w.layout.Software, func(hive *registry.Hive) (err error) {
		if w.software, err = registry.ReadSoftware(hive); registry.IsMissing(err) {
			w.software, err = registry.Software{}, nil
		}
		if err == nil {
			w.refusesScripts, err = firstboot.RefusesScripts(hive)
		}
		if err == nil && w.options.RemoveVMwareTools {
			w.tools, err = firstboot.VMwareTools(hive)
		}
		if w.software.Major == 0 {
			w.software.Product, w.software.Major, w.software.Minor = w.OS.Product, w.OS.Major, w.OS.Minor
		}
		return err
	})
}

// prepare prepares the hive SYSTEM for the new machine's devices, those that drivers
// were chosen for, or else those that Windows has drivers of its own for, a SATA disk and
// an e1000e network card, and for what is asked for.
func (w *windowsRun) prepare(e *registry.Edited) error {
	system, err := registry.ReadSystem(e)
	if err != nil {
		return err
	}
	switch err := w.prepareDisk(e, system); {
	case errors.Is(err, storage.ErrNoSATA):
		return remedy.With(err, "disable pipeline.fix, and attach the image as you know that it boots")
	case err != nil:
		return err
	}
	if w.options.RemoveVMwareTools {
		if w.hasTools, err = services.DisableTools(e, system); err != nil {
			return err
		}
	}
	if err := services.StopAtCrash(e, system); err != nil {
		return err
	}
	if w.options.Hostname != "" {
		switch err := hostname.Set(e, system, w.options.Hostname); {
		case errors.Is(err, hostname.ErrDomain), errors.Is(err, hostname.ErrRole):
			return report.Concerning(report.ConcernHostname, fmt.Errorf("configuration.hostname.hostname: %w", err))
		case err != nil:
			return err
		}
	}
	if len(w.firstBoot.Files) > 0 {
		return firstboot.Register(e, system)
	}
	return nil
}

// explainHive adds what to do to the error of a hive.
func explainHive(err error) error {
	if report.ConcernOf(err) != "" {
		return err
	}
	return preflight.Explain(err)
}

// editSystem writes what prepare plans.
func (w *windowsRun) editSystem() error {
	description := "start from a SATA disk"
	if w.drivers != nil {
		description = "start from a virtio disk"
	}
	if w.options.RemoveVMwareTools {
		description += ", without VMware's tools"
	}
	if w.options.Hostname != "" {
		description += ", with the host name " + w.options.Hostname
	}
	if len(w.firstBoot.Files) > 0 {
		description += ", with a service for the first boot"
	}
	err := w.Editor.EditHive(edit.Hive{Path: w.layout.System, Name: "SYSTEM", Loaded: `HKEY_LOCAL_MACHINE\SYSTEM`}, description, w.prepare)
	if err != nil {
		return explainHive(err)
	}
	if w.options.Hostname != "" && w.software.Generalized {
		w.Editor.Warn(report.ConcernHostname, "sysprep made the guest an image for many machines: at its next start it sets itself up, and gives itself another host name",
			"name it in the answer file of sysprep (ComputerName), or in a script of configuration.first_boot (Rename-Computer)")
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
	case len(w.tools) > 0:
		w.Editor.Warn(report.ConcernVMwareTools, "VMware's tools were disabled, and are uninstalled at the first boot, which their uninstaller often refuses away from VMware",
			`look into C:\Windows\hyper2kvm\first-boot.log when Windows runs on the new machine, and uninstall them by hand (Settings, Apps) if they are still there`)
	case w.hasTools:
		w.Editor.Warn(report.ConcernVMwareTools, "VMware's tools were disabled and stay installed: their uninstaller runs in Windows alone",
			"uninstall them in Windows (Settings, Apps) when it runs on the new machine")
	default:
		w.Editor.Warn(report.ConcernNoVMwareTools, "Could not remove VMware tools: no service of them was found", "set pipeline.fix.remove_vmware_tools to false for this guest")
	}
	return nil
}

func (w *windowsRun) checkBootSector() error {
	firmware.WarnBootSector(w.Editor, w.BootLoader)
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
