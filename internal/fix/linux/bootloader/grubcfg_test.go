package bootloader

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/conf"
)

func TestEditGrubConfig(t *testing.T) {
	t.Parallel()
	const initrd = "\ninitrd /i\n"
	tests := map[string]struct {
		in, want string
		findings int
	}{
		"GRUB's own root":      {"set root='hd0,msdos1'\nset root=/dev/sda2\n", "set root='hd0,msdos1'\nset root=/dev/sda2\n", 0},
		"linux":                {"linux /boot/vmlinuz-ours root=/dev/sda2 ro" + initrd, "linux /boot/vmlinuz-ours root=UUID=root-uuid ro" + initrd, 0},
		"linux16":              {"\tlinux16 /vmlinuz-ours ro root=/dev/sda2" + initrd, "\tlinux16 /vmlinuz-ours ro root=UUID=root-uuid" + initrd, 0},
		"linuxefi":             {"linuxefi /vmlinuz-ours root=/dev/sda2 ro\ninitrdefi /i\n", "linuxefi /vmlinuz-ours root=UUID=root-uuid ro\ninitrdefi /i\n", 0},
		"one line":             {"menuentry x { linux /vmlinuz-ours root=/dev/sda2; initrd /i; }", "menuentry x { linux /vmlinuz-ours root=UUID=root-uuid; initrd /i; }", 0},
		"then":                 {"if true; then linux /vmlinuz-ours root=/dev/sda2; initrd /i; fi", "if true; then linux /vmlinuz-ours root=UUID=root-uuid; initrd /i; fi", 0},
		"continued line":       {"linux /vmlinuz-ours \\\n  root=/dev/sda2 ro" + initrd, "linux /vmlinuz-ours \\\n  root=UUID=root-uuid ro" + initrd, 0},
		"single quotes":        {"linux /vmlinuz-ours 'root=/dev/sda2' ro" + initrd, "linux /vmlinuz-ours 'root=UUID=root-uuid' ro" + initrd, 0},
		"quoted value":         {`linux /vmlinuz-ours root="/dev/sda2" ro` + initrd, `linux /vmlinuz-ours root="UUID=root-uuid" ro` + initrd, 0},
		"half quoted value":    {`linux /vmlinuz-ours root=/dev/'sda2' ro` + initrd, `linux /vmlinuz-ours root=UUID=root-uuid ro` + initrd, 0},
		"escaped":              {`linux /vmlinuz-ours root=/dev\/sda2 ro` + initrd, `linux /vmlinuz-ours root=UUID=root-uuid ro` + initrd, 0},
		"ZFS":                  {"linux /vmlinuz-ours root=ZFS=rpool/ROOT" + initrd, "linux /vmlinuz-ours root=ZFS=rpool/ROOT" + initrd, 0},
		"comment":              {"# linux /vmlinuz-ours root=/dev/sda2\n", "# linux /vmlinuz-ours root=/dev/sda2\n", 0},
		"echo":                 {"echo 'linux /vmlinuz-ours root=/dev/sda2'\necho root=/dev/sda2", "echo 'linux /vmlinuz-ours root=/dev/sda2'\necho root=/dev/sda2", 0},
		"title":                {"menuentry 'x root=/dev/sda2' --id y-/dev/sda2 {\n}\n", "menuentry 'x root=/dev/sda2' --id y-/dev/sda2 {\n}\n", 0},
		"no initramfs":         {"menuentry a {\nlinux /vmlinuz-ours root=/dev/sda2\n}\nmenuentry b {\ninitrd /i\n}", "menuentry a {\nlinux /vmlinuz-ours root=PARTUUID=part-0002\n}\nmenuentry b {\ninitrd /i\n}", 0},
		"Xen":                  {"multiboot2 /xen.gz\nmodule2 --nounzip /vmlinuz-ours root=/dev/sda2\nmodule2 /i", "multiboot2 /xen.gz\nmodule2 --nounzip /vmlinuz-ours root=UUID=root-uuid\nmodule2 /i", 0},
		"variable":             {`set kernelopts="root=/dev/sda2 ro "`, `set kernelopts="root=UUID=root-uuid ro "`, 0},
		"variable without set": {`opts='quiet root=/dev/sda2'`, `opts='quiet root=UUID=root-uuid'`, 0},
		"variable, odd quotes": {`set kernelopts="root=/dev/"'sda2 ro'`, `set kernelopts="root=/dev/"'sda2 ro'`, 1},
		"root in a variable": {
			"set rootpartition=/dev/sda2\nlinux /vmlinuz-ours root=$rootpartition quiet" + initrd,
			"set rootpartition=UUID=root-uuid\nlinux /vmlinuz-ours root=$rootpartition quiet" + initrd, 0,
		},
		"root in a variable, no initramfs": {
			"r='/dev/sda2'\nlinux /vmlinuz-ours root=${r} quiet\n",
			"r='PARTUUID=part-0002'\nlinux /vmlinuz-ours root=${r} quiet\n", 0,
		},
		"part of the root in a variable": {
			"set disk=sda\nlinux /vmlinuz-ours root=/dev/${disk}2 quiet" + initrd,
			"set disk=sda\nlinux /vmlinuz-ours root=UUID=root-uuid quiet" + initrd, 0,
		},
		"root in one of two values": {
			"if true; then\nset r=/dev/sda2\nelse\nset r=0802\nfi\nlinux /vmlinuz-ours root=$r" + initrd,
			"if true; then\nset r=UUID=root-uuid\nelse\nset r=UUID=root-uuid\nfi\nlinux /vmlinuz-ours root=$r" + initrd, 0,
		},
		"root in a variable from elsewhere": {"linux /vmlinuz-ours root=$r" + initrd, "linux /vmlinuz-ours root=$r" + initrd, 1},
		"variable that is stable":           {"set r=UUID=x\nlinux /vmlinuz-ours root=$r" + initrd, "set r=UUID=x\nlinux /vmlinuz-ours root=$r" + initrd, 0},
		"variable that is no parameter":     {"set r=/dev/sda2\nlinux /vmlinuz-ours quiet $r" + initrd, "set r=/dev/sda2\nlinux /vmlinuz-ours quiet $r" + initrd, 0},
		"unknown root":                      {"linux /vmlinuz-ours root=/dev/dm-0" + initrd, "linux /vmlinuz-ours root=UUID=root-uuid" + initrd, 1},
		"other system":                      {"linux /vmlinuz-theirs root=/dev/sdz1" + initrd, "linux /vmlinuz-theirs root=/dev/sdz1" + initrd, 1},
		"other system, same kernel": {
			"menuentry o {\nsearch --no-floppy --fs-uuid --set=root elsewhere\nlinux /vmlinuz-ours root=/dev/sdz1" + initrd + "}",
			"menuentry o {\nsearch --no-floppy --fs-uuid --set=root elsewhere\nlinux /vmlinuz-ours root=/dev/sdz1" + initrd + "}", 1,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, findings := editGrubConfig(tt.in, testScope)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(findings) != tt.findings {
				t.Errorf("findings = %v, want %d", findings, tt.findings)
			}
		})
	}
}

func FuzzEditGrubConfig(f *testing.F) {
	f.Add("menuentry 'x' {\n linux /vmlinuz-ours root=/dev/sda2 \\\n ro\n initrd /i\n}\n")
	f.Add("set kernelopts=\"root=/dev/sda2 ro\"\n# c\nlinux \"/vmlinuz-ours\" root=/dev/'sda'2; initrd x")
	f.Add("linux a root=\\/dev/sda3 resume=\"/dev/sda3\"\\")
	f.Fuzz(func(t *testing.T, in string) {
		got, _ := editGrubConfig(in, testScope)
		if got == in {
			return
		}
		if !strings.Contains(got, "UUID=") {
			t.Errorf("%q became %q", in, got)
		}
		if again, _ := editGrubConfig(got, testScope); again != got {
			t.Errorf("a second edit of %q turned %q into %q", in, got, again)
		}
		if a, b := len(conf.ParseGrub(in)), len(conf.ParseGrub(got)); a != b {
			t.Errorf("%q has %d statements, %q has %d", in, a, got, b)
		}
	})
}
