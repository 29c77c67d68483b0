package bootloader

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEditBootFiles covers the formats whose edits have no test of their own.
func TestEditBootFiles(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edit     func(string, bootScope) (string, []finding)
		in, want string
		findings int
	}{
		"GRUB legacy": {
			editGrubLegacy,
			"default=0\nroot (hd0,0)\ntitle x\n\tkernel /vmlinuz-ours root=/dev/sda2 ro\n\tinitrd /i\ntitle y\n\tkernel /vmlinuz-ours root=/dev/sda2\n",
			"default=0\nroot (hd0,0)\ntitle x\n\tkernel /vmlinuz-ours root=UUID=root-uuid ro\n\tinitrd /i\ntitle y\n\tkernel /vmlinuz-ours root=PARTUUID=part-0002\n", 0,
		},
		"GRUB legacy on Debian": {editGrubLegacy, "# kopt=root=/dev/sda2 ro\n# x root=/dev/sda2\n", "# kopt=root=UUID=root-uuid ro\n# x root=/dev/sda2\n", 0},
		"loader entry": {
			editLoaderEntry,
			"title root=/dev/sda2\nlinux /vmlinuz-ours\ninitrd /i\noptions root=/dev/sda2 $x\noptions resume=/dev/sda3\n",
			"title root=/dev/sda2\nlinux /vmlinuz-ours\ninitrd /i\noptions root=UUID=root-uuid $x\noptions resume=UUID=swap-uuid\n", 0,
		},
		"loader entry without initramfs": {editLoaderEntry, "linux /vmlinuz-ours\noptions root=/dev/sda2", "linux /vmlinuz-ours\noptions root=PARTUUID=part-0002", 0},
		"loader entry for EFI":           {editLoaderEntry, "efi /shell.efi\noptions root=/dev/sdz2", "efi /shell.efi\noptions root=/dev/sdz2", 1},
		"extlinux": {
			editSyslinux,
			"default a\nLABEL a\n LINUX /vmlinuz-ours\n APPEND root=/dev/sda2\n INITRD /i\nlabel b\n kernel /vmlinuz-ours\n append root=/dev/sda2 initrd=/i\n",
			"default a\nLABEL a\n LINUX /vmlinuz-ours\n APPEND root=UUID=root-uuid\n INITRD /i\nlabel b\n kernel /vmlinuz-ours\n append root=UUID=root-uuid initrd=/i\n", 0,
		},
		"default grub": {
			editGrubDefault,
			"# GRUB_CMDLINE_LINUX=\"root=/dev/sda2\"\nexport GRUB_CMDLINE_LINUX=\"$X root=/dev/sda2 x=\\\"y\\\"\"\nGRUB_CMDLINE_LINUX_DEFAULT+=' resume=/dev/sda3'\nGRUB_CMDLINE_LINUX_XEN=root=/dev/sda2\nGRUB_THEME=/dev/sda2\n",
			"# GRUB_CMDLINE_LINUX=\"root=/dev/sda2\"\nexport GRUB_CMDLINE_LINUX=\"$X root=UUID=root-uuid x=\\\"y\\\"\"\nGRUB_CMDLINE_LINUX_DEFAULT+=' resume=UUID=swap-uuid'\nGRUB_CMDLINE_LINUX_XEN=root=UUID=root-uuid\nGRUB_THEME=/dev/sda2\n", 0,
		},
		"default grub, UUIDs off": {editGrubDefault, "GRUB_DISABLE_LINUX_UUID=true # why\nGRUB_DISABLE_UUID='true'\nGRUB_DISABLE_RECOVERY=true", "GRUB_DISABLE_LINUX_UUID=false # why\nGRUB_DISABLE_UUID='false'\nGRUB_DISABLE_RECOVERY=true", 0},
		"default grub, device":    {editGrubDefault, "GRUB_DEVICE=\"/dev/sda2\"", "GRUB_DEVICE=\"/dev/disk/by-uuid/root-uuid\"", 0},
		"default grub, no shell":  {editGrubDefault, "GRUB_CMDLINE_LINUX=\"root=/dev/sda2", "GRUB_CMDLINE_LINUX=\"root=/dev/sda2", 1},
		"resume":                  {editResume, "RESUME=/dev/sda3\n#RESUME=/dev/sda3\nROOT=\"/dev/sda2\"\n", "RESUME=UUID=swap-uuid\n#RESUME=/dev/sda3\nROOT=\"UUID=root-uuid\"\n", 0},
		"resume none":             {editResume, "RESUME=none\n", "RESUME=none\n", 0},
		"dracut":                  {editDracutConf, "add_device+=\" /dev/sda3 /dev/sda4 \"\nadd_drivers+=\" a \"\n", "add_device+=\" /dev/disk/by-uuid/swap-uuid /dev/disk/by-uuid/luks-uuid \"\nadd_drivers+=\" a \"\n", 0},
		"mdadm default":           {editMdadmFile, "#DEVICE /dev/sda1\nDEVICE partitions\nARRAY /dev/md0 UUID=1:2\nMAILADDR root\n", "#DEVICE /dev/sda1\nDEVICE partitions\nARRAY /dev/md0 UUID=1:2\nMAILADDR root\n", 0},
		"mdadm by names":          {editMdadmFile, "DEVICE /dev/sd[ab]1\nARRAY /dev/md0 devices=/dev/sda1,/dev/sdb1 UUID=1:2\nARRAY /dev/md1 devices=/dev/sda2\n", "DEVICE partitions containers\nARRAY /dev/md0 UUID=1:2\nARRAY /dev/md1 devices=/dev/sda2\n", 1},
		"mdadm, members on a line of their own": {
			editMdadmFile,
			"DEVICE partitions\nARRAY /dev/md0 level=raid1 num-devices=2 UUID=1:2\n   devices=/dev/sdb1,/dev/sdc1\nMAILADDR root\n",
			"DEVICE partitions\nARRAY /dev/md0 level=raid1 num-devices=2 UUID=1:2\nMAILADDR root\n", 0,
		},
		"mdadm, UUID after the members": {
			editMdadmFile,
			"ARRAY /dev/md0 level=raid1 Devices=/dev/sdb1,/dev/sdc1\n# why\n\tUUID=1:2 # devices=/dev/sda\n",
			"ARRAY /dev/md0 level=raid1\n# why\n\tUUID=1:2 # devices=/dev/sda\n", 0,
		},
		"mdadm by name":            {editMdadmFile, "ARRAY /dev/md/0 metadata=1.2 name=h:0 devices=\"/dev/sd[ab]1\"\n", "ARRAY /dev/md/0 metadata=1.2 name=h:0\n", 0},
		"mdadm, disks over lines":  {editMdadmFile, "DEVICE /dev/sda1\n  /dev/sdb1\n\t/dev/sdc1\nARRAY /dev/md0 UUID=1:2", "DEVICE partitions containers\nARRAY /dev/md0 UUID=1:2", 0},
		"mdadm, partitions later":  {editMdadmFile, "DEVICE /dev/sda1\n  partitions\n", "DEVICE /dev/sda1\n  partitions\n", 0},
		"mdadm, containers' names": {editMdadmFile, "ARRAY /dev/md/imsm0 metadata=imsm UUID=1:2\nARRAY /dev/md/v container=/dev/md/imsm0 member=0 UUID=3:4\n", "ARRAY /dev/md/imsm0 metadata=imsm UUID=1:2\nARRAY /dev/md/v container=/dev/md/imsm0 member=0 UUID=3:4\n", 0},
		"LVM filter":               {editLVMConf, "global_filter = [\n \"a|/dev/sd.*|\",\n \"r|.*|\" ]\n", "global_filter = [\n \"a|/dev/sd.*|\", \"a|/dev/vd.*|\",\n \"r|.*|\" ]\n", 0},
		"LVM without filter":       {editLVMConf, "# filter = [ \"a|/dev/sda|\" ]\nfilter = [ \"a|.*|\" ]\n", "# filter = [ \"a|/dev/sda|\" ]\nfilter = [ \"a|.*|\" ]\n", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, findings := tt.edit(tt.in, testScope)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(findings) != tt.findings {
				t.Errorf("findings = %v, want %d", findings, tt.findings)
			}
			if again, _ := tt.edit(got, testScope); again != got {
				t.Errorf("a second edit gave %q", again)
			}
		})
	}
}

func TestEditDeviceMap(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, want string
		empty    bool
	}{
		{"(hd0) /dev/sda\n(hd1)\t/dev/disk/by-id/x\n", "", true},
		{"# made by anaconda\n(fd0) /dev/fd0\n(hd0) /dev/sda\n", "# made by anaconda\n", true},
		{"(hd0) /dev/sda\n(hd1) /dev/mapper/x\n", "(hd1) /dev/mapper/x\n", false},
	}
	for _, tt := range tests {
		if got, empty := editDeviceMap(tt.in); got != tt.want || empty != tt.empty {
			t.Errorf("%q: got %q, %v, want %q, %v", tt.in, got, empty, tt.want, tt.empty)
		}
	}
}
