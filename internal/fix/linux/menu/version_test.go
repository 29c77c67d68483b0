package menu

import "testing"

func TestCompareVersions(t *testing.T) {
	t.Parallel()
	sorted := []string{
		"2.6.32-754.el6.x86_64", "4.18.0-80.el8.x86_64", "4.18.0-305.el8.x86_64", "5.9.0-1-amd64",
		"5.14.0-70.el9", "6.1.0-rc1", "6.1.0", "6.1.0-9-amd64", "6.1.0-18-amd64", "6.12.0",
	}
	for i := range sorted {
		for j := range sorted {
			got := CompareVersions(sorted[i], sorted[j])
			if got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%s against %s: %d", sorted[i], sorted[j], got)
			}
		}
	}
}
