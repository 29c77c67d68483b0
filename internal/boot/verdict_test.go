package boot

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// recorded is a console of testdata without its escapes.
func recorded(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(new(screenFilter).filter(text))
}

// onScreen has the screen show what its text says.
func onScreen(o observed) observed {
	o.shows = Classify(o.screen)
	o.told = cmp.Or(o.told, o.screen)
	return o
}

func TestJudge(t *testing.T) {
	t.Parallel()
	const kernel = "[    0.000000] Linux version 6.1.0\n"
	firmware := "SeaBIOS (version 1.16.2-debian-1.16.2-1)\n\nBooting from Hard Disk...\n"
	speaks := []Speaker{{MAC: "52:54:00:12:34:56"}}
	for name, test := range map[string]struct {
		seen observed
		want judgement
	}{
		"a login prompt on the console": {observed{console: "web01 login: "}, judgement{Booted, StateLogin, ""}},
		"a login prompt on the screen":  {observed{console: firmware, screen: "Debian GNU/Linux 12 web01 tty1\n\nweb01 login:"}, judgement{Booted, StateLogin, ""}},
		"GRUB's prompt on the screen":   {observed{console: firmware, screen: "error: no such partition.\nEntering rescue mode...\ngrub rescue>"}, judgement{Dead, StateGRUB, "error: no such partition."}},
		"emergency mode, whose reason has left the screen": {
			observed{console: firmware, screen: "You are in emergency mode. After", told: "[FAILED] Failed to mount srv.mount - /srv.\nYou are in emergency mode. After"},
			judgement{Dead, StateEmergency, "[FAILED] Failed to mount srv.mount - /srv."},
		},
		"dracut's shell on the screen": {observed{console: firmware, screen: "Entering emergency mode.\ndracut:/#"}, judgement{Dead, StateInitramfsShell, "its initramfs gave up and opened a shell"}},
		"the guest agent":              {observed{console: kernel, agent: true}, judgement{Booted, StateAgent, ""}},
		"an agent in emergency mode":   {observed{console: "You are in emergency mode. After", agent: true}, judgement{Dead, StateEmergency, "systemd went into emergency mode"}},
		"too early":                    {observed{console: kernel, speakers: speaks}, judgement{}},
		"two restarts":                 {observed{console: kernel, happenings: happenings{resets: 2}}, judgement{}},
		"restarts without end":         {observed{console: kernel, happenings: happenings{resets: 4}}, judgement{Dead, StateResets, "it has reset 4 times"}},
		"switched off":                 {observed{console: kernel, happenings: happenings{off: true}, ended: true}, judgement{Dead, StateExited, "it switched itself off before it was up"}},
		"a panic, then a restart": {
			observed{console: recorded(t, "panic.txt"), happenings: happenings{resets: 1}},
			judgement{Dead, StatePanic, "[    2.733797] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)"},
		},
		"an initramfs' shell on the screen": {
			observed{console: firmware, screen: recorded(t, "initramfs-tools-shell.txt")},
			judgement{Dead, StateInitramfsShell, "ALERT!  /dev/sda1 does not exist.  Dropping to a shell!"},
		},
		"a full host": {
			observed{console: kernel, happenings: happenings{failing: "disk0: No space left on device"}},
			judgement{Undecided, StateStopped, "the host could not read or write its disk: disk0: No space left on device"},
		},
		"a host that is too slow": {
			observed{screen: "[    0.036000] Kernel panic - not syncing: IO-APIC + timer doesn't work!  Boot with apic=debug"},
			judgement{Undecided, StateTimer, "[    0.036000] Kernel panic - not syncing: IO-APIC + timer doesn't work!  Boot with apic=debug"},
		},
		"a passphrase is asked for, and there is none": {
			observed{console: "Please unlock disk sda5_crypt: "},
			judgement{Undecided, StatePassphrase, "it asks for the passphrase of a disk"},
		},
		"a passphrase is asked for, and there is one":               {observed{console: "Please unlock disk sda5_crypt: ", answers: true}, judgement{}},
		"a passphrase is asked for, and was, too often":             {observed{console: "Please unlock disk sda5_crypt: ", answers: true, over: true}, judgement{Undecided, StatePassphrase, "it asks for the passphrase of a disk"}},
		"a passphrase is asked for on the screen, and there is one": {observed{console: firmware, screen: "Please unlock disk sda5_crypt:", answers: true}, judgement{}},
		"a passphrase that cannot be typed": {
			observed{console: firmware, screen: "Please unlock disk sda5_crypt:", answers: true, untypeable: true},
			judgement{Undecided, StatePassphrase, "it asks for the passphrase of a disk on its screen, and the one there is has characters that a US keyboard has not"},
		},
		"a blank screen": {
			observed{console: firmware, blank: true, over: true, waited: 300 * time.Second},
			judgement{Dead, StateSilent, "nothing was heard or seen of its system within 5m0s"},
		},
		"the boot loader's last word": {
			observed{console: firmware, screen: "GRUB loading.\nWelcome to GRUB!\n\nLoading Linux 6.1.0-18-amd64 ...\nLoading initial ramdisk ...", over: true, waited: time.Minute},
			judgement{Dead, StateSilent, "nothing was heard or seen of its system within 1m0s"},
		},
		"a picture that cannot be read": {observed{console: firmware, over: true, waited: time.Minute}, judgement{Undecided, StateNothing, "neither a login prompt nor a failure was seen within 1m0s"}},
		"frames from behind a blank screen": {
			observed{console: firmware, blank: true, speakers: speaks, over: true, waited: time.Minute},
			judgement{Undecided, StateNothing, "neither a login prompt nor a failure was seen within 1m0s"},
		},
		"GRUB, whose menu has nothing to start": {
			observed{console: firmware, screen: "error: file `/vmlinuz' not found.\nerror: you need to load the kernel first.\n\nPress any key to continue...", over: true, waited: time.Minute},
			judgement{Dead, StateGRUB, "error: file `/vmlinuz' not found."},
		},
		"a kernel that came up after GRUB's error": {
			observed{console: firmware + "error: no suitable video mode found.\n" + kernel, over: true, waited: time.Minute},
			judgement{Undecided, StateNothing, "neither a login prompt nor a failure was seen within 1m0s"},
		},
		"a boot that begins anew": {observed{console: strings.Repeat(firmware, 17)}, judgement{Dead, StateResets, "its firmware has started a boot loader 17 times"}},
		"many disks":              {observed{console: strings.Repeat(firmware, 16)}, judgement{}},
		"firmware's picture": {
			observed{console: firmware, screen: "BdsDxe: starting Boot0001 ???? ????\n\n   ???????", over: true, waited: time.Minute},
			judgement{Dead, StateSilent, "nothing was heard or seen of its system within 1m0s"},
		},
		"a slow kernel": {observed{console: kernel, over: true, waited: time.Minute}, judgement{Undecided, StateNothing, "neither a login prompt nor a failure was seen within 1m0s"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := judge(onScreen(test.seen)); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// TestJudgeDeaths: what is never well is dead on the console as on the screen, and
// the line that says why is told.
func TestJudgeDeaths(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]judgement{
		"Kernel panic: VFS: Unable to mount root fs on 08:01": {state: StatePanic, reason: "Kernel panic: VFS: Unable to mount root fs on 08:01"},
		"[    2.1] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100\n[    2.2] CPU: 0": {
			state: StatePanic, reason: "[    2.1] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100",
		},
		"[    2.1] ---[ end Kernel panic - not syncing: No working init found. ]---": {
			state: StatePanic, reason: "[    2.1] ---[ end Kernel panic - not syncing: No working init found. ]---",
		},
		"ALERT!  UUID=0a does not exist.  Dropping to a shell!\n\n(initramfs) ": {state: StateInitramfsShell, reason: "ALERT!  UUID=0a does not exist.  Dropping to a shell!"},
		"Generating \"/run/initramfs/rdsosreport.txt\"\n\nEntering emergency mode. Exit the shell to continue.\n\nPress Enter for maintenance\n(or press Control-D to continue): ": {
			state: StateInitramfsShell, reason: sentences[StateInitramfsShell],
		},
		"Warning: /dev/sda2 does not exist\n\ndracut:/# ":      {state: StateInitramfsShell, reason: "Warning: /dev/sda2 does not exist"},
		"Dropping to debug shell.\n\nswitch_root:/# ":          {state: StateInitramfsShell, reason: sentences[StateInitramfsShell]},
		"[  OK  ] Reached target Basic System.\ninitqueue:/# ": {state: StateInitramfsShell, reason: sentences[StateInitramfsShell]},
		"ERROR: device '/dev/sda2' not found. Skipping fsck.\nYou are now being dropped into an emergency shell.\nsh: can't access tty\n[rootfs ~]# ": {
			state: StateInitramfsShell, reason: "ERROR: device '/dev/sda2' not found. Skipping fsck.",
		},
		"Mounting root: failed.\ninitramfs emergency recovery shell launched. Type 'exit' to continue boot\nsh: can't access tty\n/ # ": {
			state: StateInitramfsShell, reason: "Mounting root: failed.",
		},
		"could not find root file system -- exiting to /bin/sh\n$ ": {state: StateInitramfsShell, reason: "could not find root file system -- exiting to /bin/sh"},
		"[ TIME ] Timed out waiting for device /dev/sdb1.\n[DEPEND] Dependency failed for /srv.\nYou are in emergency mode. After logging in, type": {
			state: StateEmergency, reason: "[ TIME ] Timed out waiting for device /dev/sdb1.",
		},
		"[FAILED] Failed to mount /srv.\nGive root password for maintenance\n(or press Control-D to continue): ": {state: StateEmergency, reason: "[FAILED] Failed to mount /srv."},
		"Welcome to emergency mode! After logging in, type \"journalctl -xb\"":                                   {state: StateEmergency, reason: sentences[StateEmergency]},
		"Cannot open access to console, the root account is locked.\nSee sulogin(8) man page":                    {state: StateEmergency, reason: sentences[StateEmergency]},
		"The disk drive for /srv is not ready yet or not present.\nContinue to wait, or Press S to skip mounting or M for manual recovery": {
			state: StateEmergency, reason: sentences[StateEmergency],
		},
		"/dev/vda1: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.\nGive root password for maintenance\n(or type Control-D to continue): ": {
			state: StateEmergency, reason: "/dev/vda1: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.",
		},
		"GRUB loading.\nerror: no such partition.\nEntering rescue mode...\ngrub rescue> ":                        {state: StateGRUB, reason: "error: no such partition."},
		"  Minimal BASH-like line editing is supported.\n\ngrub> ":                                                {state: StateGRUB, reason: sentences[StateGRUB]},
		"error: file `/vmlinuz' not found.\n\nFailed to boot both default and fallback entries.\n\nPress any key": {state: StateGRUB, reason: "error: file `/vmlinuz' not found."},
		"UEFI Interactive Shell v2.2\nShell> ":                                                                    {state: StateNoBootDevice, reason: sentences[StateNoBootDevice]},
		"BdsDxe: No bootable option or device was found.\nBdsDxe: Press any key to enter the Boot Manager Menu.": {
			state: StateNoBootDevice, reason: "BdsDxe: No bootable option or device was found.",
		},
		"Boot failed: not a bootable disk\n\nNo bootable device.  Retrying in 60 seconds.": {state: StateNoBootDevice, reason: "No bootable device.  Retrying in 60 seconds."},
		"ISOLINUX\nNo DEFAULT or UI configuration directive found!\nboot: ":                {state: StateLoader, reason: "No DEFAULT or UI configuration directive found!"},
		"BOOTMGR is missing\nPress Ctrl+Alt+Del to restart":                                {state: StateLoader, reason: "BOOTMGR is missing"},
		"Booting from Hard Disk...\nMissing operating system":                              {state: StateLoader, reason: "Missing operating system"},
		"[   12.345678] reboot: System halted":                                             {state: StateExited, reason: sentences[StateExited]},
	} {
		want.verdict = Dead
		for on, seen := range map[string]observed{"console": {console: text}, "screen": {screen: strings.TrimRight(text, " ")}} {
			if got := judge(onScreen(seen)); got != want {
				t.Errorf("on the %s, %q: got %+v, want %+v", on, text, got, want)
			}
		}
	}
}

// TestEveryDeathHasWords: a verdict without a reason helps nobody.
func TestEveryDeathHasWords(t *testing.T) {
	t.Parallel()
	for _, sign := range signs {
		if words := sign.state.Sentence(); (words == "") != (sign.state == StateLogin) {
			t.Errorf("of %s is said %q", sign.state, words)
		}
	}
}

// TestJudgeRecordedConsoles: what the recorded guests came to is dead, by its
// console as by its screen.
func TestJudgeRecordedConsoles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no consoles: %v", err)
	}
	for _, file := range files {
		text := recorded(t, filepath.Base(file))
		for on, seen := range map[string]observed{"console": {console: text}, "screen": {screen: text}} {
			got := judge(onScreen(seen))
			if got.verdict != Dead || got.reason == "" || !strings.Contains(text, got.reason) && sentences[got.state] != got.reason {
				t.Errorf("%s on the %s: %+v", file, on, got)
			}
		}
	}
}

// TestGuideHasEveryState: whatever a guest comes to, the guide on boots says what to
// do.
func TestGuideHasEveryState(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/boot.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	states := map[State]bool{StateLogin: true, StateAgent: true, StateProbe: true}
	for _, sign := range signs {
		states[sign.state] = true
	}
	for state := range sentences {
		states[state] = true
	}
	for state := range states {
		if !strings.Contains(string(guide), "`"+string(state)+"`") {
			t.Errorf("the guide has nothing about %s", state)
		}
	}
}
