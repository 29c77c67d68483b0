package testguest

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Bus is what the disks of a booted machine hang on.
type Bus string

// The buses. PVSCSI and IDE are VMware's: a guest that starts there and not on
// virtio is a guest that needs fixing.
const (
	VirtioBlk  Bus = "virtio-blk"  // vda
	VirtioSCSI Bus = "virtio-scsi" // sda
	PVSCSI     Bus = "pvscsi"      // sda, VMware's paravirtual adapter
	IDE        Bus = "ide"         // sda on today's kernels
	NVMe       Bus = "nvme"        // nvme0n1
)

// qemuArgs returns QEMU's arguments. variables is the machine's own copy of the
// UEFI variable store, "" with BIOS.
func qemuArgs(o BootOptions, accelerator, code, variables string) ([]string, error) {
	// IDE disks need the older chipset; q35's are AHCI, which not every kernel
	// for virtual machines can drive.
	machine := "q35"
	if o.Bus == IDE {
		machine = "pc"
	}
	processor := "max"
	if accelerator == "kvm" {
		processor = "host"
	} else {
		accelerator += ",thread=multi"
	}
	args := []string{
		"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
		// graphics=off makes the BIOS copy its screen to the serial port. GRUB
		// hangs in gfxterm where there is no graphics adapter at all.
		"-machine", machine + ",graphics=off", "-device", "VGA",
		"-accel", accelerator, "-cpu", processor,
		"-smp", fmt.Sprint(o.cpus()), "-m", fmt.Sprint(o.memoryMiB()),
		"-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console", "-monitor", "none",
		"-boot", "strict=on",
		"-device", "virtio-rng-pci",
	}
	if o.Firmware == UEFI {
		args = append(args,
			"-drive", "if=pflash,unit=0,format=raw,readonly=on,file="+escapeComma(code),
			"-drive", "if=pflash,unit=1,format=raw,file="+escapeComma(variables))
	}

	switch o.Bus {
	case VirtioSCSI:
		args = append(args, "-device", "virtio-scsi-pci,id=scsi")
	case PVSCSI:
		args = append(args, "-device", "pvscsi,id=scsi")
	}
	for i, disk := range o.Disks {
		snapshot := "on"
		if o.Persist {
			snapshot = "off"
		}
		args = append(args, "-drive", fmt.Sprintf("if=none,id=disk%d,format=%s,snapshot=%s,file=%s",
			i, disk.format(), snapshot, escapeComma(disk.Path)))
		var device string
		switch o.Bus {
		case VirtioBlk, "":
			device = "virtio-blk-pci"
		case VirtioSCSI, PVSCSI:
			device = "scsi-hd,bus=scsi.0"
		case IDE:
			device = fmt.Sprintf("ide-hd,bus=ide.%d", i)
		case NVMe:
			device = fmt.Sprintf("nvme,serial=testguest%d", i)
		default:
			return nil, fmt.Errorf("disk bus %q is not known", o.Bus)
		}
		args = append(args, "-device", fmt.Sprintf("%s,drive=disk%d,bootindex=%d", device, i, i+1))
	}

	// restrict keeps the guest from the host and the world; forwards still work.
	network := "user,id=net,net=192.0.2.0/24,host=192.0.2.2,restrict=on"
	for _, f := range o.Forwards {
		network += fmt.Sprintf(",hostfwd=tcp:127.0.0.1:%d-%s:%d", f.HostPort, f.GuestAddress, f.GuestPort)
	}
	args = append(args, "-netdev", network, "-device", "virtio-net-pci,netdev=net,romfile=")
	return args, nil
}

// escapeComma makes a path safe inside a QEMU option.
func escapeComma(path string) string { return strings.ReplaceAll(path, ",", ",,") }

func (d BootDisk) format() string {
	if d.Format != "" {
		return d.Format
	}
	switch strings.ToLower(filepath.Ext(d.Path)) {
	case ".vmdk":
		return "vmdk"
	case ".qcow2":
		return "qcow2"
	case ".vdi":
		return "vdi"
	case ".vhd":
		return "vpc"
	case ".vhdx":
		return "vhdx"
	default:
		return "raw"
	}
}
