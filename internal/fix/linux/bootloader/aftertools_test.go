package bootloader

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

func TestCorrectRegenerated(t *testing.T) {
	t.Parallel()
	const entry = "linux /boot/vmlinuz-ours root="
	tree := guesttest.New(t, map[string]string{
		"/boot/vmlinuz-ours":     "kernel",
		"/boot/grub/grub.cfg":    entry + "/dev/sda2\ninitrd /i\n",
		"/boot/grub/custom.cfg":  entry + "/dev/sdb2\ninitrd /i\n",
		"/usr/sbin/update-grub2": "tool",
	})
	runner := &guesttest.Runner{Answers: map[string]guesttest.Answer{"update-grub": {Do: func([]byte) error {
		// The root file system is the guest's sda2 and the appliance's sdb2.
		return tree.WriteFile("/boot/grub/grub.cfg", []byte(entry+"/dev/sdb2\ninitrd /i\n"), 0o644)
	}}}}
	e := edittest.New(t, edit.Guest{FS: tree, Runner: runner, Mounts: guesttest.Mounts})
	c := NewConfiguration(e, testNames, guest.FirmwareBIOS)
	for _, err := range []error{
		c.Fix(), c.Remember(), e.Command(t.Context(), "test", "update-grub"), c.CorrectRegenerated(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for file, root := range map[string]string{
		"/boot/grub/grub.cfg":   "UUID=root-uuid",
		"/boot/grub/custom.cfg": "PARTUUID=part-1002", // the guest's own sdb2
	} {
		if got, err := tree.ReadFile(file); string(got) != entry+root+"\ninitrd /i\n" || err != nil {
			t.Errorf("%s = %q, %v, want root=%s", file, got, err, root)
		}
	}
}
