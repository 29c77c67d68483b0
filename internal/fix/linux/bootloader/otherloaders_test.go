package bootloader

import "testing"

func TestEditOtherLoaders(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit     func(string, bootScope) (string, []finding)
		in, want string
	}{
		"refind_linux.conf": {
			editRefindLinux, "# \"x\" \"root=/dev/sda2\"\n\"Boot\" \"root=/dev/sda2 ro quiet\"\n  \"Single\"   \"root=/dev/sda2 single\"\n",
			"# \"x\" \"root=/dev/sda2\"\n\"Boot\" \"root=UUID=root-uuid ro quiet\"\n  \"Single\"   \"root=UUID=root-uuid single\"\n",
		},
		"refind.conf":   {editRefind, "menuentry L {\n loader /vmlinuz\n options \"root=/dev/sda2 ro\"\n}\n", "menuentry L {\n loader /vmlinuz\n options \"root=UUID=root-uuid ro\"\n}\n"},
		"limine.conf":   {editLimine, "/Linux\n  cmdline: root=/dev/sda2 rw\n", "/Linux\n  cmdline: root=UUID=root-uuid rw\n"},
		"old limine":    {editLimine, ":Linux\nKERNEL_CMDLINE=root=/dev/sda2 rw\n", ":Linux\nKERNEL_CMDLINE=root=UUID=root-uuid rw\n"},
		"elilo, append": {editElilo, "image=vmlinuz\n  initrd=initrd.gz\n  append=\"root=/dev/sda2 vga=normal ro\"\n", "image=vmlinuz\n  initrd=initrd.gz\n  append=\"root=UUID=root-uuid vga=normal ro\"\n"},
		"elilo, root":   {editElilo, "image=vmlinuz\n  root = /dev/sda2\n  read-only\n", "image=vmlinuz\n  root = PARTUUID=part-0002\n  read-only\n"},
	} {
		got, findings := tt.edit(tt.in, testScope)
		if got != tt.want || len(findings) > 0 {
			t.Errorf("%s: got %q with %v, want %q", name, got, findings, tt.want)
		}
		if again, _ := tt.edit(got, testScope); again != got {
			t.Errorf("%s: becomes, a second time, %q", name, again)
		}
	}
}
