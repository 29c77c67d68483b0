package boot_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/boot"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/qemuimg"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/testguest"
)

// edit replaces a text on a disk, wherever it stands, by another that is filled up
// with blanks.
type edit struct{ old, new string }

var (
	// withoutSerial are guests as VMware leaves them, with nothing on a serial
	// console: neither the kernel nor what the test guest says of itself.
	withoutSerial = []edit{{" console=tty0 console=ttyS0,115200n8", ""}, {"cat /run/testguest-probe; } >/dev/console", "cat /run/testguest-probe; } >/dev/null"}}

	wrongFstab  = edit{"/dev/sda5 none swap sw 0 0\n", "/dev/sda1 /srv xfs rw 0 0"}
	noInitramfs = edit{"\tinitrd\t/boot/", "\ttrue  \t/boot/"}
	noMenu      = edit{"\x08\x01grub.cfg", "\x08\x01grub.cfx"}
)

// TestAccPictures boots guests that have no serial console: what they come to is
// read from their screen.
func TestAccPictures(t *testing.T) {
	if os.Getenv("TF_ACC") == "" || os.Getenv("HYPER2KVM_TEST_FULL") == "" {
		t.Skip("part of the full matrix: set HYPER2KVM_TEST_FULL=1 or run make testacc-full")
	}
	for _, test := range []struct {
		name, recipe string
		bus          boot.Bus
		edits        []edit
		verdict      boot.Verdict
		state        boot.State
		reason       string // a part of it
	}{
		{"booted", testguest.Flagship, boot.PVSCSI, withoutSerial, boot.Booted, boot.StateLogin, ""},
		{"in the shell of its initramfs", testguest.Flagship, boot.VirtioBlk, withoutSerial, boot.Dead, boot.StateInitramfsShell, "ALERT!  /dev/sda1 does not exist.  Dropping to a shell!"},
		{"in emergency mode", testguest.Flagship, boot.PVSCSI, append(withoutSerial[:2:2], wrongFstab), boot.Dead, boot.StateEmergency, "Failed to mount srv.mount"},
		{"in a panic", testguest.Flagship, boot.VirtioBlk, append(withoutSerial[:2:2], noInitramfs), boot.Dead, boot.StatePanic, "Unable to mount root fs on unknown-block(0,0)"},
		{"at GRUB's prompt", testguest.Flagship, boot.VirtioBlk, []edit{noMenu}, boot.Dead, boot.StateGRUB, "GRUB stopped at its prompt"},
		{"unlocked", "debian12-bios-luks", boot.PVSCSI, withoutSerial[:1], boot.Booted, boot.StateLogin, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			recipe, err := testguest.Lookup(test.recipe)
			if err != nil {
				t.Fatal(err)
			}
			disk := editedDisk(t, recipe, test.edits)
			watching := boot.Watching{Timeout: 10 * time.Minute}
			for _, encrypted := range recipe.Layout.Encrypted {
				watching.Passphrases = []string{encrypted.Passphrase}
			}
			outcome := watch(t, boot.Machine{Disks: []boot.Disk{{Path: disk, Format: "raw"}}, Bus: test.bus}, watching)
			if outcome.Verdict != test.verdict || outcome.State != test.state || !strings.Contains(outcome.Reason, test.reason) {
				t.Errorf("%s, %s, %q; its console:\n%s\nits screen:\n%s", outcome.Verdict, outcome.State, outcome.Reason, outcome.Console, outcome.Screen.Text)
			}
			if got := boot.Classify(outcome.Screen.Text); got != test.state {
				t.Errorf("the screen says %q:\n%s", got, outcome.Screen.Text)
			}
			for _, secret := range watching.Passphrases {
				if strings.Contains(outcome.Log(), secret) {
					t.Error("the passphrase is to be seen")
				}
			}
		})
	}
}

// editedDisk is a copy of a guest's disk with other texts on it.
func editedDisk(t *testing.T, recipe testguest.Recipe, edits []edit) string {
	t.Helper()
	built, err := testguest.Build(t.Context(), recipe)
	if err != nil {
		t.Fatal(err)
	}
	disk := filepath.Join(t.TempDir(), "disk.raw")
	if err := qemuimg.Convert(t.Context(), qemuimg.ConvertOptions{Source: qemuimg.Image{Path: built, Format: "vmdk"}, Dest: disk, Format: "raw"}); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(disk, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}()
	found := make([]int, len(edits))
	const overlap = 256
	chunk := make([]byte, 8<<20)
	for at := int64(0); ; at += int64(len(chunk) - overlap) {
		n, err := file.ReadAt(chunk, at)
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		for i, e := range edits {
			found[i] += replaceAll(t, file, chunk[:n], at, e)
		}
		if n < len(chunk) {
			break
		}
	}
	for i, e := range edits {
		if found[i] == 0 {
			t.Fatalf("the disk has no %q", e.old)
		}
	}
	return disk
}

func replaceAll(t *testing.T, file *os.File, chunk []byte, at int64, e edit) (count int) {
	t.Helper()
	filled := append([]byte(e.new), bytes.Repeat([]byte{' '}, max(0, len(e.old)-len(e.new)))...)
	if strings.HasSuffix(e.old, "\n") {
		filled[len(filled)-1] = '\n'
	}
	for from := 0; ; count++ {
		next := bytes.Index(chunk[from:], []byte(e.old))
		if next < 0 {
			return count
		}
		from += next
		copy(chunk[from:], filled)
		if _, err := file.WriteAt(filled, at+int64(from)); err != nil {
			t.Fatal(err)
		}
	}
}
