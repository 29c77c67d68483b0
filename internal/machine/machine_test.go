package machine

import "testing"

func TestMACAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"00:50:56:AB:CD:EF":       "00:50:56:ab:cd:ef",
		"00-50-56-ab-cd-ef":       "00:50:56:ab:cd:ef",
		"0050.56ab.cdef":          "00:50:56:ab:cd:ef",
		"005056ABCDEF":            "00:50:56:ab:cd:ef",
		"":                        "",
		"7":                       "",
		"00:50:56:ab:cd":          "",
		"00:50:56:ab:cd:ef:00:01": "",
		"generated":               "",
	} {
		if got := macAddress(address); got != want {
			t.Errorf("%q: %q, expected %q", address, got, want)
		}
	}
}
