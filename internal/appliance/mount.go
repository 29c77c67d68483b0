//go:build cgo && linux

package appliance

import (
	"errors"
	"path"
	"slices"
	"syscall"

	"libguestfs.org/guestfs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

// PlanMounts lists the file systems that MountGuest will mount, as far as they
// are found. Nothing is mounted for it.
func (s *Session) PlanMounts(system guest.OS) ([]guest.Mount, error) {
	devices, err := s.Devices()
	if err != nil {
		return nil, err
	}
	devices.LearnNames(system.Root, system.Tables)
	mounts := []guest.Mount{devices.RootMount(system.Root)}
	// What is wrong with the table comes up when it is mounted.
	plan, _, _ := devices.PlanMounts(system.Tables)
	for _, planned := range plan {
		mounts = append(mounts, planned.Mount)
	}
	return mounts, nil
}

// MountGuest mounts the guest's root and then every file system of its fstab
// that lies on one of the disks, writable. What fixes cannot do without, such
// as /boot, must come up; anything else that does not is told in a warning.
// File systems of a guest that was suspended to disk are not touched.
func (s *Session) MountGuest(system guest.OS) ([]guest.Mount, []guest.MountWarning, error) {
	var mounts []guest.Mount
	var warnings []guest.MountWarning
	err := s.call("mount the guest's file systems", "", func(g *guestfs.Guestfs) (err error) {
		mounts, warnings, err = s.mountGuest(g, system)
		if err != nil {
			_ = s.unmount(g)
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return mounts, warnings, nil
}

func (s *Session) mountGuest(g *guestfs.Guestfs, system guest.OS) ([]guest.Mount, []guest.MountWarning, error) {
	devices, err := s.listDevices(g)
	if err != nil {
		return nil, nil, err
	}
	if area := devices.Hibernated(); area != "" {
		return nil, nil, HibernatedIn(area)
	}
	if err := s.unmount(g); err != nil {
		return nil, nil, err
	}
	if system.Type == "windows" {
		if err := requireWindows(g.Feature_available); err != nil {
			return nil, nil, err
		}
	}
	if err := g.Mount(system.Root, "/"); err != nil {
		return nil, nil, devices.RootMount(system.Root).Failed(cleanError(err))
	}
	// The kernel's driver then writes nothing, and says so by its own words.
	if system.Type == "windows" && hibernatedWindows(g) {
		return nil, nil, HibernatedIn(guest.HibernationFile)
	}
	if err := probeWrite(g, "/"); err != nil {
		return nil, nil, devices.RootMount(system.Root).Failed(cleanError(err))
	}
	mounts := []guest.Mount{devices.RootMount(system.Root)}
	s.ntfs = system.Type == "windows"
	switch system.Type {
	case "linux":
	case "windows":
		return s.mountWindowsESP(g, devices, mounts), nil, nil
	default:
		return mounts, nil, nil
	}

	fstab, err := readFile(g, "/etc/fstab")
	noFstab := errors.Is(cleanError(err), syscall.ENOENT)
	if err != nil && !noFstab {
		return nil, nil, describe("read", "/etc/fstab", cleanError(err))
	}
	crypttab, _ := readFile(g, "/etc/crypttab")
	tables := guest.ParseTables(string(fstab), string(crypttab))
	devices.LearnNames(system.Root, tables)
	s.devices = slices.Clone(devices)
	if noFstab {
		return s.mountESP(g, devices, mounts), []guest.MountWarning{guest.NoFstab}, nil
	}
	plan, warnings, err := devices.PlanMounts(tables)
	if err != nil {
		return nil, nil, err
	}
	for _, planned := range plan {
		err := s.mountPlanned(g, planned)
		switch {
		case err == nil:
			mounts = append(mounts, planned.Mount)
		case planned.Vital || s.ctx.Err() != nil:
			return nil, nil, planned.Failed(cleanError(err))
		default:
			warnings = append(warnings, planned.NotMounted(cleanError(err)))
		}
	}
	mounts = s.mountESP(g, devices, mounts)
	for _, file := range tables.SwapFiles() {
		if st, err := g.Statns(file); err != nil || !fileMode(st.St_mode).IsRegular() {
			continue
		}
		if mark, err := g.Pread(file, guest.SuspendMarkLength, guest.SuspendMarkOffset); err == nil && guest.IsSuspendMark(mark) {
			return nil, nil, HibernatedIn(file)
		}
	}
	return mounts, warnings, nil
}

func (s *Session) mountPlanned(g *guestfs.Guestfs, planned guest.PlannedMount) error {
	made, err := makePoint(g, planned.Path)
	if err != nil {
		return errors.Join(err, removeDirectories(g, made))
	}
	// mount runs outside of the guest's root: a link on the way that is
	// absolute would lead it into the appliance.
	at, err := g.Realpath(planned.Path)
	if err == nil {
		err = g.Mount_options(planned.Options, planned.Device, at)
	}
	if err != nil {
		return errors.Join(err, removeDirectories(g, made))
	}
	s.points = append(s.points, point{at, made})
	if !planned.Vital {
		return nil
	}
	return probeWrite(g, at)
}

// probeWrite makes a file and removes it: a file system can be mounted
// read-only although that was not asked for.
func probeWrite(g *guestfs.Guestfs, dir string) error {
	file, err := g.Mktemp(path.Join(dir, ".write-XXXXXXXX"), nil)
	if err != nil {
		return err
	}
	return g.Rm(file)
}

// Unmount unmounts the guest, so that all that was written is on its disks.
func (s *Session) Unmount() error {
	return s.call("unmount the guest", "", s.unmount)
}

// Space tells how much room the file system has that holds a guest path.
func (s *Session) Space(name string) (guest.Space, error) {
	var space guest.Space
	err := s.call("read the free space of", name, func(g *guestfs.Guestfs) error {
		st, err := g.Statvfs(name)
		if err != nil {
			return err
		}
		space = guest.Space{Free: st.Bavail * st.Frsize, Inodes: -1}
		if st.Files > 0 {
			space.Inodes = st.Favail
		}
		return nil
	})
	return space, err
}
