package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/offline"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
)

// system is what the appliance knows of the machine's disks.
type system struct {
	disks    []parttable.Disk
	devices  guest.Devices
	firmware string
	// bootDisk is an index into disks; bootDiskCertain says that no other disk
	// could be meant as well.
	bootDisk        int
	bootDiskCertain bool
	// hibernated says that the guest's memory is on its disk.
	hibernated bool
}

// examined are the source's disks in the appliance, each behind an overlay.
type examined struct {
	system
	opened   opened
	session  *session
	overlays []string
	// view is what was seen of the disks before they were opened there; nil where
	// they could not be looked into.
	view *offline.View
	// unseen is why there is no view: the appliance decides then, but for what it
	// does not tell.
	unseen error
	// found is the system that was mounted, nil where none was.
	found *guest.OS
}

// refusedError is what ends a launch: what was found meanwhile fails the migration.
type refusedError struct{ error }

func (e *refusedError) Unwrap() error { return e.error }

// examine launches the appliance, looks at the disks meanwhile, and finds out disks,
// devices and firmware, which needs no guest. What the look refuses ends the launch at
// once, and so does a file of a package that is not what its checksum says.
func examine(ctx context.Context, j job, o opened, shared *session) (examined, error) {
	within, refuse := context.WithCancelCause(ctx)
	shared.release = func() { refuse(nil) } // not before the appliance has ended
	looking := begin(within, func(ctx context.Context) (looked, error) {
		seen, err := look(ctx, j, o)
		if seen.refusal != nil {
			refuse(&refusedError{seen.refusal})
		}
		return seen, err
	})
	defer looking.drop()
	comparing := begin(within, func(ctx context.Context) (any, error) {
		if err := o.source.Differs(ctx); err != nil {
			refuse(&refusedError{fmt.Errorf("source.path: %w", err)})
		}
		return nil, nil
	})
	defer comparing.drop()
	x, err := examineIn(within, j, o, shared, looking)
	var refused *refusedError
	if err != nil && errors.As(context.Cause(within), &refused) {
		return examined{}, refused.error
	}
	return x, err
}

// examineIn is examine in a context that ends with what is refused.
func examineIn(ctx context.Context, j job, o opened, shared *session, looking *alongside[looked]) (examined, error) {
	overlays, err := makeOverlays(ctx, o.source.Disks, o.artifacts.Dir())
	if err != nil {
		return examined{}, err
	}
	if err := shared.launch(ctx, j, o, overlays); err != nil {
		return examined{}, err
	}
	seen, unseen := looking.wait() // the appliance decides where it fails
	if seen.refusal != nil {
		return examined{}, seen.refusal
	}
	if seen.view != nil {
		shared.KnowTables(seen.view.Disks)
	}
	if err := shared.unlock(j.say, j.manifest.Source.LUKSKeys); err != nil {
		return examined{}, err
	}
	j.say.progress(20, "reading the partition tables")
	disks, err := shared.Disks()
	if err != nil {
		return examined{}, fmt.Errorf("reading the partition tables: %w", err)
	}
	devices, err := shared.Devices()
	if err != nil {
		return examined{}, fmt.Errorf("listing the file systems: %w", err)
	}
	found := system{disks: disks, devices: devices, hibernated: devices.Hibernated() != ""}
	found.firmware = firmwareOf(disks, o.describedFirmware())
	found.bootDisk, found.bootDiskCertain = bootDiskOf(disks, found.firmware, o.describedBootDisk())
	return examined{system: found, opened: o, session: shared, overlays: overlays, view: seen.view, unseen: unseen}, nil
}

// device finds a device by the appliance's name.
func (s *system) device(name string) (guest.Device, bool) {
	for _, device := range s.devices {
		if device.Name == name {
			return device, true
		}
	}
	return guest.Device{}, false
}
