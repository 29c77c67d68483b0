package bootloader

import "testing"

func TestEditCmdline(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, want string
		findings int
	}{
		{"root=/dev/sda2 ro quiet", "root=UUID=root-uuid ro quiet", 0},
		{"  ro  root=/dev/sda2\tresume=/dev/sda3  x\n", "  ro  root=UUID=root-uuid\tresume=UUID=swap-uuid  x\n", 0},
		{`"root=/dev/sda2" x`, `"root=UUID=root-uuid" x`, 0},
		{`root="/dev/sda2" x`, `root="UUID=root-uuid" x`, 0},
		{`root=\"/dev/sda2\" x`, `root=\"UUID=root-uuid\" x`, 0},
		{`root=/dev/"sda2" x`, `root=UUID=root-uuid x`, 0},
		{`"root=/dev/sda2 x"`, `"root=/dev/sda2 x"`, 0}, // one parameter, a strange device
		{"root=ZFS=rpool/ROOT", "root=ZFS=rpool/ROOT", 0},
		{"root=LABEL=/", "root=LABEL=/", 0},
		{"root=UUID=root-uuid rootflags=data=ordered,journal_dev=0x813", "root=UUID=root-uuid rootflags=data=ordered,journal_dev=0x813", 1},
		{"systemd.mount-extra=UUID=x:/srv:ext4:journal_dev=2067", "systemd.mount-extra=UUID=x:/srv:ext4:journal_dev=2067", 1},
		{"rootflags=logdev=/dev/sda3,rtdev=/dev/sda2", "rootflags=logdev=/dev/disk/by-uuid/swap-uuid,rtdev=/dev/disk/by-uuid/root-uuid", 0},
		{"rootflags=journal_path=/dev/sda3,journal_device=x", "rootflags=journal_path=/dev/disk/by-uuid/swap-uuid,journal_device=x", 0},
		{"root=/dev/mapper/vg-root rd.lvm.lv=vg/root", "root=/dev/mapper/vg-root rd.lvm.lv=vg/root", 0},
		{"root=/dev/nfs nfsroot=1.2.3.4:/x", "root=/dev/nfs nfsroot=1.2.3.4:/x", 0},
		{"root=/dev/sda$n", "root=/dev/sda$n", 0},
		{"root=block:/dev/sda2", "root=block:UUID=root-uuid", 0},
		{"xroot=/dev/sda2 rootflags=subvol=@", "xroot=/dev/disk/by-uuid/root-uuid rootflags=subvol=@", 0}, // whatever reads it knew a path
		{`dm-mod.create="r,,,ro,0 4096 linear /dev/sda2 0"`, `dm-mod.create="r,,,ro,0 4096 linear PARTUUID=part-0002 0"`, 0},
		{"cryptdevice=/dev/sda4:root:allow-discards", "cryptdevice=UUID=luks-uuid:root:allow-discards", 0},
		{"cryptopts=target=r,source=/dev/sda4,lvm=v", "cryptopts=target=r,source=UUID=luks-uuid,lvm=v", 0},
		{"rd.luks.key=/k:/dev/sda1:UUID=luks-uuid rd.luks.key=/k", "rd.luks.key=/k:UUID=AAAA-0001:UUID=luks-uuid rd.luks.key=/k", 0},
		{"resume=swap:/dev/sda3", "resume=swap:UUID=swap-uuid", 0},
		{"mount.usr=/dev/sda2", "mount.usr=UUID=root-uuid", 0},
		{"resume=/dev/sdz1", "resume=/dev/sdz1", 1},
		{"root=/dev/sdz1", "root=UUID=root-uuid", 1}, // the root is known whatever the name
		{"console=ttyS0", "console=ttyS0", 0},
		{"fips=1 boot=/dev/sda1", "fips=1 boot=UUID=AAAA-0001", 0},
		{"boot=live", "boot=live", 0},
		{"systemd.mount-extra=/dev/sda2:/srv:ext4:ro", "systemd.mount-extra=UUID=root-uuid:/srv:ext4:ro", 0},
		{"systemd.swap-extra=/dev/sda3", "systemd.swap-extra=UUID=swap-uuid", 0},
		{"rd.luks.data=luks-uuid=/dev/sda4 rd.luks.options=header=/h:/dev/sda1", "rd.luks.data=luks-uuid=/dev/disk/by-uuid/luks-uuid rd.luks.options=header=/h:/dev/disk/by-uuid/AAAA-0001", 0},
		{"rootflags=journal_path=/dev/sda3,ro", "rootflags=journal_path=/dev/disk/by-uuid/swap-uuid,ro", 0},
		{"overlayroot=device:dev=/dev/sda3,timeout=9", "overlayroot=device:dev=/dev/disk/by-uuid/swap-uuid,timeout=9", 0},
		{"md=0,/dev/sda2,/dev/sda3", "md=0,PARTUUID=part-0002,PARTUUID=part-0003", 0},
		{"root=0802 ro", "root=UUID=root-uuid ro", 0},
		{"root=8:2 resume=803", "root=UUID=root-uuid resume=UUID=swap-uuid", 0},
		{"root=fd00", "root=UUID=root-uuid", 1}, // a number of its own making: the root is known
		{"root=0100 crashkernel=0802", "root=0100 crashkernel=0802", 0},
		{"real_root=/dev/mapper/mpatha2", "real_root=UUID=root-uuid", 1}, // two disks: which is mpatha?
		{"boot=/dev/sdz1", "boot=/dev/sdz1", 1},
		{"init=/dev/shm/x ds=nocloud;s=/dev/sda1/x", "init=/dev/shm/x ds=nocloud;s=/dev/sda1/x", 0},
		{"", "", 0},
	}
	for _, tt := range tests {
		c := cmdlineEditor{names: testNames}
		got := c.editCmdline(tt.in)
		if got != tt.want || len(c.findings) != tt.findings {
			t.Errorf("%q: got %q with %v, want %q with %d findings", tt.in, got, c.findings, tt.want, tt.findings)
		}
	}
}

func TestEditCmdlineWithoutInitramfs(t *testing.T) {
	t.Parallel()
	c := cmdlineEditor{names: testNames, noInitramfs: true}
	if got, want := c.editCmdline("root=/dev/sda2 ro"), "root=PARTUUID=part-0002 ro"; got != want {
		t.Errorf("got %q, want %q: the kernel knows no UUID", got, want)
	}
}

func TestEditPlainCmdline(t *testing.T) {
	t.Parallel()
	in := "# root=/dev/sda2\nroot=/dev/sda2 ro\n"
	want := "# root=/dev/sda2\nroot=UUID=root-uuid ro\n"
	if got, _ := editPlainCmdline(in, testScope); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
