package bootable

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/devname"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/edit/edittest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest"
	"github.com/hyper2kvm/terraform-provider-hyper2kvm/internal/guest/guesttest"
)

// TestRequireUnlocking: what unlocks the guest's devices early may stay behind with the
// old machine.
func TestRequireUnlocking(t *testing.T) {
	t.Parallel()
	clevis := []string{"/usr/bin/clevis-luks-unlock", "x", "/usr/bin/clevis-decrypt-tang", "x"}
	for name, tt := range map[string]struct {
		parameters, commands, core string
		files                      []string
		devices                    guest.Devices // layered, with a LUKS device, where there are none
		warns                      string
	}{
		"a passphrase":                    {},
		"options of no TPM":               {parameters: "rd.luks.options=discard,timeout=10"},
		"a TPM":                           {parameters: "rd.luks.options=tpm2-device=auto", warns: "rd.luks.options (tpm2-device)"},
		"a TPM, for one device":           {parameters: "luks.options=aaaabbbb-1111-2222=discard,tpm2-device=auto", warns: "TPM"},
		"a token":                         {parameters: "rd.luks.options=fido2-device=auto", warns: "token"},
		"a token, with its PIN":           {parameters: "'rd.luks.options=pkcs11-uri=pkcs11:token=t;pin-value=4711'", warns: "rd.luks.options (pkcs11-uri)"},
		"GRUB with a passphrase":          {commands: "cryptomount -u aaaabbbb"},
		"GRUB with a TPM":                 {commands: "tpm2_key_protector_init -T $prefix/sealed.tpm\ncryptomount -u aaaabbbb --protector tpm2", warns: "tpm2_key_protector_init"},
		"GRUB with a TPM, in its core":    {core: "cryptomount -u aaaabbbb -P tpm2", warns: "boot sectors"},
		"a TPM in a comment":              {commands: "# cryptomount -u aaaabbbb -P tpm2"},
		"Clevis with Tang alone":          {files: clevis},
		"Clevis":                          {files: append([]string{"/usr/bin/clevis-decrypt-tpm2", "x"}, clevis...), warns: "Clevis"},
		"Clevis, and nothing is unlocked": {files: append([]string{"/usr/bin/clevis-decrypt-tpm2", "x"}, clevis...), devices: guesttest.BootDevices},
		"Clevis for other ends":           {files: []string{"/usr/bin/clevis-decrypt-tpm2", "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			devices, root := layered, "/dev/vg/root"
			if tt.devices != nil {
				devices, root = tt.devices, "/dev/sda3"
			}
			mounts := append([]guest.Mount{{Device: root, Path: "/", FSType: "ext4"}}, guesttest.BootMounts[1:]...)
			set := with(files(tt.files...), "/boot/vmlinuz-6.1", "k", "/boot/initrd.img-6.1", "i",
				"/boot/grub/grub.cfg", tt.commands+"\nmenuentry 'x' {\n linux /vmlinuz-6.1 root=UUID=root-uuid "+tt.parameters+"\n initrd /initrd.img-6.1\n}\n")
			e := edittest.New(t, edit.Guest{Mounts: mounts, FS: guesttest.New(t, set)})
			if _, err := New(e, devname.New(devices, mounts), Start{Firmware: guest.FirmwareBIOS, Core: Core{Config: tt.core}}).Require(""); err != nil {
				t.Error(err)
			}
			_, warnings := e.Take()
			if strings.Contains(fmt.Sprint(warnings), "4711") {
				t.Errorf("a PIN is told: %v", warnings)
			}
			if tt.warns == "" && len(warnings) > 0 || tt.warns != "" && (len(warnings) != 1 || !strings.Contains(warnings[0].Message, tt.warns)) {
				t.Errorf("warnings %v, want %q", warnings, tt.warns)
			}
		})
	}
}
