//go:build linux

package appliance

import "testing"

func TestKernelWords(t *testing.T) {
	t.Parallel()
	const spared = "initcall_blacklist=cmos_init module_blacklist=rtc_cmos,ata_piix,ahci,libata"
	users, none := "debug module_blacklist=", ""
	for name, test := range map[string]struct {
		accel Acceleration
		trace bool
		users *string
		want  string
	}{
		"emulated":               {AccelTCG, false, nil, spared},
		"nothing of the user's":  {AccelTCG, false, &none, spared},
		"the user's come last":   {AccelTCG, false, &users, spared + " debug module_blacklist="},
		"listened to":            {AccelKVM, false, &users, spared + " loglevel=6 debug module_blacklist="},
		"a trace tells all":      {AccelKVM, true, nil, spared},
		"emulated, with a trace": {AccelTCG, true, nil, spared},
	} {
		if got := kernelWords(test.accel, test.trace, test.users); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
