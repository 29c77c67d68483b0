package fix

import (
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
)

func TestCorrectRegenerated(t *testing.T) {
	t.Parallel()
	const entry = "linux /boot/vmlinuz-ours root="
	target := testTarget(t, map[string]string{
		"/boot/vmlinuz-ours":     "kernel",
		"/boot/grub/grub.cfg":    entry + "/dev/sda2\ninitrd /i\n",
		"/boot/grub/custom.cfg":  entry + "/dev/sdb2\ninitrd /i\n",
		"/usr/sbin/update-grub2": "tool",
	})
	target.Runner = &guest.FakeRunner{Answers: map[string]guest.FakeAnswer{"update-grub": {Do: func([]byte) error {
		// The root file system is the guest's sda2 and the appliance's sdb2.
		return target.FS.WriteFile("/boot/grub/grub.cfg", []byte(entry+"/dev/sdb2\ninitrd /i\n"), 0o644)
	}}}}
	r := newRun(target, Options{UpdateGrub: true})
	if err := fixBoot(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := rememberBoot(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := r.command(t.Context(), "test", "update-grub"); err != nil {
		t.Fatal(err)
	}
	if err := correctRegenerated(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for file, root := range map[string]string{
		"/boot/grub/grub.cfg":   "UUID=root-uuid",
		"/boot/grub/custom.cfg": "PARTUUID=part-1002", // the guest's own sdb2
	} {
		if got, err := target.FS.ReadFile(file); string(got) != entry+root+"\ninitrd /i\n" || err != nil {
			t.Errorf("%s = %q, %v, want root=%s", file, got, err, root)
		}
	}
}
