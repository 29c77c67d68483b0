package testguest

import (
	"fmt"
	"strings"
)

// setupPath is where the guest's setup script lies while it runs.
const setupPath = "/root/testguest-setup"

// diskScript returns the guestfish commands that lay out the storage on the raw
// disks, one for each of the layout, unpack the bootstrap and overlay tarballs
// and run the setup script in the guest.
func diskScript(r Recipe, raws []string, bootstrapTar, overlayTar string) string {
	s := &script{layout: r.Layout, recipe: r.Name}
	for i, raw := range raws {
		s.line("add-drive %s format:raw label:%s", quote(raw), diskLabel(i))
	}
	s.line("run")
	for i, disk := range r.Layout.Disks {
		s.partition(applianceDisk(i), disk)
	}
	for _, a := range r.Layout.Arrays {
		s.array(a)
	}
	for _, e := range r.Layout.Encrypted {
		s.encrypt(e)
	}
	for _, g := range r.Layout.Groups {
		s.group(g)
	}
	for _, f := range r.Layout.Filesystems {
		s.format(f)
	}
	for _, m := range r.Layout.mounts() {
		s.mount(m)
	}
	s.line("tar-in %s / xattrs:true", quote(bootstrapTar))
	s.line("tar-in %s /", quote(overlayTar))
	s.line("command %s", quote("/bin/sh -eux "+setupPath))
	s.line("rm %s", setupPath)
	s.line("umount-all")
	if len(r.Layout.Groups) > 0 {
		s.line("vg-activate-all false")
	}
	for _, e := range r.Layout.Encrypted {
		s.appliance("cryptsetup close %s", e.Name)
	}
	return s.text.String()
}

type script struct {
	layout Layout
	recipe string
	text   strings.Builder
}

func (s *script) line(format string, args ...any) {
	fmt.Fprintf(&s.text, format+"\n", args...)
}

// appliance runs a shell line in the appliance itself, for what the API has no
// parameter for (UUIDs chosen by us, LUKS cost).
func (s *script) appliance(format string, args ...any) {
	s.line("debug sh %s", quote(fmt.Sprintf(format, args...)))
}

// quote quotes a guestfish argument.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

const (
	sectorsPerMiB = 2048
	// gptReserve keeps the end of the disk free for the second GPT header.
	gptReserve = sectorsPerMiB
)

func (s *script) partition(device string, disk Disk) {
	s.line("part-init %s %s", device, disk.Table)
	next, end := int64(sectorsPerMiB), disk.SizeMiB*sectorsPerMiB-gptReserve
	extendedEnd := int64(0)
	number, logical := 0, 4
	for _, p := range disk.Partitions {
		start, limit, kind := next, end, "p"
		var index int
		if p.Logical {
			// Each logical partition is preceded by its own table.
			logical++
			start, limit, kind, index = next+sectorsPerMiB, extendedEnd, "l", logical
		} else {
			number++
			index = number
		}
		last := limit - 1
		if p.SizeMiB > 0 {
			last = start + p.SizeMiB*sectorsPerMiB - 1
		}
		if p.Use == UseExtended {
			kind, extendedEnd = "e", last+1
			s.line("part-add %s %s %d %d", device, kind, start, last)
			continue
		}
		s.line("part-add %s %s %d %d", device, kind, start, last)
		next = last + 1
		if p.Bootable {
			s.line("part-set-bootable %s %d true", device, index)
		}
		if disk.Table == GPT {
			s.line("part-set-gpt-type %s %d %s", device, index, gptTypes[p.Use])
			s.line("part-set-gpt-guid %s %d %s", device, index, deriveUUID(s.recipe, fmt.Sprint(disk.Name, index)))
		} else {
			s.line("part-set-mbr-id %s %d %s", device, index, mbrTypes[p.Use])
		}
	}
	if disk.Table == GPT {
		// After sgdisk the partitions are without their labels for a moment.
		s.appliance("udevadm settle")
	}
}

var gptTypes = map[Use]string{
	UseLinux:    "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
	UseSwap:     "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F",
	UseLVM:      "E6D6D379-F507-44C2-A23C-238F2A3DF928",
	UseRAID:     "A19D880F-05FC-4D3B-A006-743F0F84911E",
	UseESP:      "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
	UseBIOSBoot: "21686148-6449-6E6F-744E-656564454649",
}

var mbrTypes = map[Use]string{
	UseLinux: "0x83", UseSwap: "0x82", UseLVM: "0x8e", UseRAID: "0xfd", UseESP: "0xef",
}

func (s *script) array(a Array) {
	members := make([]string, len(a.Members))
	for i, m := range a.Members {
		members[i] = s.layout.applianceDevice(m)
	}
	// A fresh mirror of two blank disks is in sync by definition.
	s.appliance("mdadm --create %s --run --assume-clean --level=1 --raid-devices=%d --metadata=1.2 --homehost=any --uuid=%s %s 2>&1",
		a.Device, len(members), mdUUID(s.recipe, a), strings.Join(members, " "))
}

// mdUUID is the array's UUID in the form of mdadm.conf.
func mdUUID(recipe string, a Array) string {
	hex := strings.ReplaceAll(deriveUUID(recipe, a.Device), "-", "")
	return hex[:8] + ":" + hex[8:16] + ":" + hex[16:24] + ":" + hex[24:]
}

func (s *script) encrypt(e Encrypted) {
	device := s.layout.applianceDevice(e.Device)
	// PBKDF2 at its lowest cost: the default needs a gigabyte of memory and
	// half a minute under emulation. The passphrase must be a plain word:
	// guestfish splits what the appliance's shell gets, and takes quotes away.
	s.appliance("printf %%s %s | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --uuid %s %s - 2>&1",
		e.Passphrase, deriveUUID(s.recipe, e.Device), device)
	s.appliance("printf %%s %s | cryptsetup open %s %s --key-file - 2>&1", e.Passphrase, device, e.Name)
}

func (s *script) group(g VolumeGroup) {
	devices := make([]string, len(g.Devices))
	for i, d := range g.Devices {
		devices[i] = s.layout.applianceDevice(d)
		s.line("pvcreate %s", devices[i])
	}
	s.line("vgcreate %s %s", g.Name, quote(strings.Join(devices, " ")))
	for _, v := range g.Volumes {
		if v.SizeMiB == 0 {
			s.line("lvcreate-free %s %s 100", v.Name, g.Name)
			continue
		}
		s.line("lvcreate %s %s %d", v.Name, g.Name, v.SizeMiB)
	}
}

func (s *script) format(f Filesystem) {
	device, uuid := s.layout.applianceDevice(f.Device), filesystemUUID(s.recipe, f)
	label := ""
	if f.Label != "" {
		label = " label:" + f.Label
	}
	switch f.Type {
	case "swap":
		s.line("mkswap %s%s uuid:%s", device, label, uuid)
	case "ext4":
		s.line("mke2fs %s fstype:ext4 uuid:%s%s", device, uuid, label)
	case "vfat":
		name := ""
		if f.Label != "" {
			name = " -n " + f.Label
		}
		s.appliance("mkfs.vfat -F 32 -i %s%s %s 2>&1", strings.ReplaceAll(uuid, "-", ""), name, device)
	default: // xfs, btrfs
		s.line("mkfs %s %s%s", f.Type, device, label)
		s.line("set-uuid %s %s", device, uuid)
	}
	if len(f.Subvolumes) > 0 {
		s.line("mount %s /", device)
		for _, v := range f.Subvolumes {
			s.line("btrfs-subvolume-create /%s", v.Name)
		}
		s.line("umount /")
	}
}

func (s *script) mount(m mountPoint) {
	if m.path != "/" {
		s.line("mkdir-p %s", m.path)
	}
	options := ""
	if m.subvolume != "" {
		options = "subvol=" + m.subvolume
	}
	s.line("mount-options %s %s %s", quote(options), s.layout.applianceDevice(m.filesystem.Device), m.path)
}
