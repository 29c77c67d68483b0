package bootloader

import (
	"strings"
	"testing"
)

// TestFixMountUnit: what is written is what was meant.
func TestFixMountUnit(t *testing.T) {
	t.Parallel()
	const file = "/etc/systemd/system/srv.mount"
	e := testEditor(t, map[string]string{file: "[Mount]\nWhat=/dev/sda2\nWhere=/srv\nOptions=rw,device=/dev/sda2\n"})
	if err := NewConfiguration(e, testNames, "bios").FixEarlyFiles(); err != nil {
		t.Fatal(err)
	}
	if text, _, err := e.Read(file); err != nil || strings.Count(text, "/dev/disk/by-uuid/root-uuid") != 2 {
		t.Errorf("%q, %v", text, err)
	}
}

func TestEditMountUnit(t *testing.T) {
	t.Parallel()
	scope := bootScope{names: testNames}
	const unit = "[Unit]\nDescription=What=/dev/sda2\n\n[Mount]\n# What=/dev/sda2\nWhat=@\nWhere=/srv\nType=ext4\n"
	for spec, want := range map[string]string{
		"/dev/sda2":        "/dev/disk/by-uuid/root-uuid",
		"/dev/vg0/home":    "/dev/vg0/home",
		"UUID=root-uuid":   "UUID=root-uuid",
		"nas:/export/home": "nas:/export/home",
	} {
		replace := func(name string) string { return strings.Replace(unit, "@", name, 1) }
		got, findings := editMountUnit(replace(spec), scope)
		if got != replace(want) || len(findings) > 0 {
			t.Errorf("%s: %q, %v", spec, got, findings)
		}
	}
	for in, want := range map[string]string{
		"[Mount]\nWhat=UUID=x\nOptions=rw,device=/dev/sda2,logdev=/dev/vg0/home\n": "[Mount]\nWhat=UUID=x\nOptions=rw,device=/dev/disk/by-uuid/root-uuid,logdev=/dev/vg0/home\n",
		"[Unit]\nOptions=device=/dev/sda2\n":                                       "[Unit]\nOptions=device=/dev/sda2\n",
	} {
		if got, findings := editMountUnit(in, scope); got != want || len(findings) > 0 {
			t.Errorf("%q: %q, %v", in, got, findings)
		}
	}
	for in, want := range map[string]int{
		"[Unit]\nRequires=dev-sdb1.device x.service\nAfter=dev-sdb1.device\n[Mount]\nWhat=UUID=x\n": 2,
		"[Mount]\nWhat=UUID=x\nOptions=rw,journal_dev=0x813\n":                                      1,
		"[Unit]\nAfter=dev-disk-by\\x2did-ata\\x2dVMware_1.device\n[Mount]\nWhat=UUID=x\n":          1,
		"[Unit]\nAfter=dev-vg0-home.device\n[Mount]\nWhat=UUID=x\nOptions=device=/dev/sdz9\n":       1,
	} {
		if got, findings := editMountUnit(in, scope); got != in || len(findings) != want {
			t.Errorf("%q: %q, %v", in, got, findings)
		}
	}
	in := "[Mount]\nWhat=/dev/sdz9\n"
	if got, findings := editMountUnit(in, scope); got != in || len(findings) != 1 {
		t.Errorf("%q, %v", got, findings)
	}
	in = "[Swap]\nWhat=/dev/sda3\n"
	if got, findings := editSwapUnit(in, scope); got != in || len(findings) != 1 || findings[0].err == nil {
		t.Errorf("%q, %v", got, findings)
	}
}
