package bootloader

import (
	"errors"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/report"
)

const (
	goneMenu  = "menuentry 'old' {\n linux /boot/vmlinuz-gone root=UUID=root-uuid\n initrd /boot/initrd.img-gone\n}\n"
	freshMenu = "menuentry 'new' {\n linux /boot/vmlinuz-6.1.0-1-amd64 root=/dev/sdb2\n initrd /boot/initrd.img-6.1.0-1-amd64\n}\n"
)

// menuGuest has GRUB, its tool, one kernel and the given menu. The tool writes
// written, or fails where that is empty.
func menuGuest(t *testing.T, menu, written string) (*Configuration, edit.Guest) {
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
	tree := guesttest.New(t, files)
	runner := &guesttest.Runner{Answers: map[string]guesttest.Answer{
		"/usr/sbin/grub-mkconfig -o /boot/grub/grub.cfg": {Do: func([]byte) error {
			if written == "" {
				return errors.New("cannot find a device for /")
			}
			return tree.WriteFile("/boot/grub/grub.cfg", []byte(written), 0o644)
		}},
	}}
	g := edit.Guest{FS: tree, Runner: runner, Mounts: guesttest.Mounts}
	c := NewConfiguration(edittest.New(t, g), testNames, guest.FirmwareBIOS)
	if err := c.Remember(); err != nil {
		t.Fatal(err)
	}
	return c, g
}

func readMenu(t *testing.T, g edit.Guest) string {
	t.Helper()
	text, err := g.FS.ReadFile("/boot/grub/grub.cfg")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRegenerateGrub(t *testing.T) {
	t.Parallel()
	for name, menu := range map[string]string{"kernels are gone": goneMenu, "no entry": "set timeout=5\n", "no menu": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, g := menuGuest(t, menu, freshMenu)
			for _, step := range []string{"write", "correct", "verify"} {
				do := map[string]func() error{
					"write":   func() error { return c.Regenerate(t.Context()) },
					"correct": c.CorrectRegenerated,
					"verify":  func() error { _, err := verify(c); return err },
				}[step]
				if err := do(); err != nil {
					t.Fatalf("%s: %v", step, err)
				}
			}
			// The appliance's sdb2 is the guest's root.
			if got, want := readMenu(t, g), strings.ReplaceAll(freshMenu, "/dev/sdb2", "UUID=root-uuid"); got != want {
				t.Errorf("the menu is %q, want %q", got, want)
			}
			changes, warnings := c.edit.Take()
			if len(warnings) > 0 {
				t.Errorf("warnings: %v", warnings)
			}
			if len(changes) == 0 || changes[0].Action != report.ActionCommand {
				t.Errorf("the changes do not begin with the command: %+v", changes)
			}
			if menu != "" {
				if kept, err := g.FS.ReadFile(c.edit.BackupDirectory() + "/boot/grub/grub.cfg"); string(kept) != menu {
					t.Errorf("the backup is %q: %v", kept, err)
				}
			}
			// The new menu needs nothing.
			again := NewConfiguration(edittest.New(t, g), testNames, guest.FirmwareBIOS)
			err := again.Regenerate(t.Context())
			if changes, _ := again.edit.Take(); err != nil || len(changes) > 0 {
				t.Errorf("a second run: %v, %+v", err, changes)
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
			c, g := menuGuest(t, goneMenu, test.written)
			if err := c.Regenerate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := readMenu(t, g); got != goneMenu {
				t.Errorf("the menu is %q", got)
			}
			if _, warnings := c.edit.Take(); len(warnings) != 1 || !strings.Contains(warnings[0].Message, test.want) || warnings[0].Remedy == "" {
				t.Errorf("warnings %v, want one that says %q", warnings, test.want)
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
			c, g := menuGuest(t, test.menu, freshMenu)
			if test.remove != "" {
				if err := g.FS.Remove(test.remove); err != nil {
					t.Fatal(err)
				}
			}
			if err := c.Regenerate(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, warnings := c.edit.Take()
			runner, ok := g.Runner.(*guesttest.Runner)
			if !ok {
				t.Fatalf("the runner is a %T", g.Runner)
			}
			if calls := runner.Calls(); len(calls) > 0 || len(warnings) > 0 {
				t.Errorf("calls %v, warnings %v", calls, warnings)
			}
		})
	}
}

func TestRegenerateGrubWithoutATool(t *testing.T) {
	t.Parallel()
	c, g := menuGuest(t, goneMenu, freshMenu)
	if err := g.FS.Remove("/usr/sbin/grub-mkconfig"); err != nil {
		t.Fatal(err)
	}
	if err := c.Regenerate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, warnings := c.edit.Take(); len(warnings) != 1 || !strings.Contains(warnings[0].Message, "starts no kernel that the guest has, and the guest has no /usr/sbin/grub-mkconfig") {
		t.Errorf("warnings: %v", warnings)
	}
}
