package offline

import (
	"debug/pe"
	"io"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/blockfs"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/registry"
)

// windows describes the Windows whose root lies on a device.
func (v *View) windows(device string, f files) guest.OS {
	system := guest.OS{Root: device, Type: "windows", Distro: "windows"}
	root := guest.WindowsRoot(f) + "/system32"
	system.Arch = f.programArchitecture(root + "/cmd.exe")
	err := f.walk(root+"/config/SOFTWARE", true, func(node blockfs.Node) error {
		software, err := openHive(node)
		if err != nil {
			return err
		}
		return f.walk(root+"/config/SYSTEM", true, func(node blockfs.Node) error {
			hive, err := openHive(node)
			if err != nil {
				return err
			}
			return system.ReadRegistry(software, hive)
		})
	})
	if err != nil {
		v.unread("the registry of the Windows on %s: %v", device, err)
		return system
	}
	if system.Product == "" || system.Major == 0 {
		v.unread("which Windows there is on %s", device)
	}
	if system.Arch == "" {
		v.unread("what processor the Windows on %s is for", device)
	}
	return system
}

func openHive(node blockfs.Node) (*registry.Hive, error) {
	if err := readable(node); err != nil {
		return nil, err
	}
	return registry.Open(node, node.Info().Size)
}

// windowsMachines are libguestfs' names of what programs of Windows run on.
var windowsMachines = map[uint16]string{
	pe.IMAGE_FILE_MACHINE_I386: "i386", pe.IMAGE_FILE_MACHINE_AMD64: "x86_64", pe.IMAGE_FILE_MACHINE_ARM64: "aarch64",
	pe.IMAGE_FILE_MACHINE_IA64: "ia64",
}

// programArchitecture is what a program of Windows runs on, or "".
func (f files) programArchitecture(name string) string {
	machine := ""
	err := f.walk(name, true, func(node blockfs.Node) error {
		if err := readable(node); err != nil {
			return err
		}
		// The headers are all that is looked at.
		program, err := pe.NewFile(io.NewSectionReader(node, 0, min(node.Info().Size, maxFile)))
		if err != nil {
			return err
		}
		machine = windowsMachines[program.Machine]
		return nil
	})
	if err != nil {
		return ""
	}
	return machine
}

// hibernatedWindows is the file that holds the memory of a hibernated Windows, or
// "".
func (f files) hibernatedWindows() string {
	mark := make([]byte, 4)
	err := f.walk(guest.HibernationFile, true, func(node blockfs.Node) error {
		_, err := node.ReadAt(mark, 0)
		return err
	})
	if err != nil || !guest.IsHibernationMark(mark) {
		return ""
	}
	return guest.HibernationFile
}
