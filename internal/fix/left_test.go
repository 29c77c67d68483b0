package fix

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/fstab"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/fix/linux/initrd"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

// leftCase is a guest that does not come up, or later not, when a step is left out.
type leftCase struct {
	name  string
	files map[string]string // over those of aGuest
	given Hardware          // by the kernels; virtio where it is empty
	bus   string            // that the guest is given
	id    report.ConcernID  // "" where nothing is told
	told  string            // in the message
}

const leftKernel = "6.1.0"

func leftImage(t *testing.T, more map[string]string) string {
	t.Helper()
	return guesttest.DebianImage(t, leftKernel, more, "virtio", "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ext4")
}

// aGuest comes up on virtio as it is.
func aGuest(t *testing.T) map[string]string {
	t.Helper()
	files := guesttest.KernelFiles(leftKernel)
	files["/etc/fstab"] = "UUID=root-uuid / ext4 defaults 0 1\n"
	files["/boot/initrd.img-"+leftKernel] = leftImage(t, nil)
	files["/boot/grub/grub.cfg"] = leftMenu("UUID=root-uuid")
	files["/etc/NetworkManager/NetworkManager.conf"] = "[main]\n"
	return files
}

func leftMenu(root string) string {
	return "menuentry 'x' {\nlinux /boot/vmlinuz-" + leftKernel + " root=" + root + "\ninitrd /boot/initrd.img-" + leftKernel + "\n}\n"
}

func fstabCases() []leftCase {
	line := func(device string) map[string]string {
		return map[string]string{"/etc/fstab": "UUID=root-uuid / ext4 defaults 0 1\n" + device + "\n"}
	}
	return []leftCase{
		{name: "fstab", files: line("/dev/sda1 /boot/efi vfat defaults 0 2"), bus: "virtio", id: report.ConcernFstabDevice, told: "line 2: /dev/sda1 (/boot/efi)"},
		{name: "fstab of a disk that stays behind", files: line("/dev/sdz1 /srv ext4 defaults 0 2"), bus: "virtio", id: report.ConcernFstabDevice, told: "/dev/sdz1 (/srv)"},
		{name: "fstab on SATA", files: line("/dev/sda1 /boot/efi vfat defaults 0 2"), given: Hardware{DiskBus: "sata"}, bus: "sata"},
		{name: "fstab with nofail", files: line("/dev/sda1 /boot/efi vfat nofail 0 2"), bus: "virtio"},
		{name: "fstab of a shared folder", files: line(".host:/ /mnt/hgfs fuse.vmhgfs-fuse defaults 0 0"), bus: "virtio", id: report.ConcernFstabShared, told: ".host:/"},
		{name: "crypttab", files: map[string]string{"/etc/crypttab": "c /dev/sda4 none luks\n"}, bus: "virtio", id: report.ConcernCrypttabDevice, told: "line 1: /dev/sda4 (c)"},
		{name: "crypttab on SATA", files: map[string]string{"/etc/crypttab": "c /dev/sda4 none luks\n"}, given: Hardware{DiskBus: "sata"}, bus: "sata"},
	}
}

func grubCases() []leftCase {
	menu := func(root string) map[string]string { return map[string]string{"/boot/grub/grub.cfg": leftMenu(root)} }
	return []leftCase{
		// It starts from the disk that it is given.
		{name: "root by the old name", files: menu("/dev/sda2"), bus: "sata", id: report.ConcernOldDiskName, told: "root=/dev/sda2"},
		{name: "root by its number", files: menu("0802"), bus: "sata", id: report.ConcernOldDiskName, told: "root=0802"},
		{
			name: "root by the old name, without a driver", files: menu("/dev/sda2"), bus: "sata", id: report.ConcernHardware, told: "does not load the driver of a SATA disk",
			given: Hardware{DiskBus: "virtio", Kernels: []report.Kernel{{Version: leftKernel, Default: true, LacksSATA: true}}},
		},
		{name: "root by a name that no machine here gives", files: menu("/dev/nvme0n1p2"), bus: "sata", id: report.ConcernMenuStarts, told: "line 2: /dev/nvme0n1p2"},
		{name: "root that is gone", files: menu("UUID=gone"), bus: "virtio", id: report.ConcernMenuUncertain, told: "UUID=gone"},
		{name: "kernel that is gone", files: map[string]string{"/boot/grub/grub.cfg": "menuentry 'x' {\nlinux /boot/vmlinuz-gone root=UUID=root-uuid\ninitrd /boot/initrd.img-gone\n}\n"}, bus: "virtio", id: report.ConcernMenuStarts, told: "vmlinuz-gone"},
		{name: "resume", files: menu("UUID=root-uuid resume=/dev/sda3"), bus: "virtio", id: report.ConcernBootDevice, told: "line 2: /dev/sda3"},
		{name: "resume of a disk that stays behind", files: menu("UUID=root-uuid resume=/dev/sdz3"), bus: "virtio", id: report.ConcernBootDevice, told: "resume=/dev/sdz3"},
		{name: "/usr", files: menu("UUID=root-uuid mount.usr=/dev/sda3"), bus: "virtio", id: report.ConcernMenuStarts, told: "line 2: /dev/sda3"},
		{name: "/usr on SATA", files: menu("UUID=root-uuid mount.usr=/dev/sda3"), given: Hardware{DiskBus: "sata"}, bus: "sata"},
		{name: "later menus", files: map[string]string{"/etc/default/grub": "GRUB_CMDLINE_LINUX=\"root=/dev/sda2\"\n"}, bus: "virtio", id: report.ConcernBootDevice, told: "/etc/default/grub: line 1: /dev/sda2"},
		{name: "later entries", files: map[string]string{"/etc/kernel/cmdline": "root=/dev/sda2 ro\n"}, bus: "virtio", id: report.ConcernBootDevice, told: "/etc/kernel/cmdline: line 1: /dev/sda2"},
		{name: "device map", files: map[string]string{"/boot/grub/device.map": "(hd0)\t/dev/sda\n"}, bus: "virtio", id: report.ConcernInstallDevice, told: "/boot/grub/device.map"},
		{name: "disks that GRUB goes onto", files: map[string]string{"/var/cache/debconf/config.dat": "Name: grub-pc/install_devices\nValue: /dev/sda\n"}, bus: "virtio", id: report.ConcernInstallDevice, told: "config.dat"},
		{name: "the same on SATA", files: map[string]string{"/var/cache/debconf/config.dat": "Name: grub-pc/install_devices\nValue: /dev/sda\n"}, given: Hardware{DiskBus: "sata"}, bus: "sata"},
	}
}

func initramfsCases(t *testing.T) []leftCase {
	t.Helper()
	image := func(file, text string) map[string]string {
		return map[string]string{"/boot/initrd.img-" + leftKernel: leftImage(t, map[string]string{file: text})}
	}
	return []leftCase{
		{name: "encrypted root in an image", files: image("cryptroot/crypttab", "c /dev/sda4 none luks\n"), bus: "virtio", id: report.ConcernEarlyDevice, told: "/dev/sda4"},
		{name: "the same on SATA", files: image("cryptroot/crypttab", "c /dev/sda4 none luks\n"), given: Hardware{DiskBus: "sata"}, bus: "sata"},
		{name: "a disk that stays behind", files: image("cryptroot/crypttab", "c /dev/sdz4 none luks\n"), bus: "virtio", id: report.ConcernEarlyDevice, told: "/dev/sdz4"},
		{name: "resume in an image", files: image("conf/conf.d/resume", "RESUME=/dev/sda3\n"), bus: "virtio", id: report.ConcernEarlyDevice, told: "/dev/sda3"},
		{name: "arrays in an image", files: image("etc/mdadm/mdadm.conf", "DEVICE /dev/sda2 /dev/sdb1\nARRAY /dev/md0 UUID=1:2\n"), bus: "virtio", id: report.ConcernEarlyDevice, told: "the disks in etc/mdadm/mdadm.conf"},
		{name: "arrays on SATA", files: image("etc/mdadm/mdadm.conf", "DEVICE /dev/sda2 /dev/sdb1\nARRAY /dev/md0 UUID=1:2\n"), given: Hardware{DiskBus: "sata"}, bus: "sata"},
		{name: "volume groups in an image", files: image("etc/lvm/lvm.conf", "devices { filter = [ \"a|^/dev/sda3$|\", \"r|.*|\" ] }\n"), bus: "virtio", id: report.ConcernEarlyDevice, told: "the disks in etc/lvm/lvm.conf"},
		{name: "volume groups on SATA", files: image("etc/lvm/lvm.conf", "devices { filter = [ \"a|^/dev/sda3$|\", \"r|.*|\" ] }\n"), given: Hardware{DiskBus: "sata"}, bus: "sata"},
		{name: "LVM's disks in an image", files: image("etc/lvm/devices/system.devices", "IDTYPE=sys_wwid IDNAME=naa.6000c29 DEVNAME=/dev/sda2 PVID=x\n"), bus: "virtio", id: report.ConcernEarlyDevice, told: "LVM's list of devices"},
	}
}

// earlyCases are of what is put right whatever the options say.
func earlyCases() []leftCase {
	return []leftCase{
		{name: "mount unit", files: map[string]string{"/etc/systemd/system/srv.mount": "[Mount]\nWhat=/dev/sda3\nWhere=/srv\n"}, bus: "virtio", id: report.ConcernEarlyDevice, told: "/etc/systemd/system/srv.mount: line 2: /dev/sda3"},
		{name: "mount unit on SATA", files: map[string]string{"/etc/systemd/system/srv.mount": "[Mount]\nWhat=/dev/sda3\nWhere=/srv\n"}, given: Hardware{DiskBus: "sata"}, bus: "sata"},
		{name: "LVM's filter", files: map[string]string{"/etc/lvm/lvm.conf": "devices { filter = [ \"a|^/dev/sd.*|\", \"r|.*|\" ] }\n"}, bus: "virtio", id: report.ConcernEarlyDevice, told: "/etc/lvm/lvm.conf: filter hides"},
		{name: "LVM's filter on SATA", files: map[string]string{"/etc/lvm/lvm.conf": "devices { filter = [ \"a|^/dev/sd.*|\", \"r|.*|\" ] }\n"}, given: Hardware{DiskBus: "sata"}, bus: "sata"},
		{name: "LVM's disks", files: map[string]string{"/etc/lvm/devices/system.devices": "IDTYPE=sys_wwid IDNAME=naa.6000c29 DEVNAME=/dev/sda2 PVID=x\n"}, bus: "virtio", id: report.ConcernEarlyDevice, told: "system.devices lists disks"},
		{name: "arrays", files: map[string]string{"/etc/mdadm.conf": "DEVICE /dev/sda2\nARRAY /dev/md0 UUID=1:2\n"}, bus: "virtio", id: report.ConcernEarlyDevice, told: "/etc/mdadm.conf: arrays"},
		{name: "all as it should be", bus: "virtio"},
	}
}

// everyFix are the options with which nothing is left out.
var everyFix = Options{UpdateGrub: true, RegenInitramfs: true, Initramfs: initrd.ModeAuto, FstabMode: fstab.ModeStabilizeAll}

// TestEverySwitchTellsWhatItLeaves: an option that leaves a step out is respected, and a
// guest that does not come up without it is told of.
func TestEverySwitchTellsWhatItLeaves(t *testing.T) {
	t.Parallel()
	type setting struct {
		set   func(*Options)
		says  string // in the remedy
		cases []leftCase
	}
	settings := map[string][]setting{
		"FstabMode": {
			{func(o *Options) { o.FstabMode = fstab.ModeNoop }, "pipeline.fix.fstab_mode", fstabCases()},
			{func(o *Options) { o.FstabMode = fstab.ModeBypathOnly }, "pipeline.fix.fstab_mode", fstabCases()},
		},
		"UpdateGrub":     {{func(o *Options) { o.UpdateGrub = false }, "pipeline.fix.update_grub", grubCases()}},
		"RegenInitramfs": {{func(o *Options) { o.RegenInitramfs = false }, "pipeline.fix.regen_initramfs", initramfsCases(t)}},
	}
	// With these nothing is left out that a guest needs to come up.
	for _, harmless := range []string{"PrintFstab", "Initramfs", "RemoveVMwareTools", "VirtioWin", "BlockDriver", "Hostname", "FirstBoot"} {
		settings[harmless] = nil
	}
	for field := range reflect.TypeFor[Options]().Fields() {
		of, known := settings[field.Name]
		if !known {
			t.Errorf("nothing says what %s leaves", field.Name)
		}
		for _, s := range of {
			for _, tt := range s.cases {
				options := everyFix
				options.RegenInitramfs = false // the hardware is given
				s.set(&options)
				t.Run(field.Name+"/"+options.FstabMode+"/"+tt.name, func(t *testing.T) {
					t.Parallel()
					target := leftTarget(t, tt)
					result, warnings, err := Run(t.Context(), target, options)
					if err != nil {
						t.Fatal(err)
					}
					if field.Name != "RegenInitramfs" {
						// of the images that the test leaves as well
						warnings = slices.DeleteFunc(warnings, func(w report.Warning) bool { return strings.Contains(w.Remedy, "regen_initramfs") })
					}
					checkLeft(t, tt, s.says, result.DiskBus, warnings)
				})
			}
		}
	}
}

// TestTellLeft: the same of a guest that no fix touches.
func TestTellLeft(t *testing.T) {
	t.Parallel()
	for _, tt := range slices.Concat(fstabCases(), grubCases(), initramfsCases(t), earlyCases()) {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			target := leftTarget(t, tt)
			given, err := target.AsItIs(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			bus, warnings, err := TellLeft(t.Context(), target, given)
			if err != nil {
				t.Fatal(err)
			}
			checkLeft(t, tt, "enable pipeline.fix", bus, warnings)
			if changes, _ := target.Editor.Take(); len(changes) > 0 {
				t.Errorf("changes: %v", changes)
			}
		})
	}
}

func leftTarget(t *testing.T, tt leftCase) Target {
	t.Helper()
	files := aGuest(t)
	maps.Copy(files, tt.files)
	target := testTarget(t, files)
	target.Devices = slices.Clone(guesttest.Devices)
	for i := range target.Devices {
		if target.Devices[i].Name == "/dev/sdb3" && strings.Contains(tt.name, "olume") || strings.Contains(tt.name, "LVM") && target.Devices[i].Name == "/dev/sdc1" {
			target.Devices[i].FSType = "LVM2_member"
		}
	}
	target.AsItIs = func(context.Context) (Hardware, error) {
		if tt.given.DiskBus == "" {
			return Hardware{DiskBus: "virtio", NICModel: "virtio"}, nil
		}
		return tt.given, nil
	}
	return target
}

func checkLeft(t *testing.T, tt leftCase, says, bus string, warnings []report.Warning) {
	t.Helper()
	if bus != tt.bus {
		t.Errorf("the guest is given %q, want %q", bus, tt.bus)
	}
	found := false
	for _, w := range warnings {
		switch {
		case tt.id == "":
			t.Errorf("told of what is as it should be: %v", w)
		case w.ID == tt.id && strings.Contains(w.Message, tt.told) && w.Remedy != "":
			found = found || strings.Contains(w.Remedy, says) || w.ID == report.ConcernHardware || w.ID == report.ConcernMenuUncertain || strings.Contains(tt.told, "sdz")
		}
	}
	if tt.id != "" && !found {
		t.Errorf("%s with %q, by %q, is not told: %v", tt.id, tt.told, says, warnings)
	}
}
