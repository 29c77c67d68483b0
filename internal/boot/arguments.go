package boot

import (
	"cmp"
	"fmt"
	"strings"
)

// files are the file descriptors that QEMU inherits, by what they are for.
type descriptors struct {
	monitor, agent int
	probe          int   // where the machine has one
	frames         []int // one for each card
}

// sandbox keeps a QEMU that its guest has taken over from starting programs and
// from changing what it may do.
const sandbox = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"

// arguments returns QEMU's arguments. firmware has the machine's own copy of the UEFI
// variable store, and is empty with BIOS.
func (m Machine) arguments(d descriptors, firmware flash) ([]string, error) {
	// IDE disks need the older chipset; q35's are AHCI, which not every kernel
	// for virtual machines can drive.
	chipset, virtio := "q35", "on"
	if m.Bus == IDE {
		chipset, virtio = "pc", "auto"
	}
	accelerator, processor := "tcg,thread=multi", "max"
	if m.Accelerator == "kvm" {
		accelerator, processor = "kvm", "host"
	}
	args := []string{
		"-sandbox", sandbox, "-nodefaults", "-no-user-config", "-display", "none",
		// graphics=off makes the BIOS copy its screen to the serial port. GRUB
		// hangs in gfxterm where there is no graphics adapter at all.
		"-machine", chipset + ",graphics=off", "-device", "VGA",
		// libvirt puts virtio devices of a q35 into slots of PCI Express, where they have
		// no interface of before virtio 1.0. On QEMU's own bus they would have it.
		"-global", "virtio-pci.disable-legacy=" + virtio,
		"-accel", accelerator, "-cpu", processor,
		"-smp", fmt.Sprint(cmp.Or(m.CPUs, DefaultCPUs)), "-m", fmt.Sprint(cmp.Or(m.MemoryMiB, DefaultMemoryMiB)),
		"-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
		"-chardev", fmt.Sprintf("socket,id=monitor,fd=%d", d.monitor), "-mon", "chardev=monitor,mode=control",
		"-boot", "strict=on",
		"-device", "virtio-rng-pci",
		"-device", "virtio-serial-pci,id=ports",
		"-chardev", fmt.Sprintf("socket,id=agent,fd=%d", d.agent),
		"-device", "virtserialport,bus=ports.0,chardev=agent,name=" + agentPort,
	}
	if m.Probe {
		// The instrument of the test is heard from old kernels, too.
		args = append(args, "-chardev", fmt.Sprintf("socket,id=probe,fd=%d", d.probe),
			"-device", "virtio-serial-pci,id=probing,disable-legacy=off",
			"-device", "virtserialport,bus=probing.0,chardev=probe,name="+ProbePort)
	}
	if m.Firmware == UEFI {
		// Cards without ROMs are enough for a BIOS. OVMF has drivers of its own: what
		// speaks from the cards shall be the guest (OvmfPkg/README, PXE).
		args = append(args,
			"-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=n", "-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n",
			"-drive", "if=pflash,unit=0,format="+firmware.codeFormat+",readonly=on,file="+escapeComma(firmware.code),
			"-drive", "if=pflash,unit=1,format="+firmware.variablesFormat+",file="+escapeComma(firmware.variables))
	}
	disks, err := m.diskArguments()
	if err != nil {
		return nil, err
	}
	cards, err := m.cardArguments(d.frames)
	return append(append(args, disks...), cards...), err
}

// sataPorts is how many disks an AHCI controller has ports for. A q35 has one
// controller by itself, whose ports QEMU calls ide.0 and so on.
const sataPorts = 6

func (m Machine) diskArguments() ([]string, error) {
	var args []string
	switch m.Bus {
	case VirtioSCSI:
		args = append(args, "-device", "virtio-scsi-pci,id=scsi")
	case PVSCSI:
		args = append(args, "-device", "pvscsi,id=scsi")
	}
	snapshot := "on"
	if m.Persist {
		snapshot = "off"
	}
	for i, disk := range m.Disks {
		args = append(args, "-drive", fmt.Sprintf("if=none,id=disk%d,format=%s,snapshot=%s,file=%s",
			i, disk.FormatName(), snapshot, escapeComma(disk.Path)))
		var device string
		switch m.Bus {
		case VirtioBlk, "":
			device = "virtio-blk-pci"
		case VirtioSCSI, PVSCSI:
			device = "scsi-hd,bus=scsi.0"
		case SATA:
			controller := "ide"
			if i >= sataPorts {
				controller = fmt.Sprintf("ahci%d", i/sataPorts)
			}
			if i >= sataPorts && i%sataPorts == 0 {
				args = append(args, "-device", "ich9-ahci,id="+controller)
			}
			device = fmt.Sprintf("ide-hd,bus=%s.%d", controller, i%sataPorts)
		case IDE:
			device = fmt.Sprintf("ide-hd,bus=ide.%d,unit=%d", i/2, i%2)
		case NVMe:
			device = fmt.Sprintf("nvme,serial=disk%d", i)
		default:
			return nil, fmt.Errorf("disk bus %q is not known", m.Bus)
		}
		if disk.SectorSize != 0 && m.Bus != SATA && m.Bus != IDE {
			device += fmt.Sprintf(",logical_block_size=%[1]d,physical_block_size=%[1]d", disk.SectorSize)
		}
		args = append(args, "-device", fmt.Sprintf("%s,drive=disk%d,bootindex=%d", device, i, i+1))
	}
	return args, nil
}

// frameLength is how much of each frame is looked at, in bytes: its addresses
// are in front, and what a request by DHCP says of its sender behind them.
const frameLength = 640

func (m Machine) cardArguments(frames []int) ([]string, error) {
	var args []string
	for i, nic := range m.cards() {
		device := map[string]string{"": "virtio-net-pci", "virtio": "virtio-net-pci", "e1000e": "e1000e", "e1000": "e1000", "rtl8139": "rtl8139"}[nic.Model]
		if device == "" {
			return nil, fmt.Errorf("network card %q is not known", nic.Model)
		}
		// restrict keeps the guest from the host and the world; forwards still
		// work, and a guest that asks for an address gets one.
		network := fmt.Sprintf("user,id=net%d,net=192.0.2.0/24,host=192.0.2.2,ipv6=off,restrict=on", i)
		if i == 0 {
			for _, f := range m.Forwards {
				network += fmt.Sprintf(",hostfwd=tcp:127.0.0.1:%d-%s:%d", f.HostPort, f.GuestAddress, f.GuestPort)
			}
		}
		card := fmt.Sprintf("%s,netdev=net%d,romfile=", device, i)
		if nic.MAC != "" {
			card += ",mac=" + nic.MAC
		}
		args = append(args, "-netdev", network, "-device", card, "-object",
			fmt.Sprintf("filter-dump,id=frames%d,netdev=net%d,queue=rx,maxlen=%d,file=/dev/fd/%d", i, i, frameLength, frames[i]))
	}
	return args, nil
}

// cards are the network cards that the machine has.
func (m Machine) cards() []NIC {
	if len(m.NICs) == 0 {
		return []NIC{{}}
	}
	return m.NICs
}

// escapeComma makes a path safe inside a QEMU option.
func escapeComma(path string) string { return strings.ReplaceAll(path, ",", ",,") }
