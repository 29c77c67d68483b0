package initramfs

import "testing"

func TestRewriteDevices(t *testing.T) {
	t.Parallel()
	rename := func(r Reference) (string, bool) {
		switch r.Spec {
		case "/dev/sda1":
			return "UUID=root", true
		case "/dev/gone":
			return "", false
		}
		return r.Spec, true
	}
	for name, test := range map[string]struct{ file, text, want string }{
		"crypttab":        {"cryptroot/crypttab", "# /dev/sda1\nroot  /dev/sda1\tnone luks\n", "# /dev/sda1\nroot  UUID=root\tnone luks\n"},
		"crypttab drop":   {"etc/crypttab", "a /dev/gone none\nb /dev/sda1\n", "b UUID=root\n"},
		"fstab":           {"etc/fstab.sys", "/dev/sda1 / ext4 ro 0 0\nproc /proc proc\n", "UUID=root / ext4 ro 0 0\nproc /proc proc\n"},
		"assignment":      {"conf/conf.d/resume", "RESUME=/dev/sda1\n", "RESUME=UUID=root\n"},
		"quoted":          {"conf/param.conf", "ROOT=\"/dev/sda1\"\nBOOT=local\n", "ROOT=\"UUID=root\"\nBOOT=local\n"},
		"assignment drop": {"conf/conf.d/resume", "RESUME=/dev/gone\n", ""},
		"cryptroot":       {"conf/conf.d/cryptroot", "target=r,source=/dev/sda1,key=none,lvm=a-b\ntarget=s,source=/dev/gone\n", "target=r,source=UUID=root,key=none,lvm=a-b\n"},
		"options":         {"etc/cmdline.d/20-root.conf", " root=block:/dev/sda1 rd.md=0  resume=/dev/gone ro\n", " root=block:UUID=root rd.md=0   ro\n"},
		"other file":      {"conf/modules", "/dev/sda1\n", "/dev/sda1\n"},
		"no new line":     {"etc/cmdline", "root=/dev/sda1", "root=UUID=root"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := RewriteDevices(test.file, test.text, rename); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
