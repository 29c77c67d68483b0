package pipeline

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/appliance"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
)

// system is what the appliance knows of the guest, found out once for all
// stages.
type system struct {
	disks    []parttable.Disk
	devices  guest.Devices
	firmware string
	// bootDisk is an index into disks; bootDiskCertain says that no other disk
	// could be meant as well.
	bootDisk        int
	bootDiskCertain bool
	os              *guest.OS // nil where no operating system was found
	mounts          []guest.Mount
	// checked are the file systems that fixes may write to.
	checked []checkedFilesystem
	// hibernated says that the guest's memory is on its disk.
	hibernated bool
}

// openSession launches the appliance over the overlays. All stages share it: a
// second launch would cost more than most fixes.
func (r *run) openSession() error {
	if r.session != nil {
		return nil
	}
	if err := r.makeOverlays(); err != nil {
		return err
	}
	var drives []appliance.Drive
	for n, overlay := range r.overlays {
		drive := appliance.Drive{Path: overlay, Format: "qcow2", Serial: r.source.Disks[n].Serial}
		if r.sectorSizes[n] != usualSector {
			drive.SectorSize = r.sectorSizes[n]
		}
		drives = append(drives, drive)
	}
	r.progress(1, "launching the appliance")
	session, err := appliance.Open(r.ctx, drives, appliance.Options{
		TempDir:      r.artifacts.Dir(),
		Acceleration: r.options.Acceleration,
	})
	if err != nil {
		return err
	}
	r.session = session
	if _, reason := session.Accelerator(); reason != "" {
		r.warn("KVM acceleration is not usable, so the appliance runs emulated (TCG), which is slower: "+reason,
			"make KVM work on this host (if that is a virtual machine: allow nested virtualisation), or set acceleration to tcg to accept emulation")
	}
	return nil
}

// examine finds out disks, devices and firmware, which needs no guest.
func (r *run) examine() error {
	if r.system != nil {
		return nil
	}
	if err := r.openSession(); err != nil {
		return err
	}
	if err := r.openEncrypted(); err != nil {
		return err
	}
	r.progress(20, "reading the partition tables")
	disks, err := r.session.Disks()
	if err != nil {
		return fmt.Errorf("reading the partition tables: %w", err)
	}
	devices, err := r.session.Devices()
	if err != nil {
		return fmt.Errorf("listing the file systems: %w", err)
	}
	r.system = &system{disks: disks, devices: devices, hibernated: devices.Hibernated() != ""}
	r.system.firmware = firmwareOf(disks, r.describedFirmware())
	r.system.bootDisk, r.system.bootDiskCertain = bootDiskOf(disks, r.system.firmware, nil)
	return nil
}

// errNoSystem says that no operating system was found on the disks.
var errNoSystem = errors.New("no operating system was found on the disks")

// mountSystem finds the guest's operating system and mounts its file systems.
func (r *run) mountSystem() error {
	if err := r.examine(); err != nil {
		return err
	}
	if r.system.os != nil {
		return nil
	}
	r.progress(62, "looking for an operating system")
	systems, err := r.session.Inspect()
	if err != nil {
		return fmt.Errorf("inspecting the guest: %w", err)
	}
	if len(systems) == 0 {
		return r.noSystem()
	}
	found := r.system.choose(systems)
	if len(systems) > 1 {
		var names []string
		for _, s := range systems {
			names = append(names, fmt.Sprintf("%s on %s", s.Product, s.Root))
		}
		r.warn(fmt.Sprintf("%d operating systems were found (%s); the one on %s is taken", len(systems), strings.Join(names, ", "), found.Root), "")
	}
	if err := r.checkBefore(found); err != nil {
		return err
	}
	r.progress(90, "mounting the guest's file systems")
	mounts, warnings, err := r.session.MountGuest(found)
	if err != nil {
		r.system.hibernated = r.system.hibernated || errors.Is(err, appliance.ErrHibernated)
		return r.withKey(fmt.Errorf("mounting the guest's file systems: %w", err))
	}
	for _, warning := range warnings {
		r.warn(warning, "")
	}
	r.warnLocked()
	r.system.os, r.system.mounts = &found, mounts
	// The guest's own tables have told what it calls some of them.
	if r.system.devices, err = r.session.Devices(); err != nil {
		return fmt.Errorf("listing the file systems: %w", err)
	}
	files, mirrored := bootFiles(mounts, r.system.devices, r.system.firmware)
	r.system.bootDisk, r.system.bootDiskCertain = bootDiskOf(r.system.disks, r.system.firmware, files)
	r.system.bootDiskCertain = r.system.bootDiskCertain || mirrored
	return nil
}

// choose takes the operating system on the disk that the machine starts from,
// if that can be said, else the first.
func (s *system) choose(systems []guest.OS) guest.OS {
	for _, candidate := range systems {
		for _, device := range s.devices {
			if device.Name == candidate.Root && device.Disk == s.bootDisk {
				return candidate
			}
		}
	}
	return systems[0]
}

// closeSession ends the appliance so that the overlays hold all that was
// written and can be read.
func (r *run) closeSession() error {
	if r.session == nil {
		return nil
	}
	err := r.session.Close()
	r.session, r.editor = nil, nil
	if err != nil {
		return fmt.Errorf("closing the appliance: %w", err)
	}
	return nil
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
