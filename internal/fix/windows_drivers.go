package fix

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/drivers"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/storage"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// blockDriver is a driver for disks, by its name in the manifest, with the bus that
// it drives.
type blockDriver struct {
	storage.Driver
	bus string
}

var blockDrivers = map[string]blockDriver{
	storage.Viostor.Name: {storage.Viostor, "virtio"},
	storage.Vioscsi.Name: {storage.Vioscsi, "scsi"},
}

// chooseDrivers chooses from virtio-win, where there is one, before anything is
// changed: what has no driver for this Windows is refused.
func (w *windowsRun) chooseDrivers() error {
	if w.options.VirtioWin == "" {
		return nil
	}
	if _, ok := blockDrivers[w.options.BlockDriver]; !ok {
		return fmt.Errorf("there is no block driver %q", w.options.BlockDriver)
	}
	tree, err := drivers.Open(w.options.VirtioWin)
	if err != nil {
		return err
	}
	w.virtioWin = tree
	w.drivers, err = drivers.Choose(tree, w.software, w.OS.Arch, w.options.BlockDriver)
	return err
}

// copyDrivers puts the files of the drivers where Windows looks for them, once it is
// told to, and the one that it starts from where that belongs.
func (w *windowsRun) copyDrivers() error {
	if w.drivers == nil {
		return nil
	}
	for _, warning := range w.drivers.Warnings {
		w.Editor.Warn(report.ConcernHardware, warning, "name another release of virtio-win in pipeline.fix.virtio_win, or leave it out: the guest is then prepared for a SATA disk and an e1000e card")
	}
	files := w.drivers.Files
	if w.drivers.Agent != nil {
		files = append(slices.Clone(files), *w.drivers.Agent)
	}
	for _, file := range files {
		data, err := w.drivers.Read(file)
		if err != nil {
			return err
		}
		at := []string{strings.ReplaceAll(drivers.Folder, `\`, "/") + "/" + file.Name}
		if file == w.drivers.Program {
			at = append(at, "System32/drivers/"+file.Name)
		}
		for _, name := range at {
			if err := w.put(guestFile{name: name, content: data, description: "a driver of virtio-win"}); err != nil {
				return err
			}
		}
	}
	return w.Editor.EditHive(edit.Hive{Path: w.layout.Software, Name: "SOFTWARE", Loaded: `HKEY_LOCAL_MACHINE\SOFTWARE`}, "look for drivers among those of virtio-win", drivers.AddDevicePath)
}

// prepareDisk has Windows start from the disk of the new machine.
func (w *windowsRun) prepareDisk(e *registry.Edited, s registry.System) error {
	if err := storage.AllowDevices(e, s); err != nil {
		return err
	}
	err := storage.PrepareSATA(e, s)
	if w.drivers == nil {
		return err
	}
	if err != nil && !errors.Is(err, storage.ErrNoSATA) { // which is more than it needs
		return err
	}
	return storage.Install(e, s, w.OS.Arch, blockDrivers[w.options.BlockDriver].Driver)
}

// closeDrivers lets go of virtio-win.
func (w *windowsRun) closeDrivers() error {
	if w.virtioWin == nil {
		return nil
	}
	return w.virtioWin.Close()
}
