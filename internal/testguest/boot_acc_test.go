package testguest

import "testing"

// TestAccGuestsBootOnOldHardware proves that the guests are sound: on the kind
// of disk they come from they reach the login prompt.
func TestAccGuestsBootOnOldHardware(t *testing.T) {
	skipUnlessAcc(t)
	for _, r := range Recipes() {
		if r.Old == "" {
			continue
		}
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			result := bootRecipe(t, r, BootOptions{Bus: r.Old, WaitForProbe: true})
			t.Logf("%s after %.0f s", result.State, result.Duration.Seconds())
			if result.State != StateLogin {
				t.Fatalf("state %s (%s); console:\n%s", result.State, result.Reason, tail(result.Console, 2000))
			}
			if result.Probe == nil {
				t.Fatalf("no report from the probe; console:\n%s", tail(result.Console, 2000))
			}
			if result.Probe.Hostname != r.Hostname {
				t.Errorf("hostname %q, want %q", result.Probe.Hostname, r.Hostname)
			}
			for _, m := range r.Layout.mounts() {
				if _, ok := result.Probe.Mount(m.path); !ok {
					t.Errorf("nothing mounted on %s: %v", m.path, result.Probe.Mounts)
				}
			}
		})
	}
}

func bootRecipe(t *testing.T, r Recipe, o BootOptions) BootResult {
	t.Helper()
	disks, err := BuildDisks(t.Context(), r, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	for _, disk := range disks {
		o.Disks = append(o.Disks, BootDisk{Path: disk, Format: "vmdk"})
	}
	o.Firmware = r.Firmware
	if len(r.Layout.Encrypted) > 0 {
		o.Passphrase = r.Layout.Encrypted[0].Passphrase
	}
	result, err := Boot(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}
