package boot_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
)

// record makes the tests keep what they saw, for testdata.
var record = flag.String("record", "", "a folder for the screens and consoles of the deaths")

// everyCard is a machine whose firmware could ask any network for a system.
var everyCard = []boot.NIC{{Model: "virtio"}, {Model: "e1000e"}, {Model: "e1000"}, {Model: "rtl8139"}}

// TestAccDeaths starts what never comes up. Each is told by its console as by its
// screen, where there is anything to read.
func TestAccDeaths(t *testing.T) {
	t.Parallel()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs QEMU: set TF_ACC=1 or run make testacc")
	}
	for _, test := range []struct {
		name     string
		disk     []byte
		firmware boot.Firmware
		seconds  int // how long it gets
		state    boot.State
		reason   string // how it begins
		read     bool   // on the screen as on the console
	}{
		{"nothing", make([]byte, 1<<20), boot.BIOS, 60, boot.StateNoBootDevice, "No bootable device.", true},
		{"nothing under UEFI", make([]byte, 1<<20), boot.UEFI, 120, boot.StateNoBootDevice, `BdsDxe: failed to load Boot0001`, true},
		// mov ax, 3; int 0x10; cli; hlt; jmp
		{"a blank screen", bootSector(0xb8, 3, 0, 0xcd, 0x10, 0xfa, 0xf4, 0xeb, 0xfd), boot.BIOS, 12, boot.StateSilent, "nothing was heard or seen of its system within ", false},
		// jmp
		{"a blank screen under UEFI", systemPartition(efiProgram(0xeb, 0xfe)), boot.UEFI, 40, boot.StateSilent, "nothing was heard or seen of its system within ", false},
		// lidt [0x7c06]; int3
		{"a reset loop by faults", bootSector(0x0f, 0x01, 0x1e, 6, 0x7c, 0xcc), boot.BIOS, 120, boot.StateResets, "it has reset 4 times", false},
		// mov al, 0xfe; out 0x64, al; hlt; jmp
		{"a reset loop by the keyboard", bootSector(0xb0, 0xfe, 0xe6, 0x64, 0xf4, 0xeb, 0xfd), boot.BIOS, 120, boot.StateResets, "it has reset 4 times", false},
		// jmp 0xffff:0
		{"a reset loop by a jump", bootSector(0xea, 0, 0, 0xff, 0xff), boot.BIOS, 120, boot.StateResets, "it has reset 4 times", false},
		// int 0x19
		{"a boot that begins anew", bootSector(0xcd, 0x19), boot.BIOS, 60, boot.StateResets, "its firmware has started a boot loader 17 times", false},
		// mov al, 6; mov dx, 0xcf9; out dx, al; jmp
		{"a reset loop under UEFI", systemPartition(efiProgram(0xb0, 6, 0x66, 0xba, 0xf9, 0x0c, 0xee, 0xeb, 0xfe)), boot.UEFI, 240, boot.StateResets, "it has reset 4 times", false},
		// mov dx, 0x604; mov ax, 0x2000; out dx, ax; hlt; jmp
		{"power off", bootSector(0xba, 4, 6, 0xb8, 0, 0x20, 0xef, 0xf4, 0xeb, 0xfd), boot.BIOS, 60, boot.StateExited, "it switched itself off before it was up", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			outcome := watch(t, boot.Machine{Disks: []boot.Disk{{Path: writeDisk(t, test.disk)}}, Firmware: test.firmware, NICs: everyCard, MemoryMiB: 512, CPUs: 1}, boot.Watching{Timeout: time.Duration(test.seconds) * time.Second})
			if outcome.Verdict != boot.Dead || outcome.State != test.state || !strings.HasPrefix(outcome.Reason, test.reason) {
				t.Errorf("%s, %s, %q; its console:\n%s\nits screen:\n%s", outcome.Verdict, outcome.State, outcome.Reason, outcome.Console, outcome.Screen.Text)
			}
			for on, text := range map[string]string{"console": outcome.Console, "screen": outcome.Screen.Text} {
				if got := boot.Classify(text); test.read && got != test.state {
					t.Errorf("the %s says %q:\n%s", on, got, text)
				}
			}
			if len(outcome.Speakers) > 0 {
				t.Errorf("the firmware's frames are the guest's: %+v", outcome.Speakers)
			}
		})
	}
}

// TestAccSlowHost: a kernel that panics for the host's fault is started anew, and is
// not dead when that does not help.
func TestAccSlowHost(t *testing.T) {
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs QEMU: set TF_ACC=1 or run make testacc")
	}
	const panics = "Kernel panic - not syncing: IO-APIC + timer doesn't work!"
	disk := boot.Disk{Path: writeDisk(t, bootSector(saying(panics)...))}
	outcome := watch(t, boot.Machine{Disks: []boot.Disk{disk}, MemoryMiB: 512, CPUs: 1}, boot.Watching{Timeout: 2 * time.Minute})
	if outcome.Verdict != boot.Undecided || outcome.State != boot.StateTimer || outcome.Reason != panics {
		t.Errorf("%s, %s, %q", outcome.Verdict, outcome.State, outcome.Reason)
	}
	anew := 0
	for _, e := range outcome.Evidence {
		if strings.HasPrefix(e.Seen, "started anew") {
			anew++
		}
	}
	if anew != 3 || outcome.Resets != 0 {
		t.Errorf("started anew %d times, reset %d times", anew, outcome.Resets)
	}
}

func watch(t *testing.T, machine boot.Machine, watching boot.Watching) boot.Outcome {
	t.Helper()
	outcome, err := boot.Watch(t.Context(), machine, watching)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s (%s) after %s: %s", outcome.Verdict, outcome.State, outcome.Duration.Round(100*time.Millisecond), outcome.Reason)
	for _, e := range outcome.Evidence {
		t.Logf("%5.1f s %s: %s", e.Seconds, e.Source, e.Seen)
	}
	if *record == "" {
		return outcome
	}
	name := filepath.Join(*record, strings.ReplaceAll(filepath.Base(t.Name()), "_", "-"))
	if picture, err := outcome.Screen.PNG(); err == nil {
		if err := os.WriteFile(name+".png", picture, 0o600); err != nil {
			t.Error(err)
		}
	}
	if err := os.WriteFile(name+".txt", []byte(outcome.Console+"\n# The screen:\n"+outcome.Screen.Text), 0o600); err != nil {
		t.Error(err)
	}
	return outcome
}
