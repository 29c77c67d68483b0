package pipeline

import (
	"cmp"
	"errors"
	"io/fs"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/machine"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// maxLoader bounds, in bytes, what is read of the guest's program interpreter.
const maxLoader = 16 << 20

// describeSystem adds to what is known of a guest what its system tells without a
// look at its kernels.
func describeSystem(g mounted, info report.Guest) report.Guest {
	info.Type, info.Distro, info.ProductName = g.os.Type, g.os.Distro, g.os.Product
	info.Version, info.Arch, info.Hostname, info.PackageFormat = g.os.Version, g.os.Arch, g.os.Hostname, g.os.PackageFormat
	info.CPULevel, info.Clock = levelOf(g), clockOf(g)
	return info
}

// levelOf is the least processor that the guest starts on. Its C library knows
// better than any list of releases.
func levelOf(g mounted) string {
	if g.os.Arch != "x86_64" {
		return ""
	}
	if g.editor != nil && g.os.Type == "linux" {
		if info, err := g.editor.Stat(machine.Loader); err == nil && info.Mode.IsRegular() && info.Size <= maxLoader {
			if data, err := g.editor.ReadFile(machine.Loader); err == nil {
				if level := machine.LevelOfLoader(data); level != "" {
					return level
				}
			}
		}
	}
	return cmp.Or(machine.LevelOfRelease(g.os.Type, g.os.Distro, g.os.Major), machine.BaseLevel)
}

// clockOf is what the guest takes the machine's clock for, where a file says so.
func clockOf(g mounted) string {
	if g.editor == nil {
		return ""
	}
	switch g.os.Type {
	case kindWindows:
		return g.os.Clock
	case "linux":
		for _, file := range machine.ClockFiles {
			text, _, err := g.editor.Read(file)
			if err != nil {
				return ""
			}
			if clock := machine.ClockOf(file, text); clock != "" {
				return clock
			}
		}
		return "utc" // without any of them, too
	case "freebsd":
		// adjkerntz(8)
		if _, err := g.editor.Stat("/etc/wall_cmos_clock"); err == nil {
			return "localtime"
		} else if errors.Is(err, fs.ErrNotExist) {
			return "utc"
		}
	}
	return ""
}

// neededMachine is what the new machine needs, or nil where nobody looked at the
// guest's disks.
func neededMachine(o opened, known report.Guest, boot int, images []image) *report.Hardware {
	if known.DiskBus == "" {
		return nil
	}
	var attached []report.HardwareDisk
	for position, n := range attachOrder(len(o.source.Disks), boot) {
		disk := o.source.Disks[n]
		needed := report.HardwareDisk{Serial: disk.Serial, VirtualSize: disk.VirtualSize, SectorSize: cmp.Or(o.unusualSector(n), usualSector)}
		if position < len(images) {
			needed.Path, needed.Format, needed.VirtualSize = images[position].final, images[position].format, images[position].virtualSize
		}
		attached = append(attached, needed)
	}
	return machine.Needs(machine.Found{Old: o.source.Machine, NICs: o.describedNICs(), Guest: known, Disks: attached})
}
