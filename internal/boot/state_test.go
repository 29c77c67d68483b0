package boot

import (
	"os"
	"path/filepath"
	"testing"
)

// The console texts in testdata were recorded, most of them from boots of the
// recipes in this package; they keep their escapes.
func TestClassifyRecordedConsoles(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct {
		state  State
		reason string
	}{
		"seabios-no-disk.txt":        {StateNoBootDevice, "No bootable device."},
		"ovmf-no-disk.txt":           {StateNoBootDevice, `BdsDxe: failed to load Boot0001 "UEFI Misc Device" from PciRoot(0x0)/Pci(0x2,0x0): Not Found`},
		"grub-rescue.txt":            {StateGRUB, "error: unknown filesystem."},
		"panic.txt":                  {StatePanic, "[    2.733797] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)"},
		"emergency-mode-screen.txt":  {StateEmergency, ""}, // its reason has left the screen
		"grub-prompt-screen.txt":     {StateGRUB, ""},
		"panic-screen.txt":           {StatePanic, "[    5.849363] Kernel panic - not syncing: VFS: Unable to mount root fs on unkno"},
		"initramfs-tools-shell.txt":  {StateInitramfsShell, "ALERT!  /dev/sda1 does not exist.  Dropping to a shell!"},
		"dracut-waits-for-root.txt":  {StateDeviceWait, `[  566.579185] dracut-initqueue[250]:     [ -e "/dev/disk/by-uuid/d6c88070-f6ff-4e4a-b00f-44f69e6499f2" ]`},
		"systemd-waits-for-root.txt": {StateDeviceWait, "Job dev-nvme0n1p3.device/start running (4min 27s / no limit)"},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			recorded, err := os.ReadFile(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			text := string(new(screenFilter).filter(recorded))
			if got := Classify(text); got != want.state {
				t.Errorf("state %q, want %q", got, want.state)
			}
			if got := Reason(text); got != want.reason {
				t.Errorf("reason %q, want %q", got, want.reason)
			}
		})
	}
}

func TestClassifyWaits(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing yet":                          "",
		"kernel messages":                      "[    0.000000] Linux version 6.1.0\n",
		"word login":                           "[  OK  ] Started systemd-logind.service - User Login Management.\n",
		"Debian issue":                         "Debian GNU/Linux 12 web01 ttyS0\n",
		"GRUB menu":                            "Welcome to GRUB!\n",
		"a shell of UEFI that starts a script": "UEFI Interactive Shell v2.2\nShell> fs0:\\EFI\\debian\\grubx64.efi\nWelcome to GRUB!\n",
		"half a line":                          "Booting from Hard Disk...\nNo bootable dev",
		"login in kernel":                      "[    3.1] audit: login: failed\n",
	} {
		if got := Classify(text); got != StateNothing {
			t.Errorf("%s: state %q, want %q", name, got, StateNothing)
		}
	}
}

func TestReasonIsDracutsRefusal(t *testing.T) {
	t.Parallel()
	const refusal = "[  155.552732] dracut: FATAL: FIPS integrity test failed"
	console := "[  155.1] dracut-pre-pivot[441]: Warning: /boot//.vmlinuz.hmac does not exist\n" + refusal + "\n[  155.6] dracut: Refusing to continue\n"
	if got := Reason(console); got != refusal {
		t.Errorf("reason %q, want %q", got, refusal)
	}
}
