package fix

import (
	"errors"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

const (
	goneMenu  = "menuentry 'old' {\n linux /boot/vmlinuz-gone root=UUID=root-uuid\n initrd /boot/initrd.img-gone\n}\n"
	freshMenu = "menuentry 'new' {\n linux /boot/vmlinuz-6.1.0-1-amd64 root=/dev/sdb2\n initrd /boot/initrd.img-6.1.0-1-amd64\n}\n"
)

// menuGuest has GRUB, its tool, one kernel and the given menu. The tool writes
// written, or fails where that is empty.
func menuGuest(t *testing.T, menu, written string) (*run, *guest.FakeRunner) {
	t.Helper()
	files := map[string]string{
		"/boot/vmlinuz-6.1.0-1-amd64":    "kernel",
		"/boot/initrd.img-6.1.0-1-amd64": "image",
		"/boot/grub/i386-pc/normal.mod":  "module",
		"/usr/sbin/grub-mkconfig":        "tool",
		"/etc/hostname":                  "web",
	}
	if menu != "" {
		files["/boot/grub/grub.cfg"] = menu
	}
	target := testTarget(t, files)
	runner := &guest.FakeRunner{Answers: map[string]guest.FakeAnswer{
		"/usr/sbin/grub-mkconfig -o /boot/grub/grub.cfg": {Do: func([]byte) error {
			if written == "" {
				return errors.New("cannot find a device for /")
			}
			return target.FS.WriteFile("/boot/grub/grub.cfg", []byte(written), 0o644)
		}},
	}}
	target.Runner = runner
	r := newRun(target, Options{UpdateGrub: true, Backup: true})
	if err := rememberBoot(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return r, runner
}

func readMenu(t *testing.T, r *run) string {
	t.Helper()
	text, _, err := r.read("/boot/grub/grub.cfg")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRegenerateGrub(t *testing.T) {
	t.Parallel()
	for name, menu := range map[string]string{"kernels are gone": goneMenu, "no entry": "set timeout=5\n", "no menu": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := menuGuest(t, menu, freshMenu)
			for _, step := range []string{"write", "correct", "verify"} {
				do := map[string]func() error{
					"write":   func() error { return regenerateGrub(t.Context(), r) },
					"correct": func() error { return correctRegenerated(t.Context(), r) },
					"verify":  func() error { return verifyBoot(t.Context(), r) },
				}[step]
				if err := do(); err != nil {
					t.Fatalf("%s: %v", step, err)
				}
			}
			// The appliance's sdb2 is the guest's root.
			if got, want := readMenu(t, r), strings.ReplaceAll(freshMenu, "/dev/sdb2", "UUID=root-uuid"); got != want {
				t.Errorf("the menu is %q, want %q", got, want)
			}
			if len(r.warnings) > 0 {
				t.Errorf("warnings: %v", r.warnings)
			}
			if len(r.result.Changes) == 0 || r.result.Changes[0].Action != ActionCommand {
				t.Errorf("the changes do not begin with the command: %+v", r.result.Changes)
			}
			if menu != "" {
				if kept, err := r.fs.ReadFile(backupDirectory + "/boot/grub/grub.cfg"); string(kept) != menu {
					t.Errorf("the backup is %q: %v", kept, err)
				}
			}
			// The new menu needs nothing.
			again := newRun(r.target, r.options)
			if err := regenerateGrub(t.Context(), again); err != nil || len(again.result.Changes) > 0 {
				t.Errorf("a second run: %v, %+v", err, again.result.Changes)
			}
		})
	}
}

// Where the tool is of no use the guest keeps what it had, and somebody is told.
func TestRegenerateGrubInVain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ written, want string }{
		"tool fails":     {"", "cannot find a device for /"},
		"no entry":       {"set timeout=5\n", "what it wrote starts no kernel"},
		"other firmware": {strings.ReplaceAll(freshMenu, "linux ", "linuxefi "), "commands of another firmware"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := menuGuest(t, goneMenu, test.written)
			if err := regenerateGrub(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if got := readMenu(t, r); got != goneMenu {
				t.Errorf("the menu is %q", got)
			}
			if len(r.warnings) != 1 || !strings.Contains(r.warnings[0].Message, test.want) || r.warnings[0].Remedy == "" {
				t.Errorf("warnings %v, want one that says %q", r.warnings, test.want)
			}
		})
	}
}

func TestRegenerateGrubIsNotNeeded(t *testing.T) {
	t.Parallel()
	good := strings.ReplaceAll(freshMenu, "/dev/sdb2", "UUID=root-uuid")
	for name, test := range map[string]struct {
		menu   string
		remove string
	}{
		"the menu starts the guest": {menu: good},
		"the entries are elsewhere": {menu: "insmod blscfg\nblscfg\n"},
		"another menu is read":      {menu: "configfile /efi/debian/grub.cfg\n"},
		"GRUB is not installed":     {menu: goneMenu, remove: "/boot/grub/i386-pc/normal.mod"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, runner := menuGuest(t, test.menu, freshMenu)
			if test.remove != "" {
				if err := r.fs.Remove(test.remove); err != nil {
					t.Fatal(err)
				}
			}
			if err := regenerateGrub(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if calls := runner.Calls(); len(calls) > 0 || len(r.warnings) > 0 {
				t.Errorf("calls %v, warnings %v", calls, r.warnings)
			}
		})
	}
}

func TestRegenerateGrubWithoutATool(t *testing.T) {
	t.Parallel()
	r, _ := menuGuest(t, goneMenu, freshMenu)
	if err := r.fs.Remove("/usr/sbin/grub-mkconfig"); err != nil {
		t.Fatal(err)
	}
	if err := regenerateGrub(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if len(r.warnings) != 1 || !strings.Contains(r.warnings[0].Message, "starts no kernel that the guest has, and the guest has no /usr/sbin/grub-mkconfig") {
		t.Errorf("warnings: %v", r.warnings)
	}
}
