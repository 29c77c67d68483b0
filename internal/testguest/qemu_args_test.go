package testguest

import (
	"strings"
	"testing"
)

func TestQEMUArgs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options BootOptions
		want    []string
		not     []string
	}{
		"defaults": {
			BootOptions{Disks: []BootDisk{{Path: "/tmp/a,b.vmdk"}}},
			[]string{
				"-machine q35,graphics=off", "-accel tcg,thread=multi", "-cpu max", "-smp 2", "-m 1024",
				"format=vmdk,snapshot=on,file=/tmp/a,,b.vmdk", "virtio-blk-pci,drive=disk0,bootindex=1", "restrict=on",
			},
			[]string{"pflash", "hostfwd"},
		},
		"UEFI": {
			BootOptions{Disks: []BootDisk{{Path: "a.qcow2"}}, Firmware: UEFI, Persist: true},
			[]string{"unit=0,format=raw,readonly=on,file=/code", "unit=1,format=raw,file=/variables", "format=qcow2,snapshot=off"},
			nil,
		},
		"two disks on PVSCSI": {
			BootOptions{Disks: []BootDisk{{Path: "a", Format: "raw"}, {Path: "b"}}, Bus: PVSCSI},
			[]string{"pvscsi,id=scsi", "scsi-hd,bus=scsi.0,drive=disk0,bootindex=1", "scsi-hd,bus=scsi.0,drive=disk1,bootindex=2"},
			nil,
		},
		"IDE": {
			BootOptions{Disks: []BootDisk{{Path: "a"}}, Bus: IDE},
			[]string{"-machine pc,graphics=off", "ide-hd,bus=ide.0,drive=disk0"},
			nil,
		},
		"forward": {
			BootOptions{Disks: []BootDisk{{Path: "a"}}, Forwards: []Forward{{HostPort: 2222, GuestAddress: "192.0.2.10", GuestPort: 22}}},
			[]string{"hostfwd=tcp:127.0.0.1:2222-192.0.2.10:22"},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args, err := qemuArgs(test.options, "tcg", "/code", "/variables")
			if err != nil {
				t.Fatal(err)
			}
			line := strings.Join(args, " ")
			// Users' machines have a display, and GRUB hangs without one.
			for _, want := range append(test.want, "-device VGA") {
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
	if _, err := qemuArgs(BootOptions{Disks: []BootDisk{{}}, Bus: "floppy"}, "tcg", "", ""); err == nil {
		t.Error("unknown bus: no error")
	}
}
