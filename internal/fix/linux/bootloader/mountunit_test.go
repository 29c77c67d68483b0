package bootloader

import (
	"strings"
	"testing"
)

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
	in := "[Mount]\nWhat=/dev/sdz9\n"
	if got, findings := editMountUnit(in, scope); got != in || len(findings) != 1 {
		t.Errorf("%q, %v", got, findings)
	}
	in = "[Swap]\nWhat=/dev/sda3\n"
	if got, findings := editSwapUnit(in, scope); got != in || len(findings) != 1 || findings[0].err == nil {
		t.Errorf("%q, %v", got, findings)
	}
}
