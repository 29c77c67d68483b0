package boot

import (
	"strings"
	"testing"
)

func TestQEMUArgs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		machine Machine
		want    []string
		not     []string
	}{
		"defaults": {
			Machine{Disks: []Disk{{Path: "/tmp/a,b.vmdk"}}},
			[]string{
				"-machine q35,graphics=off", "virtio-pci.disable-legacy=on", "-accel tcg,thread=multi", "-cpu max", "-smp 2", "-m 1024",
				"format=vmdk,snapshot=on,file=/tmp/a,,b.vmdk", "virtio-blk-pci,drive=disk0,bootindex=1", "restrict=on",
			},
			[]string{"pflash", "hostfwd"},
		},
		"UEFI": {
			Machine{Disks: []Disk{{Path: "a.qcow2"}}, Firmware: UEFI, Persist: true},
			[]string{"IPv4PXESupport,string=n", "IPv6PXESupport,string=n", "unit=0,format=qcow2,readonly=on,file=/code", "unit=1,format=raw,file=/variables", "format=qcow2,snapshot=off"},
			nil,
		},
		"two disks on PVSCSI": {
			Machine{Disks: []Disk{{Path: "a", Format: "raw"}, {Path: "b"}}, Bus: PVSCSI},
			[]string{"pvscsi,id=scsi", "scsi-hd,bus=scsi.0,drive=disk0,bootindex=1", "scsi-hd,bus=scsi.0,drive=disk1,bootindex=2"},
			nil,
		},
		"three disks on IDE": {
			Machine{Disks: []Disk{{Path: "a"}, {Path: "b"}, {Path: "c"}}, Bus: IDE},
			[]string{"-machine pc,graphics=off", "virtio-pci.disable-legacy=auto", "ide-hd,bus=ide.0,unit=0,drive=disk0", "bus=ide.0,unit=1,drive=disk1", "bus=ide.1,unit=0,drive=disk2"},
			nil,
		},
		"SATA": {
			Machine{Disks: []Disk{{Path: "a"}, {Path: "b"}}, Bus: SATA},
			[]string{"-machine q35,graphics=off", "ide-hd,bus=ide.0,drive=disk0", "ide-hd,bus=ide.1,drive=disk1"},
			nil,
		},
		"more SATA disks than a controller has ports": {
			Machine{Disks: make([]Disk, 13), Bus: SATA},
			[]string{
				"ide-hd,bus=ide.5,drive=disk5", "-device ich9-ahci,id=ahci1 -device ide-hd,bus=ahci1.0,drive=disk6", "ide-hd,bus=ahci1.5,drive=disk11",
				"-device ich9-ahci,id=ahci2 -device ide-hd,bus=ahci2.0,drive=disk12",
			},
			[]string{"ide.6", "id=ahci0", "id=ahci3"},
		},
		"the old machine's cards": {
			Machine{Disks: []Disk{{Path: "a"}}, Accelerator: "kvm", NICs: []NIC{{Model: "e1000", MAC: "00:50:56:9a:01:02"}, {}}},
			[]string{
				"-accel kvm -cpu host", "e1000,netdev=net0,romfile=,mac=00:50:56:9a:01:02", "virtio-net-pci,netdev=net1,romfile=",
				"netdev=net0,queue=rx,maxlen=640,file=/dev/fd/5", "netdev=net1,queue=rx,maxlen=640,file=/dev/fd/6",
			},
			nil,
		},
		"large sectors": {
			Machine{Disks: []Disk{{Path: "a", SectorSize: 4096}, {Path: "b"}}, Firmware: UEFI},
			[]string{"virtio-blk-pci,logical_block_size=4096,physical_block_size=4096,drive=disk0", "virtio-blk-pci,drive=disk1"},
			[]string{ProbePort},
		},
		"a probe": {
			Machine{Disks: []Disk{{Path: "a", SectorSize: 4096}}, Bus: SATA, Probe: true},
			[]string{"socket,id=probe,fd=9", "virtio-serial-pci,id=probing,disable-legacy=off", "virtserialport,bus=probing.0,chardev=probe,name=" + ProbePort, "ide-hd,bus=ide.0,drive=disk0"},
			[]string{"block_size"},
		},
		"forward": {
			Machine{Disks: []Disk{{Path: "a"}}, Forwards: []Forward{{HostPort: 2222, GuestAddress: "192.0.2.10", GuestPort: 22}}},
			[]string{"hostfwd=tcp:127.0.0.1:2222-192.0.2.10:22"},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args, err := test.machine.arguments(descriptors{monitor: 3, agent: 4, probe: 9, frames: []int{5, 6}}, flash{"/code", "qcow2", "/variables", "raw"})
			if err != nil {
				t.Fatal(err)
			}
			line := strings.Join(args, " ")
			// Users' machines have a display, and GRUB hangs without one.
			for _, want := range append(test.want, "-device VGA", "-sandbox on,", "spawn=deny", "-nodefaults -no-user-config", "restrict=on") {
				if !strings.Contains(line, want) {
					t.Errorf("no %q in %s", want, line)
				}
			}
			for _, not := range test.not {
				if strings.Contains(line, not) {
					t.Errorf("%q in %s", not, line)
				}
			}
		})
	}
	for name, machine := range map[string]Machine{
		"bus":  {Disks: []Disk{{}}, Bus: "floppy"},
		"card": {Disks: []Disk{{}}, NICs: []NIC{{Model: "ne2000"}}},
	} {
		if _, err := machine.arguments(descriptors{frames: []int{5}}, flash{}); err == nil {
			t.Errorf("unknown %s: no error", name)
		}
	}
}
