package offline

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/blockfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/parttable"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/remedy"
)

// Mounted is a guest whose file systems are mounted on each other, to be read.
type Mounted struct {
	FS     guest.FS
	Mounts []guest.Mount
	// Devices know what the guest's tables call them.
	Devices  guest.Devices
	Warnings []guest.MountWarning
}

// Mount mounts a system's root and what its fstab names. Where something of
// that is not read here which fixes cannot do without, that is an error.
func (v *View) Mount(system guest.OS) (Mounted, error) {
	root, ok := v.filesystems[system.Root]
	if !ok {
		return Mounted{}, fmt.Errorf("%s is not read here", system.Root)
	}
	f := files{blockfs.NewTree(root)}
	m := Mounted{FS: f, Devices: append(guest.Devices{}, v.Devices...)}
	m.Mounts = []guest.Mount{m.Devices.RootMount(system.Root)}
	if system.Type != "linux" {
		return m, nil
	}
	fstab, err := f.ReadFile("/etc/fstab")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		m.Devices.LearnNames(system.Root, system.Tables)
		m.Warnings = append(m.Warnings, guest.NoFstab)
		v.mountESP(f, &m)
		return m, nil
	case err != nil:
		return Mounted{}, err
	}
	tables := guest.ParseTables(string(fstab), guest.SmallFile(f, "/etc/crypttab"))
	m.Devices.LearnNames(system.Root, tables)
	plan, warnings, err := m.Devices.PlanMounts(tables)
	if err != nil {
		return Mounted{}, err
	}
	m.Warnings = append(m.Warnings, warnings...)
	for _, planned := range plan {
		switch err := v.mount(f, planned.Mount); {
		case err == nil:
			m.Mounts = append(m.Mounts, planned.Mount)
		case planned.Vital:
			return Mounted{}, planned.Failed(err)
		default:
			m.Warnings = append(m.Warnings, planned.NotMounted(err))
		}
	}
	v.mountESP(f, &m)
	return m, nil
}

func (v *View) mount(f files, m guest.Mount) error {
	mounted, ok := v.filesystems[m.Device]
	if !ok {
		return remedy.With(errors.New("it is not read without an appliance"), "nothing is to be done: the fix stage mounts it")
	}
	err := guarded(func() error {
		if err := f.tree.MakeDirectory(m.Path); err != nil {
			return err
		}
		return f.tree.Mount(m.Path, mounted)
	})
	if cause := (*fs.PathError)(nil); errors.As(err, &cause) {
		err = cause.Err // the path is said already
	}
	return err
}

// mountESP mounts the EFI system partition of a guest that leaves that to
// systemd's generator.
func (v *View) mountESP(f files, m *Mounted) {
	esp, ok := m.Devices.PlanESP(m.Mounts, parttable.ESPs(v.Disks), f.ReadDir)
	if ok && v.mount(f, esp) == nil {
		m.Mounts = append(m.Mounts, esp)
	}
}

// Hibernated returns the swap area or the file that holds the memory of a suspended
// guest, or "".
func (m Mounted) Hibernated(system guest.OS) string {
	if area := m.Devices.Hibernated(); area != "" {
		return area
	}
	f, ok := m.FS.(files)
	if !ok {
		return ""
	}
	if system.Type == "windows" {
		return f.hibernatedWindows()
	}
	for _, name := range system.Tables.SwapFiles() {
		mark := make([]byte, guest.SuspendMarkLength)
		err := f.walk(name, true, func(node blockfs.Node) error {
			_, err := node.ReadAt(mark, guest.SuspendMarkOffset)
			return err
		})
		if err == nil && guest.IsSuspendMark(mark) {
			return name
		}
	}
	return ""
}
