// Package preflight refuses Windows guests that must not be changed, before anything
// is: each error says what to do.
package preflight

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/windows/layout"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// Guest is a Windows guest, of which nothing needs to be mounted in an appliance.
type Guest struct {
	OS      guest.OS
	Devices guest.Devices
	// Disks are the disks of Devices, by their numbers.
	Disks []parttable.Disk
	// Unclean are the names of devices whose file systems were not unmounted.
	Unclean []string
	// Editor reads its system volume.
	Editor *edit.Editor
}

const (
	shutDown  = "start Windows once more, shut it down with \"shutdown /s /t 0\", and take its disk again"
	asItIs    = "; to convert the guest as it is, disable pipeline.fix"
	oldestAge = 6 // the major number of Windows Vista
)

// Check refuses a guest that must not be changed.
func Check(g Guest) error {
	for _, check := range []func(Guest) error{version, dynamicDisk, uncleanVolume, hives} {
		if err := check(g); err != nil {
			return err
		}
	}
	return nil
}

func version(g Guest) error {
	switch {
	case g.OS.Major == 0:
		return refuse(report.ConcernOS, "nobody knows which Windows this is: its registry does not tell",
			"start Windows once more and shut it down, and take its disk again"+asItIs)
	case g.OS.Major < oldestAge:
		return refuse(report.ConcernOS, fmt.Sprintf("%s is older than Windows Vista: it has no driver for a disk of the new machine that could be prepared", name(g.OS)),
			"disable pipeline.fix, and attach the image as an IDE disk")
	}
	return nil
}

func name(system guest.OS) string {
	if system.Product != "" {
		return system.Product
	}
	return "Windows " + system.Version
}

// dynamicDisk refuses a system on a dynamic disk: what lies where is known to Windows
// alone, and copies that mirror each other would differ.
func dynamicDisk(g Guest) error {
	at := slices.IndexFunc(g.Devices, func(d guest.Device) bool { return d.Name == g.OS.Root })
	onDynamic := strings.Contains(g.OS.Root, "/ldm_")
	if at >= 0 && g.Devices[at].Disk >= 0 && g.Devices[at].Disk < len(g.Disks) {
		onDynamic = onDynamic || g.Disks[g.Devices[at].Disk].IsDynamic()
	}
	if onDynamic {
		return refuse(report.ConcernDynamicDisk, "Windows lies on a dynamic disk, which is not changed here",
			"move Windows to a basic disk on its old machine"+asItIs)
	}
	return nil
}

func uncleanVolume(g Guest) error {
	if slices.Contains(g.Unclean, g.OS.Root) {
		return refuse(report.ConcernFilesystem, "the volume of Windows ("+g.OS.Root+") was in use when its machine stopped, or it has errors: what is missing in it is in its journal, and it is marked to be checked",
			"start Windows once more, let it check the volume (\"chkdsk C: /f\"), shut it down with \"shutdown /s /t 0\", and take its disk again"+asItIs)
	}
	return nil
}

// hives refuses a registry that is not whole.
func hives(g Guest) error {
	found, err := layout.Find(g.Editor)
	if err != nil {
		return report.Concerning(report.ConcernRegistry, err)
	}
	err = g.Editor.ReadHive(found.System, func(hive *registry.Hive) error {
		if err := hive.Sound(); err != nil {
			return err
		}
		_, err := registry.ReadSystem(hive)
		return err
	})
	if err == nil {
		// It is several times as large, and nothing is written to it without another
		// look at all of it.
		err = g.Editor.ReadHive(found.Software, func(hive *registry.Hive) error {
			if hive.Dirty() {
				return registry.ErrDirty
			}
			return nil
		})
	}
	return Explain(err)
}

// Explain adds to the error of a hive that must not be changed what to do.
func Explain(err error) error {
	switch {
	case errors.Is(err, registry.ErrDirty):
		err = remedy.With(err, shutDown+"; the disk of a machine that runs, and a snapshot of one, is always so"+asItIs)
	case errors.Is(err, registry.ErrDamaged):
		err = remedy.With(err, "have Windows repair itself on its old machine (\"sfc /scannow\", or a restore point), shut it down, and take its disk again"+asItIs)
	case err == nil:
		return nil
	}
	return report.Concerning(report.ConcernRegistry, err)
}

func refuse(id report.ConcernID, what, toDo string) error {
	return report.Concerning(id, remedy.With(errors.New(what), toDo))
}
