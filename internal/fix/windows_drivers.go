package fix

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/drivers"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/layout"
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
	return w.Editor.ReadHive(w.layout.Software, func(hive *registry.Hive) error {
		software, err := registry.ReadSoftware(hive)
		if err != nil {
			return err
		}
		w.drivers, err = drivers.Choose(tree, software, w.OS.Arch, w.options.BlockDriver)
		return err
	})
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
	for _, file := range w.drivers.Files {
		data, err := w.drivers.Read(file)
		if err != nil {
			return err
		}
		at := []string{strings.ReplaceAll(drivers.Folder, `\`, "/") + "/" + file.Name}
		if file == w.drivers.Program {
			at = append(at, "System32/drivers/"+file.Name)
		}
		for _, name := range at {
			if err := w.copyFile(name, data); err != nil {
				return err
			}
		}
	}
	return w.Editor.EditHive(edit.Hive{Path: w.layout.Software, Name: "SOFTWARE", Loaded: `HKEY_LOCAL_MACHINE\SOFTWARE`}, "look for drivers among those of virtio-win", drivers.AddDevicePath)
}

// copyFile writes a file below the folder of Windows, in the folders that there are,
// whatever their case.
func (w *windowsRun) copyFile(name string, data []byte) error {
	at := w.layout.Root
	for part := range strings.SplitSeq(name, "/") {
		there, err := layout.Locate(w.Editor, path.Join(at, part))
		if errors.Is(err, fs.ErrNotExist) {
			there, err = path.Join(at, part), nil
		}
		if err != nil {
			return err
		}
		at = there
	}
	if old, err := w.Editor.ReadFile(at); err == nil && bytes.Equal(old, data) {
		return nil
	}
	existed := w.Editor.Exists(at)
	if err := w.Editor.Put(at, data, 0o644); err != nil {
		return err
	}
	w.Editor.Record(report.Change{Path: at, Action: edit.Written(existed), Description: "a driver of virtio-win"})
	return nil
}

// prepareDisk has Windows start from the disk of the new machine.
func (w *windowsRun) prepareDisk(e *registry.Edited, s registry.System) error {
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
