package boot

import (
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
		"dracut's shell on the screen":  {observed{console: firmware, screen: "Entering emergency mode.\ndracut:/#"}, judgement{Dead, StateInitramfsShell, "its initramfs gave up and opened a shell"}},
		"the guest agent":               {observed{console: kernel, agent: true}, judgement{Booted, StateAgent, ""}},
		"an agent in emergency mode":    {observed{console: "You are in emergency mode. After", agent: true}, judgement{Dead, StateEmergency, "systemd went into emergency mode"}},
		"too early":                     {observed{console: kernel, speakers: speaks}, judgement{}},
		"two restarts":                  {observed{console: kernel, happenings: happenings{resets: 2}}, judgement{}},
		"restarts without end":          {observed{console: kernel, happenings: happenings{resets: 4}}, judgement{Dead, StateResets, "it has reset 4 times"}},
		"switched off":                  {observed{console: kernel, happenings: happenings{off: true}, ended: true}, judgement{Dead, StateExited, "it switched itself off before it was up"}},
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
		"a passphrase is asked for, and there is none": {
			observed{console: "Please unlock disk sda5_crypt: "},
			judgement{Undecided, StatePassphrase, "it asks for the passphrase of a disk"},
		},
		"a passphrase is asked for, and there is one":   {observed{console: "Please unlock disk sda5_crypt: ", answers: true}, judgement{}},
		"a passphrase is asked for, and was, too often": {observed{console: "Please unlock disk sda5_crypt: ", answers: true, over: true}, judgement{Undecided, StatePassphrase, "it asks for the passphrase of a disk"}},
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
		"a slow kernel": {observed{console: kernel, over: true, waited: time.Minute}, judgement{Undecided, StateNothing, "neither a login prompt nor a failure was seen within 1m0s"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := judge(test.seen); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
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
			got := judge(seen)
			if got.verdict != Dead || got.reason == "" || !strings.Contains(text, got.reason) && sentences[got.state] != got.reason {
				t.Errorf("%s on the %s: %+v", file, on, got)
			}
		}
	}
}
