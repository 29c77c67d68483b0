package conf

import "testing"

func TestUnitNames(t *testing.T) {
	t.Parallel()
	for path, name := range map[string]string{
		"/":                             "-",
		"/home":                         "home",
		"/srv/.hidden/a b":              `srv-.hidden-a\x20b`,
		"/.snapshots":                   `\x2esnapshots`,
		"/dev/disk/by-uuid/1b7c-0e":     `dev-disk-by\x2duuid-1b7c\x2d0e`,
		"/dev/disk/by-id/ata-A:1_b+é":   `dev-disk-by\x2did-ata\x2dA:1_b\x2b\xc3\xa9`,
		"/mnt/back\\slash/with_percent": `mnt-back\x5cslash-with_percent`,
	} {
		if got := UnitName(path); got != name {
			t.Errorf("name of %s: %s, want %s", path, got, name)
		}
		if got := UnitPath(name); got != path {
			t.Errorf("path of %s: %s, want %s", name, got, path)
		}
	}
	if got := UnitName("//srv//data/"); got != "srv-data" {
		t.Errorf("superfluous slashes: %s", got)
	}
	if got := UnitPath(`a\xzz`); got != `/a\xzz` {
		t.Errorf("no escape: %s", got)
	}
}
